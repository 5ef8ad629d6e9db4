import { createHash, createPublicKey, verify } from 'node:crypto';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import type { Digest } from '../../src/base/ids.ts';
import { es256 } from '../../src/mup/adapters/noble-p256.ts';
import { type Endorsement, endorse } from '../../src/mup/endorsement.ts';
import type { VendorManifest } from '../../src/mup/manifest.ts';
import type { PrivateKey, PublicKey, SignatureScheme } from '../../src/mup/signature-scheme.ts';
import { signManifest } from '../../src/mup/signing.ts';

export const appId = 'APP';
/** The version that every device is made with. */
export const firstVersion = 1;
/** An image that the vendor never signed. */
export const forgedVersion = 5;

/** Keys that are the same in every run. */
function keyOf(name: string): PrivateKey {
  return new Uint8Array(createHash('sha256').update(`faults ${name}`).digest()) as PrivateKey;
}

const vendor = keyOf('vendor');
const stranger = keyOf('stranger');
export const server = keyOf('update server');
export const vendorKey = es256.publicKeyOf(vendor);
const serverKey = es256.publicKeyOf(server);

export const endorsement: Endorsement = {
  serverKey,
  epoch: 1,
  signature: endorse(serverKey, 1, vendor, es256),
};

export interface Image {
  readonly manifest: VendorManifest;
  readonly content: Uint8Array;
  readonly digest: Digest;
}

const images = new Map<string, Image>();

/** The image of a version, signed by the vendor unless it is the forged one. The same in every run. */
export function imageOf(version: number, size: number): Image {
  const name = `${version}/${size}`;
  const known = images.get(name);
  if (known !== undefined) return known;
  const content = Uint8Array.from({ length: size }, (_, i) => (i * 31 + version * 7 + (i >> 8)) & 0xff);
  const digest = sha256(content);
  const facts = { suite: '1', appId, linkOffset: 0, digest, size, newVersion: version, oldVersion: 0 };
  const manifest = signManifest(facts, version === forgedVersion ? stranger : vendor, es256);
  const image = { manifest, content, digest };
  images.set(name, image);
  return image;
}

/** ES256 as the product's, whose verification is twenty times as fast: the runs are many. */
export const fastScheme: SignatureScheme = {
  ...es256,
  verify(message, signature, key) {
    const keyObject = publicKeyObject(key);
    return verify('sha256', message, { key: keyObject, dsaEncoding: 'ieee-p1363' }, signature);
  },
};

const keyObjects = new Map<string, ReturnType<typeof createPublicKey>>();

function publicKeyObject(key: PublicKey): ReturnType<typeof createPublicKey> {
  const name = Buffer.from(key).toString('base64url');
  const known = keyObjects.get(name);
  if (known !== undefined) return known;
  const half = (from: number): string => Buffer.from(key.subarray(from, from + 32)).toString('base64url');
  const made = createPublicKey({
    key: { kty: 'EC', crv: 'P-256', x: half(0), y: half(32) },
    format: 'jwk',
  });
  keyObjects.set(name, made);
  return made;
}
