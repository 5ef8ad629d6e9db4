import { createECDH, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { concatBytes } from '../../base/bytes.ts';
import { type PrivateKey, publicKey, type SuiteScheme, schemeOf } from '../signature-scheme.ts';
import { es256Suite } from '../suites.ts';
import { ed25519, es256, noKeyOf } from './noble-curves.ts';
import { verifiedByOpenSsl } from './node-verify.ts';

/** ECPrivateKey of RFC 5915 §3 around the scalar: version 1, and prime256v1 as its parameters. */
const beforeScalar = Uint8Array.of(0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20);
const afterScalar = Uint8Array.of(0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);

const keys = new WeakMap<PrivateKey, KeyObject>();

/**
 * ES256 whose signatures are made and verified by OpenSSL, ten times as fast as {@link es256} and more: for who signs for a
 * thousand devices at once, and is sent signatures by anybody. A signature is another one each time; what is signed for good is signed by
 * {@link es256}, so that the same file comes of it.
 */
export const quickEs256: SuiteScheme = {
  ...es256,
  sign: (message, key) => sign('sha256', message, { key: keyObject(key), dsaEncoding: 'ieee-p1363' }),
  verify: verifiedByOpenSsl,
  // The other one makes tables for its first point, which takes longer than all else that a start does with keys.
  publicKeyOf: (key) => publicKey(pointOf(key).subarray(1)),
};

/** All suites, with {@link quickEs256}, and all verified by OpenSSL. Ed25519 signs in a fraction of the time by itself. */
export const quickSuites = schemeOf({ '1': quickEs256, '2': { ...ed25519, verify: verifiedByOpenSsl } });

function keyObject(key: PrivateKey): KeyObject {
  const known = keys.get(key) ?? importKey(key);
  keys.set(key, known);
  return known;
}

/** OpenSSL takes any 32 octets; what is no scalar of the curve is refused before. */
function importKey(key: PrivateKey): KeyObject {
  pointOf(key);
  const der = concatBytes([beforeScalar, key.secret, afterScalar]);
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'sec1' });
}

/** The public point, uncompressed (SEC 1 §2.3.3). @throws UsageError `bad-key` */
function pointOf(key: PrivateKey): Uint8Array {
  if (key.suite !== es256Suite) throw noKeyOf(es256Suite);
  const agreement = createECDH('prime256v1');
  try {
    agreement.setPrivateKey(key.secret);
  } catch {
    throw noKeyOf(es256Suite);
  }
  return new Uint8Array(agreement.getPublicKey());
}
