import type { DeviceDescription, Field, StructureType } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { memberPointer } from '../base/json-pointer.ts';

/** RFC 6020 §6.2: the length every implementation takes. */
const maxLength = 64;

const modulePrefix = 'mqtt-';

/** Of a category in a module name, so that variants of it have room for `-2` to `-99` behind it. */
const maxCategoryLength = maxLength - modulePrefix.length - '-99'.length;

const maxStructureDepth = 16;

const identifierExpression = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** Top-level data node of generated modules; RPC names share its name space (RFC 6020 §6.2.1). */
export const telemetryName = 'telemetry';

/** Notification of generated modules with what a device has measured; also in that name space. */
const measurementName = 'measurement';

/** Input leaf that names the target device. */
export const uuidInputName = 'uuidInput';

/** Output leaf with the state that the device answers with. */
export const retvalName = 'retval';

/** List of generated modules of virtual devices with what each member did, or measured. */
export const memberName = 'member';

/** Container in an entry of that list: why the member did not do it. */
export const failureName = 'failure';

/** `retval` of a virtual device's RPC: whether all members did it. */
export const memberStates = { all: 'OK', some: 'PARTIAL' } as const;

/** Whether a text is an identifier of YANG 1 (RFC 6020 §6.2, §12): at most 64 characters, not `xml…`. */
export function isIdentifier(text: string): boolean {
  return text.length <= maxLength && identifierExpression.test(text) && !/^xml/i.test(text);
}

/** Module name of a category (design: Names): `mqtt-` and the category in lower case. */
export function moduleName(category: string): string {
  const name = category
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, maxCategoryLength)
    .replace(/^[.-]+|[.-]+$/g, '');
  return modulePrefix + (name === '' ? 'device' : name);
}

/**
 * @returns the name, verbatim
 * @throws PeerError `bad-name` when it cannot be the name of an RPC of a generated module
 */
export function rpcName(name: string): string {
  if (isIdentifier(name) && name !== telemetryName) return name;
  throw new PeerError('bad-name', `${JSON.stringify(name.slice(0, 80))} cannot be the name of an RPC`, {
    hint: `A name has 1 to 64 of A-Z a-z 0-9 _ . - and starts with a letter or _, not with xml; "${telemetryName}" is taken.`,
  });
}

/** The notification's name in a module with these RPCs: `measurement`, numbered where an RPC is called so. */
export function notificationName(rpcs: readonly string[]): string {
  const taken = new Set(rpcs);
  let name = measurementName;
  for (let number = 2; taken.has(name); number++) name = numbered(measurementName, number);
  return name;
}

/**
 * A description whose fields and data points have names that are identifiers and unique where they
 * stand: the names of the leaves in the YANG module. Names that are so already stay, but one that was made for a
 * field before it. In JSON payloads a field
 * keeps its place, by a pointer; applying it again changes nothing.
 * @throws PeerError `bad-type` when structures are nested more than 16 deep
 */
export function withLeafNames(description: DeviceDescription): DeviceDescription {
  return {
    ...description,
    operations: description.operations.map((operation) => ({
      ...operation,
      inputs: fieldsWithLeafNames(operation.inputs, [uuidInputName]),
      outputs: fieldsWithLeafNames(operation.outputs, takenByOutput(description)),
    })),
    dataPoints: renamed(description.dataPoints, ['uuid']).map((point) =>
      point.type.kind === 'structure' ? { ...point, type: structureWithLeafNames(point.type) } : point,
    ),
  };
}

/** Names beside the outputs: of a virtual device they stand in a member's entry. */
function takenByOutput({ members }: DeviceDescription): readonly string[] {
  return members === undefined ? [retvalName] : ['uuid', retvalName, failureName];
}

function fieldsWithLeafNames(fields: readonly Field[], taken: readonly string[], depth = 0): Field[] {
  const inPlace = renamed(fields, taken).map((field, i) => {
    const before = fields[i]?.name;
    return before === undefined || before === field.name || field.pointer !== undefined
      ? field
      : { ...field, pointer: memberPointer(before) };
  });
  return inPlace.map((field) =>
    field.type.kind === 'structure'
      ? { ...field, type: structureWithLeafNames(field.type, depth + 1) }
      : field,
  );
}

function structureWithLeafNames(type: StructureType, depth = 0): StructureType {
  if (depth > maxStructureDepth) throw new PeerError('bad-type', 'structures are nested too deeply');
  return { ...type, fields: fieldsWithLeafNames(type.fields, [], depth) };
}

/** Numbers names that collide, in order. */
function renamed<T extends { readonly name: string }>(items: readonly T[], taken: readonly string[]): T[] {
  const used = new Set(taken);
  return items.map((item) => {
    const base = sanitised(item.name);
    let name = base;
    for (let number = 2; used.has(name); number++) name = numbered(base, number);
    used.add(name);
    return name === item.name ? item : { ...item, name };
  });
}

function sanitised(name: string): string {
  if (isIdentifier(name)) return name;
  const safe = name.slice(0, maxLength).replace(/[^A-Za-z0-9_.-]/g, '-');
  return (/^[A-Za-z_]/.test(safe) && !/^xml/i.test(safe) ? safe : `_${safe}`).slice(0, maxLength);
}

function numbered(base: string, number: number): string {
  const suffix = `-${number}`;
  return base.slice(0, maxLength - suffix.length) + suffix;
}
