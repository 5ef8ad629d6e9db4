import { isSliceHash, type SliceChainHead } from './authenticated-slices.ts';
import { parseUint32 } from './manifest-fields.ts';

/** What the texts of a manifest say of the slices, or `undefined` when they are none (ADR 28). */
export function parseChainHead(sliceSize: string, hash: string): SliceChainHead | undefined {
  const octets = parseUint32(sliceSize);
  return octets === undefined || octets === 0 || !isSliceHash(hash) ? undefined : { sliceSize: octets, hash };
}
