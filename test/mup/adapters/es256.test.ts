import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, utf8 } from '../../../src/base/bytes.ts';
import { es256 } from '../../../src/mup/adapters/noble-curves.ts';
import { type PublicKey, privateKey, publicKey } from '../../../src/mup/signature-scheme.ts';
import { describeWithSharedData, sharedData } from '../../support/peers.ts';
import { keyOf, vendorKey, vendorPublic } from '../samples.ts';

const octets = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const message = utf8('a message');
const signature = es256.sign(message, vendorKey);

/** Order of the group of secp256r1 (SEC 2 §2.4.2). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

describe('ES256', () => {
  test('signatures are 64 octets, public keys 64, private keys 32', () => {
    const key = es256.generate();
    expect([es256.sign(message, key).length, es256.publicKeyOf(key).length, key.secret.length]).toEqual([
      64, 64, 32,
    ]);
    expect(es256.verify(message, es256.sign(message, key), es256.publicKeyOf(key))).toBe(true);
  });

  test('OpenSSL verifies what we sign', () => {
    const [x, y] = [vendorPublic.subarray(0, 32), vendorPublic.subarray(32)].map((half) =>
      Buffer.from(half).toString('base64url'),
    );
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: `${x}`, y: `${y}` }, format: 'jwk' });
    expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  test('any s is accepted: micro-ecc does not normalise', () => {
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
    const mirrored = octets((order - s).toString(16).padStart(64, '0'));
    expect(
      es256.verify(message, Uint8Array.of(...signature.subarray(0, 32), ...mirrored), vendorPublic),
    ).toBe(true);
  });

  test('a changed message, signature or key does not verify', () => {
    expect(es256.verify(utf8('another message'), signature, vendorPublic)).toBe(false);
    expect(es256.verify(message, signature, es256.publicKeyOf(keyOf(9)))).toBe(false);
    expect(
      es256.verify(
        message,
        signature.map((byte, i) => (i === 63 ? byte ^ 1 : byte)),
        vendorPublic,
      ),
    ).toBe(false);
  });

  test('malformed keys and signatures are false, never an exception', () => {
    const any = fc.uint8Array({ minLength: 0, maxLength: 70 });
    const sized = fc.uint8Array({ minLength: 64, maxLength: 64 });
    const extreme = fc.constantFrom(
      new Uint8Array(64),
      new Uint8Array(64).fill(0xff),
      new Uint8Array(65).fill(4),
    );
    const input = fc.oneof(any, sized, extreme);
    fc.assert(
      fc.property(input, input, (bad, key) => {
        expect(es256.verify(message, bad, vendorPublic)).toBe(false);
        expect(es256.verify(message, signature, key as PublicKey)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test('0, the order and what is above it are no private keys', () => {
    for (const value of [0n, order, order + 1n, 2n ** 256n - 1n]) {
      const key = privateKey(octets(value.toString(16).padStart(64, '0')), '1');
      expect(() => es256.sign(message, key)).toThrow(expect.objectContaining({ code: 'bad-key' }));
      expect(() => es256.publicKeyOf(key)).toThrow(expect.objectContaining({ code: 'bad-key' }));
    }
  });

  test('keys of another size are refused where they are marked', () => {
    for (const mark of [publicKey, (bytes: Uint8Array) => privateKey(bytes, '1')])
      expect(() => mark(new Uint8Array(33))).toThrow(expect.objectContaining({ code: 'bad-key' }));
  });
});

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly uncompressed: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: string;
    }[];
  }[];
}

describeWithSharedData('Wycheproof, ECDSA secp256r1 SHA-256 P1363', () => {
  test('every case has the outcome that it says', () => {
    const file = join(sharedData, 'wycheproof', 'ecdsa_secp256r1_sha256_p1363_test.json');
    const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as Wycheproof;
    const outcomes = testGroups.flatMap(({ publicKey: { uncompressed }, tests }) =>
      tests.map(({ tcId, comment, msg, sig, result }) => {
        const key = publicKey(octets(uncompressed).subarray(1));
        const found = es256.verify(octets(msg), octets(sig), key) ? 'valid' : 'invalid';
        return { tcId, comment, found, expected: result };
      }),
    );
    expect(outcomes.length).toBeGreaterThan(200);
    expect(outcomes.filter(({ found, expected }) => found !== expected)).toEqual([]);
  });
});
