import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { PeerError } from '../../src/base/errors.ts';
import { type ImageSource, inlineImage, storedImage } from '../../src/bridge/image-source.ts';
import { blockBytes, ImageBlocks } from '../../src/registry/image-blocks.ts';

const size = 3 * blockBytes + 1000;
const image = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 9)) & 0xff);
const digest = sha256(image);

function stored(content = image): { source: ImageSource; reads: () => number } {
  let reads = 0;
  const blocks = new ImageBlocks(async (_, offset, length) => {
    reads += 1;
    return content.slice(offset, offset + length);
  }, 2);
  const images = { block: blocks.get.bind(blocks) };
  return { source: storedImage(images, digest, size), reads: () => reads };
}

describe('the octets of an image as they are sent', () => {
  test('any part of it is what stands there, wherever blocks end', async () => {
    const part = fc
      .integer({ min: 0, max: size - 1 })
      .chain((offset) => fc.tuple(fc.constant(offset), fc.integer({ min: 1, max: size - offset })));
    await fc.assert(
      fc.asyncProperty(part, async ([offset, length]) => {
        const expected = Buffer.from(image.subarray(offset, offset + length));
        expect(expected.equals(await stored().source.read(offset, length))).toBe(true);
        expect(expected.equals(await inlineImage(digest, image).read(offset, length))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('one after the other, each block is read once, and slices in a block that was read come at once', async () => {
    const { source, reads } = stored();
    let waited = 0;
    for (let offset = 0; offset < size; offset += 600) {
      const slice = source.read(offset, Math.min(600, size - offset));
      if (slice instanceof Promise) waited += 1;
      await slice;
    }
    expect(reads()).toBe(4);
    // The first of all, and one over the end of each block but the last.
    expect(waited).toBe(4);
  });

  test('an image that is shorter than its manifest says is damaged, not sent in part', async () => {
    const { source } = stored(image.subarray(0, size - 1));
    await expect(source.read(size - 600, 600)).rejects.toMatchObject({ code: 'image-damaged' });
    expect(() => source.read(size - 600, 600)).toThrow(PeerError);
  });
});
