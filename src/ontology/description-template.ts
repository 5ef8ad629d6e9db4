import { decodeUtf8, utf8 } from '../base/bytes.ts';
import type { DeviceDescription } from '../base/description.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import { DescriptionError } from './description-error.ts';

/** Stands for the device's UUID in descriptions (mup-protocol §1) and in the strings of templates. */
export const uuidPlaceholder = '%s';

/**
 * Stands between the percent sign and the `s` of a text that is to read `%s`, written `%%s`, until the
 * placeholders are filled in: a mark that no tool shows, and that names and values may hold.
 */
const literalMark = '\u034f';

/**
 * What all devices that describe themselves alike share. The strings of `description` hold
 * {@link uuidPlaceholder} where the UUID belongs, except the category, from which it is cut out.
 */
export interface DescriptionTemplate {
  /** SHA-256 of the JSON-LD, unpacked and with the UUID abstracted ({@link abstractUuid}). */
  readonly digest: Digest;
  readonly description: DeviceDescription;
}

/**
 * The description of one device.
 * @throws DescriptionError `uuid-mismatch` when the template holds the literal UUID of another device
 */
export function instantiate(template: DescriptionTemplate, uuid: DeviceUuid): DeviceDescription {
  checkOwner(template, uuid);
  return fill(template.description, uuid) as DeviceDescription;
}

/**
 * Parts of the description of one device; the others, which may be a hundred times as large, are left alone.
 * @throws DescriptionError as {@link instantiate}
 */
export function instantiateParts<Part extends keyof DeviceDescription>(
  template: DescriptionTemplate,
  uuid: DeviceUuid,
  parts: readonly Part[],
): Pick<DeviceDescription, Part> {
  checkOwner(template, uuid);
  const { description } = template;
  const there = parts.filter((part) => description[part] !== undefined);
  const filled = there.map((part) => [part, fill(description[part], uuid)]);
  return Object.fromEntries(filled) as Pick<DeviceDescription, Part>;
}

/** @throws DescriptionError `uuid-mismatch` unless the template is for this device */
export function checkOwner({ description }: DescriptionTemplate, uuid: DeviceUuid): void {
  if (description.uuid === uuidPlaceholder || description.uuid === uuid) return;
  throw new DescriptionError('uuid-mismatch', 'the description is that of another device', [
    {
      node: 'myno:deviceUuid',
      path: 'onem2m:hasValue',
      found: JSON.stringify(description.uuid),
      expected: `${JSON.stringify(uuid)} or ${JSON.stringify(uuidPlaceholder)}`,
      message: 'A device describes itself under its own UUID.',
      example: `"onem2m:hasValue": "${uuidPlaceholder}"`,
    },
  ]);
}

/** A copy with every placeholder filled in; parts without one are shared with the template. */
function fill(value: unknown, uuid: DeviceUuid): unknown {
  if (typeof value === 'string') return fillText(value, uuid);
  if (Array.isArray(value)) {
    const items = value.map((item) => fill(item, uuid));
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [key, before] of Object.entries(value)) {
    const after = fill(before, uuid);
    if (after === before) continue;
    copy ??= { ...value };
    copy[key] = after;
  }
  return copy ?? value;
}

function fillText(text: string, uuid: DeviceUuid): string {
  if (!text.includes('%')) return text;
  return text.replaceAll(uuidPlaceholder, () => uuid).replaceAll(`%${literalMark}s`, '%s');
}

/**
 * A description with literal occurrences of the device's UUID replaced by the placeholder, so that
 * devices whose descriptions differ in nothing but the UUID share one template. Only an id of at least 8
 * characters with a digit among them is abstracted: a shorter one (`relay`, `1`) may be part of any word.
 * Takes time in proportion to the length, whatever a peer has sent: it runs in the bridge's own thread.
 */
export function abstractUuid(uuid: DeviceUuid, bytes: Uint8Array): Uint8Array {
  if (uuid.length < 8 || !/[0-9]/.test(uuid)) return bytes;
  const text = decodeUtf8(bytes);
  if (text?.includes(uuid) !== true) return bytes;
  const [last = '', ...before] = text.split(uuid).reverse();
  const closed = before.reverse().map((part) => (endsOpen(part) ? `${part}%` : part));
  return utf8([...closed, last].join(uuidPlaceholder));
}

/** Whether a percent sign at the end would join what follows: it is the second half of no `%%`. */
function endsOpen(text: string): boolean {
  let signs = 0;
  while (text.at(-1 - signs) === '%') signs += 1;
  return signs % 2 === 1;
}

/**
 * The JSON text of a description: `%%` becomes `%`, `%s` stays for {@link instantiate}, and `%%s`, which
 * reads `%s` in the end, is told from it by a mark.
 */
export function unescapePercent(text: string): string {
  return text.replace(/%%s|%%/g, (escaped) => (escaped === '%%' ? '%' : `%${literalMark}s`));
}
