import { uint32FromBytes, uint32ToBytes } from '../base/bytes.ts';

/** Octets in front of the image's octets in a slice: the offset, unsigned big-endian. */
export const sliceHeaderBytes = 4;

/** A part of an image and where it belongs. */
export interface Slice {
  /** Octets of the image before this slice. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The payload of a slice in profile `mup`: offset (4 octets) and bytes (mup-protocol §3, Slices). */
export function encodeSlice(offset: number, bytes: Uint8Array): Uint8Array {
  // Small ones share a block of memory: one of its own each would be felt by the garbage collector.
  const payload = Buffer.allocUnsafe(sliceHeaderBytes + bytes.length);
  payload.writeUInt32BE(offset);
  payload.set(bytes, sliceHeaderBytes);
  return payload;
}

/** The slice in a payload, or `undefined` when it is none: it has an offset and at least one octet. */
export function decodeSlice(payload: Uint8Array): Slice | undefined {
  const offset = uint32FromBytes(payload);
  if (offset === undefined || payload.length === sliceHeaderBytes) return undefined;
  return { offset, bytes: payload.subarray(sliceHeaderBytes) };
}

/** The payload of an acknowledgement: the next offset that the device expects. */
export function encodeAcknowledgement(offset: number): Uint8Array {
  return uint32ToBytes(offset);
}

/** The offset in an acknowledgement, or `undefined` when the payload is none. */
export function decodeAcknowledgement(payload: Uint8Array): number | undefined {
  return payload.length === 4 ? uint32FromBytes(payload) : undefined;
}
