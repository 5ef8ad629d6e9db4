import { toHex, uint32FromBytes } from '../base/bytes.ts';
import type { Digest, SliceHash } from '../base/ids.ts';

/**
 * Slices that a device can tell from anybody else's when they arrive (ADR 28). Each carries the hash of the next
 * one, and the manifest, under the update server's signature, the hash of the first.
 */

/** Octets of the hash of a slice: the first 16 of the SHA-256 of its payload. */
export const sliceHashBytes = 16;

/** Octets in front of the image's octets: the offset, unsigned big-endian, and the next slice's hash. */
export const authenticatedHeaderBytes = 4 + sliceHashBytes;

/** What a manifest says of the slices of its image: how it is cut, and what the first one has to be. */
export interface SliceChainHead {
  /** Octets of image in each slice but the last. */
  readonly sliceSize: number;
  /** Hash of the payload of the slice at offset 0. */
  readonly hash: SliceHash;
}

/** A slice, and the hash of the one that comes after it. */
export interface AuthenticatedSlice {
  readonly offset: number;
  readonly next: SliceHash;
  readonly bytes: Uint8Array;
}

/** The payload of a slice: offset (4 octets), hash of the next one (16), octets of the image. */
export function encodeAuthenticatedSlice(offset: number, next: Uint8Array, bytes: Uint8Array): Uint8Array {
  // Small ones share a block of memory: one of its own each would be felt by the garbage collector.
  const payload = Buffer.allocUnsafe(authenticatedHeaderBytes + bytes.length);
  payload.writeUInt32BE(offset);
  payload.set(next, 4);
  payload.set(bytes, authenticatedHeaderBytes);
  return payload;
}

/** The slice in a payload, or `undefined` when it is none: it has a header and at least one octet. */
export function decodeAuthenticatedSlice(payload: Uint8Array): AuthenticatedSlice | undefined {
  const offset = uint32FromBytes(payload);
  if (offset === undefined || payload.length <= authenticatedHeaderBytes) return undefined;
  const next = toHex(payload.subarray(4, authenticatedHeaderBytes)) as SliceHash;
  return { offset, next, bytes: payload.subarray(authenticatedHeaderBytes) };
}

/** The hash that names a payload. */
export function sliceHash(payload: Uint8Array, sha256: (bytes: Uint8Array) => Digest): SliceHash {
  return shortened(sha256(payload));
}

/** What stands in the last slice for the hash of the next one: the image's digest, as far as it fits. */
export function chainEnd(digest: Digest): SliceHash {
  return shortened(digest);
}

/** The octets of a hash. */
export function sliceHashOctets(hash: SliceHash): Uint8Array {
  // One for each slice of an image: what reads any hex takes most of a chain's time.
  return Buffer.from(hash, 'hex');
}

/** Whether a text is the hash of a slice: 32 lower-case hex digits. */
export function isSliceHash(text: string): text is SliceHash {
  return /^[0-9a-f]{32}$/.test(text);
}

function shortened(digest: Digest): SliceHash {
  return digest.slice(0, 2 * sliceHashBytes) as SliceHash;
}
