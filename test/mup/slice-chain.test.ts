import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { concatBytes, toHex } from '../../src/base/bytes.ts';
import { decodeAuthenticatedSlice, encodeAuthenticatedSlice } from '../../src/mup/authenticated-slices.ts';
import { parseChainHead } from '../../src/mup/chain-head.ts';
import { ChainedSlices, type ReadableImage, SliceChain } from '../../src/mup/slice-chain.ts';
import { chainedPayloads } from '../support/vectors/slice-chain-vectors.ts';

const content = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

/** An image of which nothing is at hand at once, unless it is `ready`. */
function imageOf(octets: Uint8Array, ready = true): ReadableImage & { reads: number } {
  return {
    digest: sha256(octets),
    size: octets.length,
    reads: 0,
    read(offset, length) {
      this.reads += 1;
      const part = octets.subarray(offset, offset + length);
      return ready ? part : Promise.resolve(part);
    },
  };
}

async function payloadsSent(
  image: ReadableImage,
  chain: SliceChain,
  order: readonly number[],
): Promise<string[]> {
  const slices = new ChainedSlices(chain, image);
  const sent: string[] = [];
  for (const n of order) {
    const offset = n * chain.sliceSize;
    sent.push(toHex(await slices.payload(offset, Math.min(chain.sliceSize, image.size - offset))));
  }
  return sent;
}

describe('the chain of slices (ADR 28)', () => {
  test('is the one that the last slice begins, and its head names the first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (size, sliceSize, ready) => {
          const octets = content(size);
          const image = imageOf(octets, ready);
          const chain = await SliceChain.of(image, sliceSize, sha256);
          const wanted = chainedPayloads(octets, sliceSize);
          expect(chain.head).toEqual({ sliceSize, hash: wanted.first });
          const order = wanted.payloads.map((_, n) => n);
          expect(await payloadsSent(image, chain, order)).toEqual(wanted.payloads);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('gives each slice in whatever order it is asked for', async () => {
    const octets = content(3000);
    const image = imageOf(octets);
    const chain = await SliceChain.of(image, 10, sha256);
    const { payloads } = chainedPayloads(octets, 10);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(299), { maxLength: 20 }), async (order) => {
        expect(await payloadsSent(image, chain, order)).toEqual(order.map((n) => payloads[n]));
      }),
    );
  });

  test('is computed at once where the octets are in memory and their hashes known', async () => {
    const image = imageOf(content(3000));
    const slices = new ChainedSlices(await SliceChain.of(image, 10, sha256), image);
    expect(slices.payload(0, 10)).toBeInstanceOf(Promise);
    await slices.payload(0, 10);
    expect(slices.payload(10, 10)).toBeInstanceOf(Uint8Array);
  });

  test('reads each octet three times at most in a transfer: for the manifest, for its hashes, to be sent', async () => {
    const image = imageOf(content(3000));
    const chain = await SliceChain.of(image, 10, sha256);
    await payloadsSent(
      image,
      chain,
      Array.from({ length: 300 }, (_, n) => n),
    );
    expect(image.reads).toBe(900);
  });

  test('an image that has changed meanwhile is not sent', async () => {
    const octets = content(3000);
    const chain = await SliceChain.of(imageOf(octets), 10, sha256);
    const image = { ...imageOf(octets), read: () => Uint8Array.of(1, 2, 3) };
    await expect(new ChainedSlices(chain, image).payload(0, 10)).rejects.toThrow(
      expect.objectContaining({ code: 'image-damaged' }),
    );
  });
});

describe('authenticated slices on the wire (ADR 28)', () => {
  test('what is encoded is decoded again, wherever it lies in its buffer', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ minLength: 1, maxLength: 50 }),
        (offset, next, bytes) => {
          const payload = encodeAuthenticatedSlice(offset, next, bytes);
          const inside = concatBytes([Uint8Array.of(0xff), payload, Uint8Array.of(0xff)]).subarray(1, -1);
          expect(decodeAuthenticatedSlice(inside)).toEqual({ offset, next: toHex(next), bytes });
        },
      ),
    );
  });

  test('a payload without an octet of image is no slice', () => {
    for (const length of [0, 4, 19, 20])
      expect(decodeAuthenticatedSlice(new Uint8Array(length))).toBeUndefined();
  });

  test.each([
    ['', ''],
    ['0', 'a'.repeat(32)],
    ['010', 'a'.repeat(32)],
    ['4294967296', 'a'.repeat(32)],
    ['10', 'A'.repeat(32)],
    ['10', 'a'.repeat(31)],
    ['10', `${'a'.repeat(32)}\n`],
  ])('slices of %s octets and the hash %j are no promise', (sliceSize, hash) => {
    expect(parseChainHead(sliceSize, hash)).toBeUndefined();
  });
});
