import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fromBase64, toBase64 } from '../../src/base/base64.ts';

describe('base64 (RFC 4648 section 4)', () => {
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('vector of section 10: %j is %j', (text, encoded) => {
    const bytes = new TextEncoder().encode(text);
    expect(toBase64(bytes)).toBe(encoded);
    expect(fromBase64(encoded)).toEqual(bytes);
  });

  test.each(['Zg', 'Zg=', 'Zh==', 'Zm9=', 'Zg==\n', ' Zg==', 'Z===', '====', 'Zm-_', 'Zg==Zg=='])(
    '%j is not canonical base64',
    (text) => {
      expect(fromBase64(text)).toBeUndefined();
    },
  );

  test('decoding reverses encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
        expect(fromBase64(toBase64(bytes))).toEqual(bytes),
      ),
    );
  });

  test('more bytes than fit one call of String.fromCharCode', () => {
    const bytes = new Uint8Array(300_001).fill(0xfb);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });
});
