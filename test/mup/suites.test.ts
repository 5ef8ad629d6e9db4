import { describe, expect, test } from '@jest/globals';
import { allSuites, suiteSchemes } from '../../src/mup/adapters/noble-curves.ts';
import { endorse, verifyEndorsement } from '../../src/mup/endorsement.ts';
import { privateKey, type SignatureScheme } from '../../src/mup/signature-scheme.ts';
import {
  extendManifest,
  signManifest,
  verifyInnerSignature,
  verifyOuterSignature,
} from '../../src/mup/signing.ts';
import { isSuiteCode, type SuiteCode, suiteCodes, suites } from '../../src/mup/suites.ts';
import { thrownBy, token, unsigned } from './samples.ts';

const key = (seed: number, suite: SuiteCode) => privateKey(new Uint8Array(32).fill(seed), suite);
const [vendor, server] = [key(11, '2'), key(12, '2')];
const [oldVendor, oldServer] = [key(11, '1'), key(12, '1')];

function asked(): never {
  throw new TypeError('cryptography was asked');
}

/** A scheme that must not be asked. */
const untouched: SignatureScheme = { sign: asked, verify: asked, publicKeyOf: asked };

const manifest = { ...unsigned, suite: '2' };
const signed = signManifest(manifest, vendor, allSuites);
const extended = extendManifest(signed, token, server, allSuites);

describe('suites', () => {
  test('no two have public keys of one length: on the wire the length says the suite', () => {
    const lengths = suiteCodes.map((code) => suites[code].publicKeyBytes);
    expect(new Set(lengths).size).toBe(lengths.length);
    for (const code of suiteCodes) {
      const scheme = suiteSchemes[code];
      expect([scheme.suite, scheme.publicKeyOf(scheme.generate()).length]).toEqual([
        code,
        suites[code].publicKeyBytes,
      ]);
    }
  });

  test.each(['0', '3', '01', ' 1', 'ES256', 'toString', '__proto__', 1, undefined])('%p is none', (code) => {
    expect(isSuiteCode(code)).toBe(false);
  });

  test('a manifest of suite 2 is signed, extended and verified with Ed25519 keys', () => {
    expect(() => verifyInnerSignature(extended, allSuites.publicKeyOf(vendor), allSuites)).not.toThrow();
    expect(() => verifyOuterSignature(extended, allSuites.publicKeyOf(server), allSuites)).not.toThrow();
  });

  test('an unknown suite is refused before any cryptography', () => {
    const unknown = { ...extended, suite: '3' };
    const known = allSuites.publicKeyOf(vendor);
    for (const call of [
      () => signManifest(unknown, vendor, untouched),
      () => extendManifest(unknown, token, server, untouched),
      () => verifyInnerSignature(unknown, known, untouched),
      () => verifyOuterSignature(unknown, known, untouched),
    ])
      expect(thrownBy(call)).toMatchObject({
        code: 'bad-manifest',
        where: 'suite',
        hint: expect.stringContaining('1 (ES256) or 2 (Ed25519)'),
      });
  });

  test('a key of another suite than the manifest’s is refused before any cryptography', () => {
    const wrong = { code: 'wrong-suite', where: 'suite' };
    const other = allSuites.publicKeyOf(oldVendor);
    expect(thrownBy(() => signManifest(manifest, oldVendor, untouched))).toMatchObject(wrong);
    expect(thrownBy(() => extendManifest(signed, token, oldServer, untouched))).toMatchObject(wrong);
    expect(thrownBy(() => verifyInnerSignature(extended, other, untouched))).toMatchObject(wrong);
    expect(thrownBy(() => verifyOuterSignature(extended, other, untouched))).toMatchObject(wrong);
  });

  test('the profile myno, whose signed text names no suite, knows ES256 alone', () => {
    expect(thrownBy(() => signManifest(manifest, vendor, untouched, 'myno'))).toMatchObject({
      code: 'bad-manifest',
      where: 'suite',
    });
  });

  test('an endorsement is within one suite', () => {
    const serverKey = allSuites.publicKeyOf(server);
    const signature = endorse(serverKey, 3, vendor, allSuites);
    const vendorKey = allSuites.publicKeyOf(vendor);
    expect(() => verifyEndorsement({ serverKey, epoch: 3, signature }, vendorKey, allSuites)).not.toThrow();
    expect(thrownBy(() => endorse(serverKey, 3, oldVendor, untouched))).toMatchObject({
      code: 'wrong-suite',
    });
    const oldKey = allSuites.publicKeyOf(oldVendor);
    expect(
      thrownBy(() => verifyEndorsement({ serverKey, epoch: 3, signature }, oldKey, untouched)),
    ).toMatchObject({ code: 'wrong-suite' });
  });
});
