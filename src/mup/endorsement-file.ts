import { decodeUtf8, fromHex, toHex } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';
import type { Endorsement } from './endorsement.ts';
import { isUint32 } from './manifest-fields.ts';
import { publicKeyFromHex } from './signature-scheme.ts';
import { signatureBytes } from './suites.ts';

/** More than any endorsement file has. */
const maxFileBytes = 4096;

const keys: readonly string[] = ['serverKey', 'epoch', 'signature'];

/** An endorsement that a vendor signed. */
export interface SignedEndorsement extends Endorsement {
  readonly signature: Uint8Array;
}

/** The JSON file that `mup endorse` writes and the bridge reads: key and signature in lower-case hex. */
export function formatEndorsementFile({ serverKey, epoch, signature }: SignedEndorsement): string {
  const fields = { serverKey: toHex(serverKey), epoch, signature: toHex(signature) };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/**
 * Reads what {@link formatEndorsementFile} writes; strict. The signature is not checked here.
 * @throws UsageError `bad-endorsement`, `where` naming the key
 */
export function parseEndorsementFile(bytes: Uint8Array): SignedEndorsement {
  const fields = parseObject(bytes);
  const unknown = Object.keys(fields).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw badEndorsement('it has a key that is none', unknown.slice(0, 80));
  const serverKey = hexOf(fields, 'serverKey', publicKeyFromHex);
  const signature = hexOf(fields, 'signature', fromHex);
  if (signature.length !== signatureBytes)
    throw badEndorsement(`the signature has ${signature.length} octets, not ${signatureBytes}`, 'signature');
  const epoch = fields['epoch'];
  if (!isUint32(epoch)) throw badEndorsement('the epoch is not an unsigned 32-bit integer', 'epoch');
  return { serverKey, epoch, signature };
}

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const text = bytes.length > maxFileBytes ? undefined : decodeUtf8(bytes);
  if (text === undefined) throw badEndorsement(`it is not UTF-8 of at most ${maxFileBytes} octets`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badEndorsement('it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badEndorsement('it is not a JSON object');
  return Object.fromEntries(Object.entries(value));
}

function hexOf<T>(
  fields: Readonly<Record<string, unknown>>,
  key: string,
  read: (hex: string) => T | undefined,
): T {
  const text = fields[key];
  const value = typeof text === 'string' && text === text.toLowerCase() ? read(text) : undefined;
  if (value === undefined) throw badEndorsement(`${key} is not what it has to be, in lower-case hex`, key);
  return value;
}

function badEndorsement(why: string, where?: string): UsageError {
  return new UsageError('bad-endorsement', `this is not an endorsement: ${why}`, {
    ...(where === undefined ? {} : { where }),
    hint: 'Write it with `mup endorse`.',
  });
}
