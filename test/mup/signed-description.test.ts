import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { decodeUtf8, toHex, utf8 } from '../../src/base/bytes.ts';
import { MupError } from '../../src/base/errors.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { allSuites, ed25519, es256 } from '../../src/mup/adapters/noble-curves.ts';
import {
  isSignedDescription,
  parseSignedDescription,
  signDescription,
  signedDescriptionText,
  verifySignedDescription,
} from '../../src/mup/signed-description.ts';

const uuid = deviceUuid('F97DF79-8A12-4F4F-8F69-6B8F3C2E78DD');
const deps = { scheme: allSuites, sha256 };
const octets = utf8('{"a description": "of %s"}');

describe.each([
  ['ES256', es256.generate()],
  ['Ed25519', ed25519.generate()],
])('a description signed in the suite %s (ADR 29)', (_, key) => {
  const signed = signDescription(uuid, octets, 7, key, deps);

  test('holds, and brings the octets back as they were', () => {
    const parsed = parseSignedDescription(signed);
    expect(parsed).toMatchObject({ counter: 7, key: allSuites.publicKeyOf(key) });
    expect(decodeUtf8(parsed.octets)).toBe(decodeUtf8(octets));
    expect(() => verifySignedDescription(uuid, parsed, deps)).not.toThrow();
  });

  test('does not hold for another device', () => {
    const parsed = parseSignedDescription(signed);
    expect(() => verifySignedDescription(deviceUuid('dev-2'), parsed, deps)).toThrow(
      expect.objectContaining({ code: 'bad-signature' }),
    );
  });

  test('holds no more when any one bit of it is another', () => {
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.nat(7), (at, bit) => {
        const changed = signed.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        if (!isSignedDescription(changed)) return;
        expect(() => verifySignedDescription(uuid, parseSignedDescription(changed), deps)).toThrow(
          expect.objectContaining({ code: 'bad-signature' }),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('is not signed once more', () => {
    expect(() => signDescription(uuid, signed, 8, key, deps)).toThrow(
      expect.objectContaining({ code: 'already-signed' }),
    );
  });
});

describe('signed descriptions', () => {
  const key = es256.publicKeyOf(es256.generate());

  test('the signed text has a domain of its own and names the device, the counter, the key and the digest', () => {
    expect(signedDescriptionText(uuid, { counter: 3, key }, sha256(octets))).toBe(
      `MUP-DESCRIPTION;${uuid};3;${toHex(key)};${sha256(octets)}`,
    );
  });

  test.each([-1, 1.5, 2 ** 32])('%p is no counter', (counter) => {
    expect(() => signDescription(uuid, octets, counter, es256.generate(), deps)).toThrow(
      expect.objectContaining({ code: 'bad-counter' }),
    );
  });

  test('what a description may begin with is no signature', () => {
    for (const start of ['{', '[', ' ', '\x78\x9c', 'sha256:', 'MUP-SIGNE', ''])
      expect(isSignedDescription(utf8(start))).toBe(false);
  });

  test.each([
    ['nothing', ''],
    ['a counter with leading zeros', `07;${toHex(key)};${'0'.repeat(128)};`],
    ['a counter of 33 bits', `4294967296;${toHex(key)};${'0'.repeat(128)};`],
    ['hex in upper case', `7;${toHex(key).toUpperCase()};${'0'.repeat(128)};`],
    ['a key of no suite', `7;${'0'.repeat(126)};${'0'.repeat(128)};`],
    ['a short signature', `7;${toHex(key)};${'0'.repeat(126)};`],
    ['no end', `7;${toHex(key)};${'0'.repeat(128)}`],
  ])('a header with %s is malformed', (_, rest) => {
    expect(() => parseSignedDescription(utf8(`MUP-SIGNED;${rest}`))).toThrow(
      expect.objectContaining({ code: 'bad-signature' }),
    );
  });

  test('no octets after the magic make it throw anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (rest) => {
        try {
          parseSignedDescription(Uint8Array.of(...utf8('MUP-SIGNED;'), ...rest));
        } catch (error) {
          expect(error).toBeInstanceOf(MupError);
        }
      }),
    );
  });
});
