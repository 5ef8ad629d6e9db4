import { fromHex, toHex } from '../../../src/base/bytes.ts';
import type { EndorsementVector } from './endorsement-vectors.ts';
import {
  damaged,
  edServer,
  edStranger,
  edVendor,
  server,
  signText,
  stranger,
  type VectorKey,
  vendor,
} from './keys.ts';
import { type ManifestTexts, messageOf, outerSigned, type Signers, signedParts } from './manifest-message.ts';
import type { Case, Device } from './manifest-vectors.ts';
import type { SignatureVector } from './signature-vectors.ts';

/** Vectors of the suite 2, and of what must not pass between the suites (ADR 26). */

/** Order of the base point (RFC 8032 §5.1). */
const order = 2n ** 252n + 27742317777372353535851937790883648493n;

/** A signature whose S is larger by the order: the same to who does not check that it is below (RFC 8032 §5.1.7). */
function withLargerS(signature: string): string {
  const reversed = (hex: string): string => toHex((fromHex(hex) ?? new Uint8Array()).slice().reverse());
  const larger = BigInt(`0x${reversed(signature.slice(64))}`) + order;
  return signature.slice(0, 64) + reversed(larger.toString(16).padStart(64, '0'));
}

const text = '2;APP;0;text to be signed';
const signature = signText(text, edVendor);
const sound = { publicKey: edVendor.publicKey, text, signature, valid: true };

export const edSignatureVectors: readonly SignatureVector[] = [
  { name: 'Ed25519: sound', ...sound },
  {
    name: 'Ed25519: RFC 8032 7.1, test 1, an empty text',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    text: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    valid: true,
  },
  {
    name: 'Ed25519: RFC 8032 7.1, test 2, the text r',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    text: 'r',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    valid: true,
  },
  ...Object.entries({
    'another text': { text: `${text}.` },
    "another's key": { publicKey: edServer.publicKey },
    'one bit changed': { signature: damaged(signature) },
    'S is larger by the order': { signature: withLargerS(signature) },
    'R and S exchanged': { signature: signature.slice(64) + signature.slice(0, 64) },
    'all zeros': { signature: '0'.repeat(128) },
    'all ones': { signature: 'f'.repeat(128) },
    'one octet short': { signature: signature.slice(0, -2) },
    'one octet long': { signature: `${signature}00` },
    'no signature': { signature: '' },
    'the key is one octet short': { publicKey: edVendor.publicKey.slice(0, -2) },
    'a signature of ES256': { signature: signText(text, vendor) },
    'the key is of ES256': { publicKey: vendor.publicKey },
  }).map(([name, change]) => ({ name: `Ed25519: ${name}`, ...sound, ...change, valid: false })),
];

const keys = { vendorKey: edVendor.publicKey, serverKey: edServer.publicKey };
const ed: Signers = { vendorOf: edVendor, serverOf: edServer };

/** A device with Ed25519 keys, and a manifest of the suite 2. */
function edCase(
  change: Partial<ManifestTexts> = {},
  signers: Signers = {},
  device: Partial<Device> = {},
): Case {
  return {
    device: { ...keys, ...device },
    parts: signedParts({ suite: '2', ...change }, { ...ed, ...signers }),
  };
}

const parts = signedParts({ suite: '2' }, ed);
const next = [messageOf(parts), '10_OK'] as const;

/** By the state that they are answered with. */
export const edManifestCases: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  '10_OK': { 'suite 2: sound': edCase() },
  '20_MANIFEST-NOT-VALID': {
    'suite 2: the device has keys of suite 1': { parts },
    'suite 1: the device has keys of suite 2': { device: keys },
    'an unknown suite, signed with the keys of the device': { ...edCase({ suite: '3' }), next },
    'suite 2, named 1 after both had signed': { device: keys, parts: { ...parts, suite: '1' }, next },
    'suite 2, and an Ed25519 key alone for the update server': {
      device: { serverKey: edServer.publicKey },
      parts,
    },
  },
  '23_OUTER-SIGN-INVALID': {
    "suite 2: a stranger's outer signature": edCase({}, { serverOf: edStranger }),
    "suite 2: the update server's key is of suite 1": edCase({}, {}, { serverKey: server.publicKey }),
    'suite 2: the outer signature is of suite 1': edCase({}, { serverOf: server }),
    'suite 2: S of the outer signature is larger by the order': {
      device: keys,
      parts: { ...parts, outerSignature: withLargerS(parts.outerSignature) },
    },
  },
  '24_INNER-SIGN-INVALID': {
    "suite 2: a stranger's inner signature": edCase({}, { vendorOf: edStranger }),
    'suite 2: the inner signature is of suite 1': edCase({}, { vendorOf: vendor }),
    'suite 2: a damaged inner signature': {
      device: keys,
      parts: outerSigned({ ...parts, innerSignature: damaged(parts.innerSignature) }, edServer),
    },
  },
};

function answer(key: VectorKey, by: VectorKey): string {
  return `OK;${key.publicKey};1;${signText(`MUP-UPDATE-SERVER;${key.publicKey};1`, by)}`;
}

/** Name, the vendor's key that the device has, the message, and what the device makes of it. */
export const edEndorsementRows: readonly (readonly [
  name: string,
  vendorKey: string,
  message: string,
  decision: EndorsementVector['decision'],
])[] = [
  ['suite 2: the first key', edVendor.publicKey, answer(edServer, edVendor), 'take'],
  ["suite 2: a stranger's endorsement", edVendor.publicKey, answer(edServer, edStranger), 'refuse'],
  ['a key of suite 2, endorsed in suite 1', vendor.publicKey, answer(edServer, vendor), 'refuse'],
  ['a key of suite 1, endorsed in suite 2', edVendor.publicKey, answer(server, edVendor), 'refuse'],
  ['a key of suite 2 for a device of suite 1', vendor.publicKey, answer(edServer, edVendor), 'refuse'],
  [
    "suite 2: a stranger's key under the endorsement of another",
    edVendor.publicKey,
    answer(edServer, edVendor).replace(edServer.publicKey, edStranger.publicKey),
    'refuse',
  ],
  ['a key of 31 octets', edVendor.publicKey, `OK;${edServer.publicKey.slice(2)};1;`, 'malformed'],
  ['a key of 33 octets', stranger.publicKey, `OK;${edServer.publicKey}00;1;`, 'malformed'],
];
