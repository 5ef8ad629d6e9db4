import { fromBase64, toBase64 } from '../../base/base64.ts';
import type { PasswordRecord } from './users.ts';

/** The most that one login may ask of this machine: 256 MiB. */
const maxScryptBytes = 256 * 1024 * 1024;
const maxParallelization = 16;
/** Octets of base64: room for 128 octets. */
const longestField = 172;

const hashed = /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d{0,6}),p=([1-9]\d?)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
const clearPrefix = '$0$';

/**
 * A hashed password as it stands in the configuration: `$scrypt$ln=15,r=8,p=1$SALT$HASH`, after the PHC
 * string format: `ln` is the logarithm of N to the base 2, salt and hash are base64 without padding.
 */
export function formatPassword({ n, r, p, salt, hash }: PasswordRecord): string {
  return `$scrypt$ln=${Math.log2(n)},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Reads what {@link formatPassword} wrote; `undefined` for anything else, or what would cost too much. */
export function parsePassword(text: string): PasswordRecord | undefined {
  const [, ln, r, p, saltText = '', hashText = ''] = hashed.exec(text) ?? [];
  const cost = { n: 2 ** Number(ln), r: Number(r), p: Number(p) };
  if (!(128 * cost.n * cost.r <= maxScryptBytes) || cost.p > maxParallelization) return undefined;
  const salt = octets(saltText, 8);
  const hash = octets(hashText, 16);
  return salt === undefined || hash === undefined ? undefined : { ...cost, salt, hash };
}

/** A password as a client may write it, to be hashed: `$0$` and the password (as RFC 7317 `crypt-hash`). */
export function clearPassword(text: string): string | undefined {
  return text.startsWith(clearPrefix) ? text.slice(clearPrefix.length) : undefined;
}

function unpadded(bytes: Uint8Array): string {
  return toBase64(bytes).replace(/=+$/, '');
}

function octets(text: string, least: number): Uint8Array | undefined {
  if (text.length > longestField) return undefined;
  const bytes = fromBase64(text.padEnd(Math.ceil(text.length / 4) * 4, '='));
  return bytes === undefined || bytes.length < least ? undefined : bytes;
}
