import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { blockBytes, ImageBlocks } from '../../src/registry/image-blocks.ts';

const one = sha256(Uint8Array.of(1));
const other = sha256(Uint8Array.of(2));

/** Blocks of two octets, the index and a count of reads, and what was read. */
function reading(maxBlocks: number): { blocks: ImageBlocks; reads: string[] } {
  const reads: string[] = [];
  const blocks = new ImageBlocks(async (digest, offset, length) => {
    expect(length).toBe(blockBytes);
    reads.push(`${digest === one ? 'one' : 'other'} ${offset / blockBytes}`);
    return Uint8Array.of(offset / blockBytes, reads.length);
  }, maxBlocks);
  return { blocks, reads };
}

describe('blocks of images', () => {
  test('a block is read once for all that ask while it is read, and is at hand afterwards', async () => {
    const { blocks, reads } = reading(4);
    const asked = await Promise.all([blocks.get(one, 2), blocks.get(one, 2), blocks.get(other, 2)]);
    expect(reads).toEqual(['one 2', 'other 2']);
    expect(asked[0]).toBe(asked[1]);
    expect(blocks.get(one, 2)).toBe(asked[0]);
  });

  test('no more are kept than allowed: what was asked for longest ago goes first', async () => {
    const { blocks, reads } = reading(2);
    await blocks.get(one, 0);
    await blocks.get(one, 1);
    blocks.get(one, 0);
    await blocks.get(one, 2);
    expect(blocks.get(one, 0)).toBeInstanceOf(Uint8Array);
    expect(blocks.get(one, 1)).toBeInstanceOf(Promise);
    expect(reads).toEqual(['one 0', 'one 1', 'one 2', 'one 1']);
  });

  test('what cannot be read is told to all that wait, and is tried again', async () => {
    let fails = true;
    const blocks = new ImageBlocks(async () => {
      if (fails) throw new RangeError('the disk');
      return Uint8Array.of(7);
    }, 2);
    const both = await Promise.allSettled([blocks.get(one, 0), blocks.get(one, 0)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await blocks.get(one, 0)).toEqual(Uint8Array.of(7));
  });
});
