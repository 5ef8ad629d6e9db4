import { concatBytes, decodeUtf8, utf8 } from '../base/bytes.ts';
import { parseUint32 } from './manifest-fields.ts';

/** The slices of the profile `myno` (mup-protocol §3, Slices): numbered from 0, one in flight. */

/** The payload of a slice: `<n>,<bytes>`. */
export function encodeMynoSlice(n: number, bytes: Uint8Array): Uint8Array {
  return concatBytes([utf8(`${n},`), bytes]);
}

/** Longest acknowledgement: ten digits and `,OK`. */
const maxAcknowledgementBytes = 13;

/** The number of the slice that `<n>,OK` acknowledges, or `undefined` when the payload is none. */
export function decodeMynoAcknowledgement(payload: Uint8Array): number | undefined {
  if (payload.length > maxAcknowledgementBytes) return undefined;
  const [, n] = /^([0-9]+),OK$/.exec(decodeUtf8(payload) ?? '') ?? [];
  return n === undefined ? undefined : parseUint32(n);
}

/**
 * The most octets of image in a slice, up to `wanted`, with which every slice of the image may be sent:
 * also those whose number has more digits, and the last one, which is shorter.
 * @param size octets of the image
 * @param passes whether a payload of so many octets may be sent
 * @returns undefined when there is none
 */
export function mynoSliceSize(
  size: number,
  wanted: number,
  passes: (payloadBytes: number) => boolean,
): number | undefined {
  for (let length = Math.min(wanted, size); length > 0; length -= 1)
    if (payloadSizes(size, length).every(passes)) return length;
  return undefined;
}

/** The different sizes that the payloads of an image have, cut into slices of `length` octets. */
function payloadSizes(size: number, length: number): number[] {
  const last = Math.ceil(size / length) - 1;
  const whole = last === 0 ? 0 : digits(last - 1);
  const sizes = Array.from({ length: whole }, (_, i) => i + 2 + length);
  return [...sizes, digits(last) + 1 + size - last * length];
}

function digits(n: number): number {
  return String(n).length;
}
