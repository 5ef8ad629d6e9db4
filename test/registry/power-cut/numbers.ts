import { sha256 } from '../../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../../src/base/bytes.ts';

/** Numbers from 0 to below 1 that are always the same for a seed. */
export function numbers(seed: number): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    return Number.parseInt(sha256(utf8(`${seed}/${drawn}`)).slice(0, 8), 16) / 2 ** 32;
  };
}
