import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { decodeMynoAcknowledgement, encodeMynoSlice, mynoSliceSize } from '../../src/mup/myno-slices.ts';

describe('slices of the prototype’s device (mup-protocol §3, Slices)', () => {
  test('a slice is its number, a comma, and the bytes as they are', () => {
    expect([...encodeMynoSlice(12, Uint8Array.of(0, 44, 255))]).toEqual([0x31, 0x32, 0x2c, 0, 44, 255]);
  });

  test('an acknowledgement is the number of its slice and OK', () => {
    expect(decodeMynoAcknowledgement(utf8('0,OK'))).toBe(0);
    expect(decodeMynoAcknowledgement(utf8('4294967295,OK'))).toBe(0xffff_ffff);
  });

  test.each(['', 'OK', ',OK', '1,ERROR', '1,OK ', '01,OK', '-1,OK', '4294967296,OK', '1;OK', '1,OK\n'])(
    '%j is no acknowledgement',
    (text) => {
      expect(decodeMynoAcknowledgement(utf8(text))).toBeUndefined();
    },
  );

  test('the length of a slice is the greatest with which no slice of the image has a size that may not be', () => {
    const image = fc.integer({ min: 1, max: 30_000 });
    const wanted = fc.integer({ min: 1, max: 1500 });
    const refused = fc.uniqueArray(fc.integer({ min: 4, max: 1100 }), { maxLength: 30 });
    fc.assert(
      fc.property(image, wanted, refused, (size, most, sizes) => {
        const bad = (length: number): boolean => {
          for (let n = 0; n * length < size; n += 1)
            if (sizes.includes(`${n},`.length + Math.min(length, size - n * length))) return true;
          return false;
        };
        const length = mynoSliceSize(size, most, (bytes) => !sizes.includes(bytes)) ?? 0;
        expect(length === 0 || !bad(length)).toBe(true);
        for (let longer = length + 1; longer <= Math.min(most, size); longer += 1)
          expect(bad(longer)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('no length at all, where nothing passes', () => {
    expect(mynoSliceSize(100, 50, () => false)).toBeUndefined();
  });
});
