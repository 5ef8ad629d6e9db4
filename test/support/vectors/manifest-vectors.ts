import { edManifestCases } from './ed25519-vectors.ts';
import { damaged, otherS, server, signText, stranger, vendor } from './keys.ts';
import {
  innerTextOf,
  type ManifestParts,
  type ManifestTexts,
  messageOf,
  outerSigned,
  signedParts,
  soundTexts,
} from './manifest-message.ts';

/** What a device knows, one manifest or two that it gets, and its answers (mup-protocol §3, steps 3–4). */
export interface ManifestVector {
  readonly name: string;
  /** The nonce that was handed out and not used yet; empty: none. */
  readonly outstandingNonce: string;
  readonly uuid: string;
  readonly appId: string;
  /** Of the firmware that runs. */
  readonly version: number;
  readonly slotBytes: number;
  readonly slotFree: boolean;
  /** The update server's key, raw x‖y, hex; empty: the device has none. */
  readonly serverKey: string;
  readonly vendorKey: string;
  /** What arrives on the manifest operation's topic. */
  readonly message: string;
  readonly state: string;
  /** What arrives right after it, where there is a second one; else empty. */
  readonly nextMessage: string;
  readonly nextState: string;
}

export type Device = Omit<ManifestVector, 'name' | 'message' | 'state' | 'nextMessage' | 'nextState'>;

const device: Device = {
  outstandingNonce: soundTexts.nonce,
  uuid: soundTexts.uuid,
  appId: soundTexts.appId,
  version: 1,
  slotBytes: 131_072,
  slotFree: true,
  serverKey: server.publicKey,
  vendorKey: vendor.publicKey,
};

export interface Case {
  readonly device?: Partial<Device>;
  readonly parts?: ManifestParts;
  readonly message?: string;
  readonly next?: readonly [message: string, state: string];
}

const sound = signedParts();
const changed = (change: Partial<ManifestTexts>): Case => ({ parts: signedParts(change) });

function rows(state: string, cases: Readonly<Record<string, Case>>): ManifestVector[] {
  return Object.entries(cases).map(([name, one]) => ({
    name,
    ...device,
    ...one.device,
    message: one.message ?? messageOf(one.parts ?? sound),
    state,
    nextMessage: one.next?.[0] ?? '',
    nextState: one.next?.[1] ?? '',
  }));
}

const innerOf = ({ outerSignature: _, ...inner }: ManifestParts) => inner;
const message = messageOf(sound);
const other = signedParts({ newVersion: '3', size: '999' });

const accepted: Readonly<Record<string, Case>> = {
  sound: {},
  'an image for every precursor': changed({ oldVersion: '0' }),
  'an image that fills the slot': changed({ size: '131072' }),
  'an image of one octet': changed({ size: '1' }),
  'the highest version': changed({ newVersion: '4294967295' }),
  'a link offset': changed({ linkOffset: '4294967295' }),
  'both signatures with the higher s': {
    parts: (() => {
      const parts = outerSigned({ ...innerOf(sound), innerSignature: otherS(sound.innerSignature) });
      return { ...parts, outerSignature: otherS(parts.outerSignature) };
    })(),
  },
  'an App ID of 32 characters of all kinds': {
    device: { appId: 'A.b_c-0.123456789012345678901234' },
    ...changed({ appId: 'A.b_c-0.123456789012345678901234' }),
  },
  'a replay: the nonce is spent by the manifest that was accepted': { next: [message, '22_INVALID-NONCE'] },
};

/** Malformed though signed: found before the nonce is compared, which stays outstanding. */
const malformed: Readonly<Record<string, Case>> = {
  'an unknown suite': changed({ suite: '2' }),
  'a suite with a leading zero': changed({ suite: '01' }),
  'no suite': changed({ suite: '' }),
  'no App ID': changed({ appId: '' }),
  'an App ID of 33 characters': changed({ appId: 'A'.repeat(33) }),
  'an App ID with a space': changed({ appId: 'A P' }),
  'a negative link offset': changed({ linkOffset: '-1' }),
  'a link offset of 33 bits': changed({ linkOffset: '4294967296' }),
  'a digest in upper case': changed({ digest: soundTexts.digest.toUpperCase() }),
  'a digest of 31 octets': changed({ digest: soundTexts.digest.slice(2) }),
  'a digest of 33 octets': changed({ digest: `${soundTexts.digest}00` }),
  'size 0': changed({ size: '0' }),
  'a size with an exponent': changed({ size: '1e3' }),
  'a size of 33 bits': changed({ size: '4294967297' }),
  'a new version with a leading zero': changed({ newVersion: '02' }),
  'a new version with a sign': changed({ newVersion: '+2' }),
  'no new version': changed({ newVersion: '' }),
  'an old version in hex': changed({ oldVersion: '0x1' }),
  'an inner signature of 63 octets': {
    parts: outerSigned({ ...innerOf(sound), innerSignature: sound.innerSignature.slice(2) }),
  },
  'an inner signature in upper case': {
    parts: outerSigned({ ...innerOf(sound), innerSignature: sound.innerSignature.toUpperCase() }),
  },
  'an outer signature of 65 octets': { parts: { ...sound, outerSignature: `${sound.outerSignature}00` } },
  'an outer signature that is not hex': {
    parts: { ...sound, outerSignature: `${sound.outerSignature.slice(0, -1)}g` },
  },
  'a UUID with a topic separator': changed({ uuid: 'a/b' }),
  'a nonce of 15 octets': changed({ nonce: soundTexts.nonce.slice(2) }),
  'a nonce in upper case': changed({ nonce: soundTexts.nonce.toUpperCase() }),
  'one field too few': { message: message.slice(0, message.lastIndexOf(';')) },
  'one field too many': { message: `${message};` },
  'no field': { message: '4f2a;SEND-EXTENDED-MANIFEST' },
  'malformed, then the sound one: the nonce is outstanding still': {
    ...changed({ suite: '2' }),
    next: [message, '10_OK'],
  },
};

/** Each found by its check alone: all that stands before it in the list of §3 holds, and so does what is after it. */
const checked: readonly ManifestVector[] = [
  ...rows('22_INVALID-NONCE', {
    'no token is outstanding': { device: { outstandingNonce: '' } },
    'the nonce of an earlier token': { device: { outstandingNonce: 'f'.repeat(32) } },
    'a wrong nonce spends the token': {
      ...changed({ nonce: 'f'.repeat(32) }),
      next: [message, '22_INVALID-NONCE'],
    },
  }),
  ...rows('29_WRONG-UUID', {
    "another device's manifest": changed({ uuid: 'F97DF79-8A12-4F4F-8F69-6B8F3C2E78DE' }),
    'the UUID in lower case is another': changed({ uuid: soundTexts.uuid.toLowerCase() }),
  }),
  ...rows('21_WRONG-APP-ID', {
    'another App ID': changed({ appId: 'APP2' }),
    'the App ID in lower case is another': changed({ appId: 'app' }),
  }),
  ...rows('25_INVALID-VERSIONNR', {
    'the version that runs': changed({ newVersion: '1' }),
    'rollback: an earlier version': { device: { version: 3 }, ...changed({ oldVersion: '0' }) },
    'another precursor': changed({ oldVersion: '9' }),
    'versions are compared as numbers: 9 is not newer than 10': {
      device: { version: 10 },
      ...changed({ newVersion: '9', oldVersion: '0' }),
    },
  }),
  ...rows('27_IMAGE-TOO-BIG', {
    'one octet more than the slot holds': changed({ size: '131073' }),
    'the largest size': changed({ size: '4294967295' }),
  }),
  ...rows('26_SAVESLOT-IN-USE', { 'the slot is in use': { device: { slotFree: false } } }),
];

const outer: Readonly<Record<string, Case>> = {
  "a stranger's outer signature": { parts: signedParts({}, { serverOf: stranger }) },
  'the outer signature is by the vendor': { parts: signedParts({}, { serverOf: vendor }) },
  "the device has no update server's key": { device: { serverKey: '' } },
  "the device has another update server's key": { device: { serverKey: stranger.publicKey } },
  'the key is no point of the curve': { device: { serverKey: damaged(server.publicKey) } },
  'a damaged outer signature': { parts: { ...sound, outerSignature: damaged(sound.outerSignature) } },
  'r and s of the outer signature are 0': { parts: { ...sound, outerSignature: '0'.repeat(128) } },
  'mix-and-match: the outer signature of another manifest': {
    parts: { ...other, outerSignature: sound.outerSignature },
  },
  'mix-and-match: the inner signature of another manifest': {
    parts: { ...sound, innerSignature: other.innerSignature },
  },
  'the size was changed after both had signed': { parts: { ...sound, size: '100718' } },
  'the link offset was changed after both had signed': { parts: { ...sound, linkOffset: '1' } },
  'the digest was changed after both had signed': { parts: { ...sound, digest: damaged(sound.digest) } },
  'the new version was changed after both had signed': { parts: { ...sound, newVersion: '7' } },
  "the inner signature's other s, put in after the outer one": {
    parts: { ...sound, innerSignature: otherS(sound.innerSignature) },
  },
  'the outer signature is over the text of profile myno, which holds no suite and no UUID': {
    parts: {
      ...sound,
      outerSignature: signText(
        [innerTextOf(sound).slice(2), sound.innerSignature, sound.nonce].join(';'),
        server,
      ),
    },
  },
  'a bad outer signature spends the token': {
    parts: signedParts({}, { serverOf: stranger }),
    next: [message, '22_INVALID-NONCE'],
  },
};

const innerSignedBy = (signature: string): Case => ({
  parts: outerSigned({ ...innerOf(sound), innerSignature: signature }),
});

const inner: Readonly<Record<string, Case>> = {
  "a stranger's inner signature under the update server's outer one": {
    parts: signedParts({}, { vendorOf: stranger }),
  },
  'the inner signature is by the update server': { parts: signedParts({}, { vendorOf: server }) },
  'the device has no vendor key': { device: { vendorKey: '' } },
  "the device has another vendor's key": { device: { vendorKey: stranger.publicKey } },
  'the update server signed what the vendor had not': innerSignedBy(other.innerSignature),
  "the inner signature is the vendor's over the text of profile myno": innerSignedBy(
    signText(innerTextOf(sound).slice(2), vendor),
  ),
  "the inner signature is the vendor's over an update server's key": innerSignedBy(
    signText(`MUP-UPDATE-SERVER;${server.publicKey};1`, vendor),
  ),
  'a damaged inner signature': innerSignedBy(damaged(sound.innerSignature)),
};

export const manifestVectors: readonly ManifestVector[] = [
  ...rows('10_OK', accepted),
  ...Object.entries(edManifestCases).flatMap(([state, cases]) => rows(state, cases)),
  ...rows('20_MANIFEST-NOT-VALID', malformed),
  ...checked,
  ...rows('23_OUTER-SIGN-INVALID', outer),
  ...rows('24_INNER-SIGN-INVALID', inner),
];
