import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toHex } from '../../src/base/bytes.ts';
import type { UnsignedManifest } from '../../src/mup/manifest.ts';
import { parseUint32 } from '../../src/mup/manifest-fields.ts';
import { innerText, outerText } from '../../src/mup/manifest-text.ts';
import { anyManifest, token, unsigned } from './samples.ts';

const signed = { ...unsigned, innerSignature: new Uint8Array(64).fill(7) };

describe('the signed texts (mup-protocol §3)', () => {
  test('mup: the inner text is suite;appId;linkOffset;digest;size;newVersion;oldVersion', () => {
    expect(innerText(unsigned, 'mup')).toBe(`1;lamp.v2;4096;${'ab'.repeat(32)};87800;2;0`);
  });

  test('mup: the outer text adds inner signature, UUID and nonce', () => {
    expect(outerText(signed, token, 'mup')).toBe(
      `${innerText(unsigned, 'mup')};${toHex(signed.innerSignature)};${token.uuid};${token.nonce}`,
    );
  });

  test('two manifests never share one text', () => {
    fc.assert(
      fc.property(anyManifest, anyManifest, (a, b) => {
        expect(innerText(a, 'mup') === innerText(b, 'mup')).toBe(JSON.stringify(a) === JSON.stringify(b));
        const fields = innerText(a, 'mup').split(';');
        expect(fields).toHaveLength(7);
        expect(fields.slice(4).map(parseUint32)).toEqual([a.size, a.newVersion, a.oldVersion]);
      }),
    );
  });

  test.each([
    ['appId', 'lamp;0'],
    ['appId', ''],
    ['appId', 'x'.repeat(33)],
    ['appId', 'lamp\n'],
    ['linkOffset', -1],
    ['linkOffset', 1.5],
    ['size', 0],
    ['size', 2 ** 32],
    ['newVersion', Number.NaN],
    ['oldVersion', 1e21],
    ['suite', '3'],
    ['digest', 'AB'.repeat(32)],
  ])('a field that breaks its rule is not signed: %s %p', (field, value) => {
    const manifest = { ...unsigned, [field]: value } as UnsignedManifest;
    expect(() => innerText(manifest, 'mup')).toThrow(
      expect.objectContaining({ code: 'bad-manifest', where: field }),
    );
  });

  test.each([
    [{ ...token, uuid: 'a;b' }, 'uuid'],
    [{ ...token, nonce: '123456' }, 'nonce'],
    [{ ...token, nonce: `${token.nonce};x` }, 'nonce'],
    [{ ...token, nonce: token.nonce.toUpperCase() }, 'nonce'],
  ])('a token that breaks its rule is not signed: %p', (bad, where) => {
    expect(() => outerText(signed, bad, 'mup')).toThrow(
      expect.objectContaining({ code: 'bad-token', where }),
    );
  });
});

describe('numbers on the wire', () => {
  test('are decimal without sign, space or leading zeros, and fit 32 bits', () => {
    expect(['0', '1', '4294967295'].map(parseUint32)).toEqual([0, 1, 4294967295]);
    for (const text of ['', '00', '01', '+1', '-1', ' 1', '1 ', '1.0', '1e3', '0x1', '4294967296', '١'])
      expect(parseUint32(text)).toBeUndefined();
  });
});
