import { createHash } from 'node:crypto';
import { toHex } from '../../../src/base/bytes.ts';
import { damaged, server, signText } from './keys.ts';
import { innerTextOf, signedParts } from './manifest-message.ts';

/** Slices that a device authenticates when they arrive (ADR 28), and the answer to FIN. */
export interface SliceChainVector {
  readonly name: string;
  /** Octets, as signed. */
  readonly size: number;
  /** SHA-256, as signed. */
  readonly digest: string;
  /** As signed by the update server: octets of image in a slice, and the hash of the first one. */
  readonly sliceSize: number;
  readonly sliceHash: string;
  /** What the update server signed, which ends with these two. */
  readonly outerText: string;
  readonly serverKey: string;
  readonly outerSignature: string;
  /** Payloads on the slice topic in the order of their arrival: hex, parted by spaces. */
  readonly slices: string;
  /** The acknowledgement of each slice, if it has one, in the same manner. */
  readonly acknowledgements: string;
  readonly state: '10_OK' | '28_IMAGE-INVALID';
}

const offsetHex = (offset: number): string => offset.toString(16).padStart(8, '0');
const short = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32);

/** All slices of an image, made from the last to the first as the text of ADR 28 has it, and the hash of the first. */
export function chainedPayloads(
  octets: Uint8Array,
  sliceSize: number,
): { readonly payloads: string[]; readonly first: string } {
  let hash = short(octets);
  const payloads: string[] = [];
  for (let n = Math.ceil(octets.length / sliceSize) - 1; n >= 0; n -= 1) {
    const part = octets.subarray(n * sliceSize, (n + 1) * sliceSize);
    const payload = offsetHex(n * sliceSize) + hash + toHex(part);
    payloads.unshift(payload);
    hash = short(Buffer.from(payload, 'hex'));
  }
  return { payloads, first: hash };
}

const image = Uint8Array.from({ length: 24 }, (_, i) => (i * 37 + 11) & 0xff);
const [size, sliceSize] = [image.length, 10];
const digest = createHash('sha256').update(image).digest('hex');
const sound = chainedPayloads(image, sliceSize);
const [first = '', second = '', third = ''] = sound.payloads;
/** The same but for its last octet. */
const another = chainedPayloads(image.with(23, 0), sliceSize).payloads;

const { innerSignature, ...texts } = signedParts({ digest, size: String(size) });
const outerText = [
  innerTextOf(texts),
  ...[innerSignature, texts.uuid, texts.nonce, sliceSize, sound.first],
].join(';');
const promise = {
  ...{ size, digest, sliceSize, sliceHash: sound.first, outerText },
  ...{ serverKey: server.publicKey, outerSignature: signText(outerText, server) },
};

const row = (
  name: string,
  slices: readonly string[],
  acknowledged: readonly number[],
  state: SliceChainVector['state'] = '10_OK',
): SliceChainVector => ({
  name,
  ...promise,
  slices: slices.join(' '),
  acknowledgements: acknowledged.map(offsetHex).join(' '),
  state,
});

/** Before each slice one that is none of the image's: it is left, and the image is whole. */
const injected = (name: string, forge: (slice: string, n: number) => string): SliceChainVector =>
  row(
    name,
    sound.payloads.flatMap((slice, n) => [forge(slice, n), slice]),
    [0, 10, 10, 20, 20, 24],
  );

export const sliceChainVectors: readonly SliceChainVector[] = [
  row('three slices', sound.payloads, [10, 20, 24]),
  row('each slice twice', [first, first, second, second, third, third], [10, 10, 20, 20, 24, 24]),
  row('in another order', [third, second, first, third, second, third], [0, 0, 10, 10, 20, 24]),
  injected('an octet of the image is another', damaged),
  injected(
    'the hash of the next one is another',
    (slice) => slice.slice(0, 8) + damaged(slice.slice(8, 40)) + slice.slice(40),
  ),
  injected('without its last octet', (slice) => slice.slice(0, -2)),
  injected('with an octet more', (slice) => `${slice}00`),
  injected('the slice of another image', (_, n) => another[n] ?? ''),
  injected('a slice without hash', (slice) => slice.slice(0, 8) + slice.slice(40).padEnd(44, '0')),
  injected(
    'another slice, renumbered',
    (slice, n) => slice.slice(0, 8) + (sound.payloads[(n + 1) % 3] ?? '').slice(8),
  ),
  row(
    'twenty octets are no slice, and are not acknowledged',
    [first.slice(0, 40), first, second, third],
    [10, 20, 24],
  ),
  row('the last slice is missing', [first, second], [10, 20], '28_IMAGE-INVALID'),
];
