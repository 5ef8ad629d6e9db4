import { createPublicKey, sign, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, toHex, utf8 } from '../../../src/base/bytes.ts';
import { privateKeyObject, publicKeyObject } from '../../../src/mup/adapters/key-objects.ts';
import { allSuites, ed25519, es256 } from '../../../src/mup/adapters/noble-curves.ts';
import { type PublicKey, privateKey, publicKey } from '../../../src/mup/signature-scheme.ts';

const octets = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const key = privateKey(new Uint8Array(32).fill(7), '2');
const known = ed25519.publicKeyOf(key);
const message = utf8('a message');
const signature = ed25519.sign(message, key);

/** Order of the base point (RFC 8032 §5.1). */
const order = 2n ** 252n + 27742317777372353535851937790883648493n;

const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes.slice().reverse())}`);
const bytesOf = (value: bigint): Uint8Array => octets(value.toString(16).padStart(64, '0')).reverse();

describe('Ed25519', () => {
  test.each([
    [
      'test 1, no message',
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      'test 2, one octet',
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
  ])('RFC 8032 §7.1, %s', (_, secret, expectedKey, text, expectedSignature) => {
    const pair = privateKey(octets(secret), '2');
    expect(toHex(ed25519.publicKeyOf(pair))).toBe(expectedKey);
    expect(toHex(ed25519.sign(octets(text), pair))).toBe(expectedSignature);
    expect(ed25519.verify(octets(text), octets(expectedSignature), publicKey(octets(expectedKey)))).toBe(
      true,
    );
  });

  test('signatures are 64 octets, public keys 32, private keys 32', () => {
    const fresh = ed25519.generate();
    expect([fresh.suite, fresh.secret.length, ed25519.publicKeyOf(fresh).length]).toEqual(['2', 32, 32]);
    expect(ed25519.verify(message, ed25519.sign(message, fresh), ed25519.publicKeyOf(fresh))).toBe(true);
  });

  test('OpenSSL verifies what we sign, and we what it signs', () => {
    expect(verify(null, message, publicKeyObject(known), signature)).toBe(true);
    expect(toHex(sign(null, message, privateKeyObject(key)))).toBe(toHex(signature));
    expect(createPublicKey(privateKeyObject(key)).equals(publicKeyObject(known))).toBe(true);
  });

  test('a changed message, signature or key does not verify', () => {
    const changed = signature.map((octet, i) => (i === 40 ? octet ^ 1 : octet));
    expect(ed25519.verify(utf8('another message'), signature, known)).toBe(false);
    expect(ed25519.verify(message, changed, known)).toBe(false);
    expect(ed25519.verify(message, signature, ed25519.publicKeyOf(ed25519.generate()))).toBe(false);
  });

  test('S that is not below the order does not verify: one message has one signature (RFC 8032 §5.1.7)', () => {
    const s = littleEndian(signature.subarray(32)) + order;
    const mirrored = Uint8Array.of(...signature.subarray(0, 32), ...bytesOf(s));
    expect(ed25519.verify(message, mirrored, known)).toBe(false);
  });

  test('a key of small order, with which one signature fits all messages, does not verify', () => {
    const identity = bytesOf(1n);
    const fitsAll = Uint8Array.of(...identity, ...new Uint8Array(32));
    expect(ed25519.verify(message, fitsAll, publicKey(identity))).toBe(false);
  });

  test('malformed keys and signatures are false, never an exception', () => {
    const any = fc.uint8Array({ minLength: 0, maxLength: 70 });
    const input = fc.oneof(
      any,
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
    );
    fc.assert(
      fc.property(input, input, (bad, other) => {
        expect(ed25519.verify(message, bad, known)).toBe(false);
        expect(ed25519.verify(message, signature, other as PublicKey)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a key belongs to one suite', () => {
  const other = privateKey(key.secret, '1');
  const otherPublic = es256.publicKeyOf(other);

  test('the same 32 octets are two keys, and each signs in its suite alone', () => {
    expect(toHex(otherPublic)).not.toContain(toHex(known));
    expect(() => es256.sign(message, key)).toThrow(expect.objectContaining({ code: 'bad-key' }));
    expect(() => ed25519.sign(message, other)).toThrow(expect.objectContaining({ code: 'bad-key' }));
    expect(() => ed25519.publicKeyOf(other)).toThrow(expect.objectContaining({ code: 'bad-key' }));
  });

  test('the scheme of all suites signs and verifies with the key’s own', () => {
    for (const [pair, half, scheme] of [
      [key, known, ed25519],
      [other, otherPublic, es256],
    ] as const) {
      const signed = allSuites.sign(message, pair);
      expect(toHex(allSuites.publicKeyOf(pair))).toBe(toHex(half));
      expect(scheme.verify(message, signed, half)).toBe(true);
      expect(allSuites.verify(message, signed, half)).toBe(true);
    }
    expect(allSuites.verify(message, signature, otherPublic)).toBe(false);
  });
});
