import { describe, expect, test } from '@jest/globals';
import { createNonce, isNonce, parseToken } from '../../src/mup/token.ts';
import { token } from './samples.ts';

const texts = { uuid: token.uuid, nonce: token.nonce, version: '1' };

describe('the device token (mup-protocol §3, steps 1–2)', () => {
  test('mup: the nonce is 16 octets in lower-case hex', () => {
    expect(isNonce(token.nonce, 'mup')).toBe(true);
    for (const nonce of ['', '123456', token.nonce.slice(1), `${token.nonce}0`, token.nonce.toUpperCase()])
      expect(isNonce(nonce, 'mup')).toBe(false);
  });

  test('myno: the nonce is a decimal', () => {
    expect(isNonce('123456', 'myno')).toBe(true);
    for (const nonce of ['', '012', '-1', '1.5', 'ff', '1;2', '9'.repeat(21)])
      expect(isNonce(nonce, 'myno')).toBe(false);
  });

  test('a fresh nonce is 16 random octets', () => {
    expect(createNonce((length) => new Uint8Array(length).fill(0xab))).toBe('ab'.repeat(16));
  });

  test('is read from its texts', () => {
    expect(parseToken(texts, 'mup')).toEqual(token);
    expect(parseToken({ ...texts, nonce: '123456' }, 'myno')).toEqual({ ...token, nonce: '123456' });
  });

  test.each([
    ['uuid', 'a/b'],
    ['uuid', ''],
    ['nonce', '123456'],
    ['version', '01'],
    ['version', '-1'],
    ['version', '4294967296'],
    ['version', 'x'.repeat(100_000)],
  ])('a %s of %p is refused, and the error says which part is wrong', (part, value) => {
    expect(() => parseToken({ ...texts, [part]: value }, 'mup')).toThrow(
      expect.objectContaining({ code: 'bad-token', where: part }),
    );
  });
});
