import { decodeUtf8, fromHex, toHex } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';
import { isUint32 } from './manifest-fields.ts';
import { type PublicKey, publicKeyFromHex } from './signature-scheme.ts';
import { signatureBytes } from './suites.ts';

/** More than any such file has. */
const maxFileBytes = 4096;

/** A public key with a number that grows, and a signature over both. */
export interface SignedKey {
  readonly key: PublicKey;
  /** Unsigned 32-bit integer. */
  readonly number: number;
  readonly signature: Uint8Array;
}

/** How a file of a {@link SignedKey} is written, and what its reader is told. */
export interface SignedKeyFormat {
  /** Such as "an endorsement". */
  readonly what: string;
  /** Code of the error. */
  readonly code: string;
  readonly hint: string;
  /** Names of the members besides `signature`. */
  readonly keyName: string;
  readonly numberName: string;
}

/** A JSON object: key and signature in lower-case hex. */
export function formatSignedKey(
  { key, number, signature }: SignedKey,
  { keyName, numberName }: SignedKeyFormat,
): string {
  const fields = { [keyName]: toHex(key), [numberName]: number, signature: toHex(signature) };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/**
 * Reads what {@link formatSignedKey} writes; strict. The signature is not checked here.
 * @throws UsageError with the code of the format, `where` naming the member
 */
export function parseSignedKey(bytes: Uint8Array, format: SignedKeyFormat): SignedKey {
  const { keyName, numberName } = format;
  const fields = parseObject(bytes, format);
  const names = [keyName, numberName, 'signature'];
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  if (unknown !== undefined) throw malformed(format, 'it has a key that is none', unknown.slice(0, 80));
  const hex = <T>(name: string, read: (text: string) => T | undefined): T => {
    const text = fields[name];
    const value = typeof text === 'string' && text === text.toLowerCase() ? read(text) : undefined;
    if (value !== undefined) return value;
    throw malformed(format, `${name} is not what it has to be, in lower-case hex`, name);
  };
  const key = hex(keyName, publicKeyFromHex);
  const signature = hex('signature', fromHex);
  if (signature.length !== signatureBytes)
    throw malformed(
      format,
      `the signature has ${signature.length} octets, not ${signatureBytes}`,
      'signature',
    );
  const number = fields[numberName];
  if (!isUint32(number))
    throw malformed(format, `the ${numberName} is not an unsigned 32-bit integer`, numberName);
  return { key, number, signature };
}

function parseObject(bytes: Uint8Array, format: SignedKeyFormat): Readonly<Record<string, unknown>> {
  const text = bytes.length > maxFileBytes ? undefined : decodeUtf8(bytes);
  if (text === undefined) throw malformed(format, `it is not UTF-8 of at most ${maxFileBytes} octets`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(format, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(format, 'it is not a JSON object');
  return Object.fromEntries(Object.entries(value));
}

function malformed({ what, code, hint }: SignedKeyFormat, why: string, where?: string): UsageError {
  return new UsageError(code, `this is not ${what}: ${why}`, {
    ...(where === undefined ? {} : { where }),
    hint,
  });
}
