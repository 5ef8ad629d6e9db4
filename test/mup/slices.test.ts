import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeAcknowledgement,
  decodeSlice,
  encodeAcknowledgement,
  encodeSlice,
} from '../../src/mup/slices.ts';

const offset = fc.integer({ min: 0, max: 0xffff_ffff });

describe('slices on the wire (mup-protocol §3, Slices)', () => {
  test('a slice is its offset in 4 octets, big-endian, and the bytes', () => {
    expect([...encodeSlice(0x0102_0304, Uint8Array.of(9, 8))]).toEqual([1, 2, 3, 4, 9, 8]);
  });

  test('what is encoded is decoded again, wherever it lies in its buffer', () => {
    fc.assert(
      fc.property(offset, fc.uint8Array({ minLength: 1, maxLength: 50 }), (at, bytes) => {
        const inside = Uint8Array.of(0xff, ...encodeSlice(at, bytes), 0xff).subarray(1, -1);
        expect(decodeSlice(inside)).toEqual({ offset: at, bytes });
        expect(decodeAcknowledgement(encodeAcknowledgement(at))).toBe(at);
      }),
    );
  });

  test('a payload without offset, or without a byte of image, is no slice', () => {
    for (const length of [0, 1, 3, 4]) expect(decodeSlice(new Uint8Array(length))).toBeUndefined();
  });

  test('an acknowledgement has exactly 4 octets', () => {
    for (const length of [0, 3, 5, 8]) expect(decodeAcknowledgement(new Uint8Array(length))).toBeUndefined();
  });
});
