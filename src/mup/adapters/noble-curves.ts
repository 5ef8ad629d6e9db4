import { ed25519 as curve25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { concatBytes } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { type PrivateKey, privateKey, publicKey, type SuiteScheme, schemeOf } from '../signature-scheme.ts';
import {
  ed25519Suite,
  es256Suite,
  privateKeyBytes,
  type SuiteCode,
  signatureBytes,
  suiteName,
  suites,
} from '../suites.ts';

/** SEC 1 §2.3.3: what an uncompressed point begins with; keys on our wires go without. */
const uncompressed = Uint8Array.of(0x04);

/** ES256 by @noble/curves. Signatures are deterministic (RFC 6979) with a low `s`. */
export const es256: SuiteScheme = {
  suite: es256Suite,

  sign: (message, key) => p256.sign(message, secretOf(key, es256Suite, p256.utils.isValidSecretKey)),

  verify(message, signature, key) {
    if (signature.length !== signatureBytes || key.length !== suites[es256Suite].publicKeyBytes) return false;
    try {
      // Any s: micro-ecc on the devices does not normalise, and half of its signatures have a high one.
      return p256.verify(signature, message, concatBytes([uncompressed, key]), { lowS: false });
    } catch {
      // The library throws for a point that is not on the curve.
      return false;
    }
  },

  publicKeyOf(key) {
    const point = p256.getPublicKey(secretOf(key, es256Suite, p256.utils.isValidSecretKey), false);
    return publicKey(point.slice(uncompressed.length));
  },

  generate: () => privateKey(p256.utils.randomSecretKey(), es256Suite),
};

/** Ed25519 by @noble/curves: RFC 8032, without the laxer rules of ZIP 215. Signatures are deterministic. */
export const ed25519: SuiteScheme = {
  suite: ed25519Suite,

  sign: (message, key) => curve25519.sign(message, secretOf(key, ed25519Suite, isSeed)),

  verify(message, signature, key) {
    if (signature.length !== signatureBytes || key.length !== suites[ed25519Suite].publicKeyBytes)
      return false;
    try {
      return curve25519.verify(signature, message, key, { zip215: false });
    } catch {
      return false;
    }
  },

  publicKeyOf: (key) => publicKey(curve25519.getPublicKey(secretOf(key, ed25519Suite, isSeed))),

  generate: () => privateKey(curve25519.utils.randomSecretKey(), ed25519Suite),
};

/** Whether octets are a point as RFC 8032 §5.1.3 writes it, and not of small order. Throws for octets that are none. */
export function isStrictEd25519Key(key: Uint8Array): boolean {
  return !curve25519.Point.fromBytes(key).isSmallOrder();
}

/** The scheme of each suite. */
export const suiteSchemes: Readonly<Record<SuiteCode, SuiteScheme>> = { '1': es256, '2': ed25519 };

/** Signs and verifies in every suite there is. */
export const allSuites = schemeOf(suiteSchemes);

/** Any 32 octets are the seed of a key (RFC 8032 §5.1.5). */
function isSeed(secret: Uint8Array): boolean {
  return secret.length === privateKeyBytes;
}

function secretOf(
  { suite, secret }: PrivateKey,
  wanted: SuiteCode,
  isSecret: (secret: Uint8Array) => boolean,
): Uint8Array {
  if (suite === wanted && isSecret(secret)) return secret;
  throw noKeyOf(wanted);
}

/** What is said of octets that are no private key of this suite. */
export function noKeyOf(suite: SuiteCode): UsageError {
  return new UsageError('bad-key', `this is no private key of suite ${suiteName(suite)}`, {
    hint: 'Make one with `mup keygen`.',
  });
}
