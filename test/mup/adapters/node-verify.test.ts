import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, utf8 } from '../../../src/base/bytes.ts';
import { allSuites, ed25519, es256 } from '../../../src/mup/adapters/noble-curves.ts';
import { quickSuites } from '../../../src/mup/adapters/node-p256.ts';
import { type PublicKey, publicKey } from '../../../src/mup/signature-scheme.ts';
import { describeWithSharedData, sharedData } from '../../support/peers.ts';

const octets = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const message = utf8('a message');

/** Octets of a number, the lowest first (RFC 8032 §5.1.2). */
const littleEndian = (value: bigint): Uint8Array => octets(value.toString(16).padStart(64, '0')).reverse();

describe.each([
  ['ES256', es256],
  ['Ed25519', ed25519],
])('%s verified by OpenSSL', (_, scheme) => {
  const key = scheme.generate();
  const known = scheme.publicKeyOf(key);
  const signature = scheme.sign(message, key);

  test('what holds holds, and what was changed does not', () => {
    expect(quickSuites.verify(message, signature, known)).toBe(true);
    expect(quickSuites.verify(utf8('another message'), signature, known)).toBe(false);
    expect(quickSuites.verify(message, signature, scheme.publicKeyOf(scheme.generate()))).toBe(false);
    fc.assert(
      fc.property(fc.nat({ max: 511 }), (bit) => {
        const changed = signature.map((octet, i) => (i === bit >> 3 ? octet ^ (1 << (bit & 7)) : octet));
        expect(quickSuites.verify(message, changed, known)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test('malformed keys and signatures are false, never an exception', () => {
    const sized = (length: number): fc.Arbitrary<Uint8Array> =>
      fc.oneof(
        fc.uint8Array({ minLength: length, maxLength: length }),
        fc.constantFrom(new Uint8Array(length), new Uint8Array(length).fill(0xff)),
      );
    const signatures = fc.oneof(fc.uint8Array({ maxLength: 70 }), sized(64));
    fc.assert(
      fc.property(signatures, sized(known.length), (bad, other) => {
        expect(quickSuites.verify(message, bad, known)).toBe(false);
        expect(quickSuites.verify(message, signature, other as PublicKey)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

describe('Ed25519 keys that OpenSSL takes and RFC 8032 does not, or nobody should', () => {
  const p = 2n ** 255n - 19n;
  /** R the identity and S 0: a signature of every message for a key of small order. */
  const fitsAll = Uint8Array.of(...littleEndian(1n), ...new Uint8Array(32));

  test.each([
    ['of order 1', littleEndian(1n)],
    ['of order 2', littleEndian(p - 1n)],
    ['of order 4', littleEndian(0n)],
    ['that is written as another number, y + p (§5.1.3)', littleEndian(1n + p)],
  ])('one %s does not verify', (_, key) => {
    expect(quickSuites.verify(message, fitsAll, publicKey(key))).toBe(false);
  });
});

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly uncompressed?: string; readonly pk?: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: string;
    }[];
  }[];
}

describeWithSharedData('Wycheproof', () => {
  test.each([
    ['ecdsa_secp256r1_sha256_p1363_test.json', 'by OpenSSL', quickSuites, 200],
    ['ed25519_test.json', 'by OpenSSL', quickSuites, 100],
    ['ed25519_test.json', 'by @noble/curves', allSuites, 100],
  ])('%s, %s: every case has the outcome that it says', (name, _, scheme, least) => {
    const text = readFileSync(join(sharedData, 'wycheproof', name), 'utf8');
    const { testGroups } = JSON.parse(text) as Wycheproof;
    const outcomes = testGroups.flatMap(({ publicKey: { uncompressed, pk }, tests }) =>
      tests.map(({ tcId, comment, msg, sig, result }) => {
        const key = publicKey(
          uncompressed === undefined ? octets(pk ?? '') : octets(uncompressed).subarray(1),
        );
        const found = scheme.verify(octets(msg), octets(sig), key) ? 'valid' : 'invalid';
        return { tcId, comment, found, expected: result };
      }),
    );
    expect(outcomes.length).toBeGreaterThan(least);
    expect(outcomes.filter(({ found, expected }) => found !== expected)).toEqual([]);
  });
});
