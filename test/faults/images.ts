import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import type { Digest } from '../../src/base/ids.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { type Endorsement, endorse } from '../../src/mup/endorsement.ts';
import type { VendorManifest } from '../../src/mup/manifest.ts';
import {
  type PrivateKey,
  type PublicKey,
  privateKey,
  type SignatureScheme,
} from '../../src/mup/signature-scheme.ts';
import { signManifest } from '../../src/mup/signing.ts';
import { forgedVersion, type Plan } from './plan.ts';

export const appId = 'APP';
/** The version that every device is made with. */
export const firstVersion = 1;

/** Keys that are the same in every run. */
function keyOf(name: string): PrivateKey {
  return privateKey(new Uint8Array(createHash('sha256').update(`faults ${name}`).digest()), '1');
}

const vendor = keyOf('vendor');
const stranger = keyOf('stranger');
export const server = keyOf('update server');
export const vendorKey = es256.publicKeyOf(vendor);
export const serverKey = es256.publicKeyOf(server);

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

/** The image of a version, signed by the vendor unless it is the forged one. The same in every run of its kind. */
export function imageOf(version: number, { imageBytes: size, profile }: Plan): Image {
  const name = `${version}/${size}/${profile}`;
  const known = images.get(name);
  if (known !== undefined) return known;
  const content = Uint8Array.from({ length: size }, (_, i) => (i * 31 + version * 7 + (i >> 8)) & 0xff);
  const digest = sha256(content);
  const facts = { suite: '1', appId, linkOffset: 0, digest, size, newVersion: version, oldVersion: 0 };
  const manifest = signManifest(facts, version === forgedVersion ? stranger : vendor, es256, profile);
  const image = { manifest, content, digest };
  images.set(name, image);
  return image;
}

/** ES256 as the product's, by OpenSSL, which takes a twentieth of the time: the runs are many. */
export const fastScheme: SignatureScheme = {
  ...es256,
  sign: (message, key) =>
    new Uint8Array(sign('sha256', message, { key: privateKeyObject(key), dsaEncoding: 'ieee-p1363' })),
  verify: (message, signature, key) =>
    verify('sha256', message, { key: publicKeyObject(key), dsaEncoding: 'ieee-p1363' }, signature),
};

const keyObjects = new Map<string, KeyObject>();

function publicKeyObject(key: PublicKey): KeyObject {
  return keyObject(key, () => createPublicKey({ key: jwkOf(key), format: 'jwk' }));
}

function privateKeyObject(key: PrivateKey): KeyObject {
  return keyObject(key.secret, () =>
    createPrivateKey({ key: { ...jwkOf(es256.publicKeyOf(key)), d: base64url(key.secret) }, format: 'jwk' }),
  );
}

function keyObject(key: Uint8Array, make: () => KeyObject): KeyObject {
  const name = base64url(key);
  const known = keyObjects.get(name) ?? make();
  keyObjects.set(name, known);
  return known;
}

function jwkOf(key: PublicKey): JsonWebKey {
  return { kty: 'EC', crv: 'P-256', x: base64url(key.subarray(0, 32)), y: base64url(key.subarray(32)) };
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
