import type { RunningSha256 } from '../base/adapters/node-runtime.ts';
import { toHex } from '../base/bytes.ts';
import type { SliceHash } from '../base/ids.ts';
import {
  encodeAuthenticatedSlice,
  type SliceChainHead,
  sliceHash,
  sliceHashBytes,
} from '../mup/authenticated-slices.ts';

type StartSha256 = () => RunningSha256;
type Parts = AsyncIterable<Uint8Array>;

/** Whether a payload is the slice that the one before it, or the manifest, has named (ADR 28). */
export function isExpectedSlice(payload: Uint8Array, expected: SliceHash, startSha256: StartSha256): boolean {
  const digest = (bytes: Uint8Array) => {
    const running = startSha256();
    running.update(bytes);
    return running.digest();
  };
  return sliceHash(payload, digest) === expected;
}

/** What of a download is as the update server sent it. */
export interface CheckedDownload {
  /** Octets: whole slices, from the image's beginning. */
  readonly received: number;
  readonly hash: RunningSha256;
  /** What the slice after them has to be. */
  readonly expected: SliceHash;
}

/**
 * Follows the chain of slices from the manifest through what a slot and the hashes beside it hold, as far as it goes:
 * what a power cut left of the last writes is not taken for a part of the image.
 * @param size octets of the image
 */
export async function checkDownload(
  head: SliceChainHead,
  size: number,
  held: { readonly slot: Parts; readonly hashes: Parts },
  startSha256: StartSha256,
): Promise<CheckedDownload> {
  const slices = pieces(held.slot, head.sliceSize)[Symbol.asyncIterator]();
  const hash = startSha256();
  let received = 0;
  let expected = head.hash;
  for await (const next of pieces(held.hashes, sliceHashBytes)) {
    const bytes = (await slices.next()).value;
    // Less than a slice is none, unless it is the image's last.
    if (bytes === undefined || next.length < sliceHashBytes) break;
    if (bytes.length !== Math.min(head.sliceSize, size - received)) break;
    if (!isExpectedSlice(encodeAuthenticatedSlice(received, next, bytes), expected, startSha256)) break;
    hash.update(bytes);
    received += bytes.length;
    expected = toHex(next) as SliceHash;
  }
  await slices.return?.(undefined);
  return { received, hash, expected };
}

/** The same octets in pieces of so many; the last may be shorter. */
async function* pieces(parts: Parts, length: number): AsyncGenerator<Uint8Array, undefined> {
  let held = new Uint8Array(0);
  for await (const part of parts) {
    const joined = new Uint8Array(held.length + part.length);
    joined.set(held);
    joined.set(part, held.length);
    let at = 0;
    for (; at + length <= joined.length; at += length) yield joined.subarray(at, at + length);
    held = joined.subarray(at);
  }
  if (held.length > 0) yield held;
}
