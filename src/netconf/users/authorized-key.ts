import { fromBase64 } from '../../base/base64.ts';
import { UsageError } from '../../base/errors.ts';
import { SshReader } from '../ssh-data.ts';

/** Key types that may log in: those whose signatures do not rest on SHA-1 or DSA. */
const keyTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const;

/** A public key that a user may log in with, one line of OpenSSH's `authorized_keys` without options. */
export interface AuthorizedKey {
  readonly type: string;
  /** The key as it travels in SSH (RFC 4253 §6.6). */
  readonly blob: Uint8Array;
  readonly comment: string;
}

const longestLine = 16 * 1024;
const smallestRsaModulus = 2048;

/**
 * Reads a line as `ssh-keygen` writes it to a `.pub` file: type, base64, comment.
 * @throws UsageError `bad-authorized-key`
 */
export function parseAuthorizedKey(line: string): AuthorizedKey {
  const text = line.trim();
  if (text.length > longestLine || /[\r\n]/.test(text)) throw refused('it is not one line');
  if (text.includes('PRIVATE KEY')) throw refused('it is a private key', 'Give the file that ends in .pub.');
  const [type = '', encoded = '', ...comment] = text.split(/[ \t]+/);
  if (!keyTypes.some((known) => known === type))
    throw refused(`its type ${JSON.stringify(type.slice(0, 40))} is not one of ${keyTypes.join(', ')}`);
  const blob = fromBase64(encoded);
  if (blob === undefined) throw refused('its second field is not base64');
  checkBlob(type, blob);
  return { type, blob, comment: comment.join(' ') };
}

function checkBlob(type: string, blob: Uint8Array): void {
  const reader = new SshReader(blob);
  if (reader.text() !== type) throw refused(`the key inside is not of type ${type}`);
  const parts: number[] = [];
  while (reader.remaining > 0) {
    const part = reader.bytes();
    if (part === undefined) throw refused('it is cut off');
    parts.push(part.length);
  }
  if (parts.length !== (type === 'ssh-ed25519' ? 1 : 2)) throw refused('it is not complete');
  // The modulus is an mpint: a leading zero octet keeps it positive (RFC 4251 §5).
  if (type === 'ssh-rsa' && (parts[1] ?? 0) < smallestRsaModulus / 8)
    throw refused(`an RSA key needs at least ${smallestRsaModulus} bits`);
}

function refused(why: string, hint = 'Give one line as ssh-keygen writes it to a .pub file.'): UsageError {
  return new UsageError('bad-authorized-key', `this is not a public key to log in with: ${why}`, { hint });
}
