import { p256 } from '@noble/curves/nist.js';
import { concatBytes } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import {
  type PrivateKey,
  type PublicKey,
  privateKey,
  publicKey,
  publicKeyBytes,
  type SignatureScheme,
  signatureBytes,
} from '../signature-scheme.ts';

/** SEC 1 §2.3.3: what an uncompressed point begins with; keys on our wires go without. */
const uncompressed = Uint8Array.of(0x04);

/** ES256 by @noble/curves. Signatures are deterministic (RFC 6979) with a low `s`. */
export const es256: SignatureScheme = {
  sign: (message, key) => withPrivateKey(key, () => p256.sign(message, key)),

  verify(message, signature, key) {
    if (signature.length !== signatureBytes || key.length !== publicKeyBytes) return false;
    try {
      // Any s: micro-ecc on the devices does not normalise, and half of its signatures have a high one.
      return p256.verify(signature, message, concatBytes([uncompressed, key]), { lowS: false });
    } catch {
      // The library throws for a point that is not on the curve.
      return false;
    }
  },

  publicKeyOf: (key: PrivateKey): PublicKey =>
    withPrivateKey(key, () => publicKey(p256.getPublicKey(key, false).slice(uncompressed.length))),

  generate: (): PrivateKey => privateKey(p256.utils.randomSecretKey()),
};

function withPrivateKey<T>(key: PrivateKey, use: () => T): T {
  if (!p256.utils.isValidSecretKey(key))
    throw new UsageError('bad-key', 'this is no private key of the curve secp256r1', {
      hint: 'Make one with `mup keygen`.',
    });
  return use();
}
