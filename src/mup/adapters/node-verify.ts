import { verify } from 'node:crypto';
import { type PublicKey, suiteOf } from '../signature-scheme.ts';
import { es256Suite, signatureBytes } from '../suites.ts';
import { publicKeyObject } from './key-objects.ts';
import { isStrictEd25519Key } from './noble-curves.ts';

/**
 * Whether a signature holds, as `SignatureScheme.verify` says it, by OpenSSL: ten times as fast as @noble/curves, for who
 * is sent signatures by anybody. OpenSSL takes keys that RFC 8032 §5.1.3 does not, and of small order; these are refused
 * before.
 */
export function verifiedByOpenSsl(message: Uint8Array, signature: Uint8Array, key: PublicKey): boolean {
  if (signature.length !== signatureBytes) return false;
  try {
    const isEs256 = suiteOf(key) === es256Suite;
    if (!isEs256 && !isStrictEd25519Key(key)) return false;
    const object = publicKeyObject(key);
    return isEs256
      ? verify('sha256', message, { key: object, dsaEncoding: 'ieee-p1363' }, signature)
      : verify(null, message, object, signature);
  } catch {
    // No suite has such a key, or it is no point of its curve.
    return false;
  }
}
