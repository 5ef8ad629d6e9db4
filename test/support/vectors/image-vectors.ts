import { createHash } from 'node:crypto';
import { toHex } from '../../../src/base/bytes.ts';
import { damaged } from './keys.ts';

/** The slices that arrive after a manifest was accepted, and the answer to FIN (mup-protocol §3, Slices). */
export interface ImageVector {
  readonly name: string;
  /** Octets, as signed. */
  readonly size: number;
  /** SHA-256, as signed. */
  readonly digest: string;
  /** Payloads on the slice topic in the order of their arrival: hex, parted by spaces. */
  readonly slices: string;
  /** The acknowledgement of each slice, if it has one, in the same manner. */
  readonly acknowledgements: string;
  readonly state: '10_OK' | '28_IMAGE-INVALID';
}

const image = Uint8Array.from({ length: 24 }, (_, i) => (i * 37 + 11) & 0xff);
const size = image.length;
const digest = createHash('sha256').update(image).digest('hex');

const offsetHex = (offset: number): string => offset.toString(16).padStart(8, '0');
const slice = (from: number, to: number, at = from): string =>
  offsetHex(at) + toHex(image.subarray(from, to));

const row = (
  name: string,
  slices: readonly string[],
  acknowledged: readonly number[],
  state: ImageVector['state'],
): ImageVector => ({
  name,
  size,
  digest,
  slices: slices.join(' '),
  acknowledgements: acknowledged.map(offsetHex).join(' '),
  state,
});

const whole = [slice(0, 10), slice(10, 20), slice(20, 24)];
const [first = '', second = '', third = ''] = whole;

export const imageVectors: readonly ImageVector[] = [
  row('three slices', whole, [10, 20, 24], '10_OK'),
  row('one slice', [slice(0, 24)], [24], '10_OK'),
  row(
    'one octet at a time',
    Array.from(image, (_, i) => slice(i, i + 1)),
    Array.from(image, (_, i) => i + 1),
    '10_OK',
  ),
  row('a slice that comes twice is taken once', [first, first, second, third], [10, 10, 20, 24], '10_OK'),
  row('one that comes too early is not taken', [first, third, second, third], [10, 10, 20, 24], '10_OK'),
  row('one that overlaps is not taken', [first, slice(5, 15), second, third], [10, 10, 20, 24], '10_OK'),
  row('the size of slices changes', [first, slice(10, 13), slice(13, 24)], [10, 13, 24], '10_OK'),
  row(
    'what reaches beyond the signed size is not taken',
    [first, second, `${third}ff`, third],
    [10, 20, 20, 24],
    '10_OK',
  ),
  row('what comes after the end is not taken', [...whole, `${offsetHex(24)}ff`], [10, 20, 24, 24], '10_OK'),
  row(
    'a slice at the highest offset is not taken',
    [`ffffffff${'00'.repeat(8)}`, ...whole],
    [0, 10, 20, 24],
    '10_OK',
  ),
  row(
    'a slice without octets is none, and is not acknowledged',
    [first, offsetHex(10), second, third],
    [10, 20, 24],
    '10_OK',
  ),
  row('three octets are no slice', [first, '00000a', second, third], [10, 20, 24], '10_OK'),
  row('the last slice is missing', [first, second], [10, 20], '28_IMAGE-INVALID'),
  row('the last octet is missing', [first, second, slice(20, 23)], [10, 20, 23], '28_IMAGE-INVALID'),
  row('nothing arrived', [], [], '28_IMAGE-INVALID'),
  row('another octet', [first, damaged(second), third], [10, 20, 24], '28_IMAGE-INVALID'),
  row(
    'two slices exchanged by who renumbered them',
    [slice(10, 20, 0), slice(0, 10, 10), third],
    [10, 20, 24],
    '28_IMAGE-INVALID',
  ),
  row(
    'an injected slice that came first keeps its place: the digest finds it',
    [`${offsetHex(0)}${'00'.repeat(10)}`, ...whole],
    [10, 10, 20, 24],
    '28_IMAGE-INVALID',
  ),
];
