import { toHex } from '../base/bytes.ts';
import type { PublicKey } from './signature-scheme.ts';

/** Octets of a public key by which a device names the one that it keeps. */
const idBytes = 8;

/**
 * What a key is called where it need not be trusted, only told from others: its first 8 octets, in hex. A device has
 * them without any computation.
 */
export function keyId(key: PublicKey): string {
  return toHex(key.subarray(0, idBytes));
}
