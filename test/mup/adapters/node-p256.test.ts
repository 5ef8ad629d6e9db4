import { describe, expect, test } from '@jest/globals';
import { utf8 } from '../../../src/base/bytes.ts';
import { UsageError } from '../../../src/base/errors.ts';
import { ed25519, es256 } from '../../../src/mup/adapters/noble-curves.ts';
import { quickEs256 } from '../../../src/mup/adapters/node-p256.ts';
import { privateKey } from '../../../src/mup/signature-scheme.ts';

describe('ES256 by OpenSSL', () => {
  test('what it signs is verified by the other implementation, raw r and s, of either parity of s', () => {
    const key = es256.generate();
    const publicKey = es256.publicKeyOf(key);
    for (let i = 0; i < 64; i += 1) {
      const message = utf8(`APP;0;${i}`);
      const signature = quickEs256.sign(message, key);
      expect(signature).toHaveLength(64);
      expect(es256.verify(message, signature, publicKey)).toBe(true);
      expect(es256.verify(utf8(`APP;1;${i}`), signature, publicKey)).toBe(false);
    }
  });

  test('the public key is the one that the other implementation finds', () => {
    for (let i = 0; i < 64; i += 1) {
      const key = es256.generate();
      expect(quickEs256.publicKeyOf(key)).toEqual(es256.publicKeyOf(key));
    }
  });

  test('a key of another suite is none', () => {
    expect(() => quickEs256.publicKeyOf(ed25519.generate())).toThrow(UsageError);
  });

  test.each([
    ['zero', new Uint8Array(32)],
    ['more than the order of the curve', new Uint8Array(32).fill(0xff)],
  ])('%s is no key', (_, bytes) => {
    expect(() => quickEs256.sign(utf8('x'), privateKey(bytes, '1'))).toThrow(UsageError);
    expect(() => quickEs256.publicKeyOf(privateKey(bytes, '1'))).toThrow(UsageError);
  });
});
