import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fingerprint } from '../../src/base/fingerprint.ts';

describe('the fingerprint of a text', () => {
  test('is 16 hexadecimal digits, the same in every process', () => {
    expect(fingerprint('')).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprint('mup-bridge 2021-01-01')).toBe(fingerprint(['mup-bridge', '2021-01-01'].join(' ')));
  });

  test('differs for texts that differ, however little', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => (fingerprint(a) === fingerprint(b)) === (a === b)),
      { numRuns: 1000 },
    );
    const texts = Array.from({ length: 20_000 }, (_, i) => `mqtt-${i} 2021-01-0${i % 9}`);
    expect(new Set(texts.map(fingerprint)).size).toBe(texts.length);
  });
});
