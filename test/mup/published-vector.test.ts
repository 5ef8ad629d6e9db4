import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { fromHex, utf8 } from '../../src/base/bytes.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { ExtendedManifest } from '../../src/mup/manifest.ts';
import { parseVendorManifest } from '../../src/mup/manifest-json.ts';
import { innerText, outerText } from '../../src/mup/manifest-text.ts';
import { type PublicKey, publicKey } from '../../src/mup/signature-scheme.ts';
import { verifyInnerSignature, verifyOuterSignature } from '../../src/mup/signing.ts';
import { root } from '../support/peers.ts';
import { uuid } from './samples.ts';

const vector = JSON.parse(readFileSync(join(root, 'fixtures', 'mup', 'published-vector.json'), 'utf8'));
const manifest = parseVendorManifest(utf8(JSON.stringify(vector.manifest)));
const octets = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const key = (hex: string): PublicKey => publicKey(octets(hex));
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const extended: ExtendedManifest = {
  ...manifest,
  uuid,
  nonce: vector.nonce,
  outerSignature: octets(vector.outerSignature),
};

describe('the published test vector (mup-protocol §3, profile myno)', () => {
  test('its inner text comes from its fields', () => {
    const text = innerText(manifest, 'myno');
    expect(text).toBe(vector.signedInnerText);
    expect(sha256(text)).toBe(vector.signedInnerTextSha256);
  });

  test('its outer text is the inner text, the inner signature and the nonce', () => {
    const expected = `${vector.signedInnerText};${vector.manifest.innerSignature};123456`;
    expect(outerText(manifest, extended, 'myno')).toBe(expected);
    expect(sha256(expected)).toBe(vector.signedOuterTextSha256);
  });

  test('both signatures verify', () => {
    verifyInnerSignature(manifest, key(vector.vendorKey), es256, 'myno');
    verifyOuterSignature(extended, key(vector.serverKey), es256, 'myno');
  });

  test('neither verifies with the other key, in the other profile, or with another nonce', () => {
    const inner = { code: 'inner-signature-invalid' };
    const outer = { code: 'outer-signature-invalid' };
    const vendor = key(vector.vendorKey);
    const server = key(vector.serverKey);
    expect(() => verifyInnerSignature(manifest, server, es256, 'myno')).toThrow(
      expect.objectContaining(inner),
    );
    expect(() => verifyInnerSignature(manifest, vendor, es256, 'mup')).toThrow(
      expect.objectContaining(inner),
    );
    expect(() => verifyOuterSignature(extended, vendor, es256, 'myno')).toThrow(
      expect.objectContaining(outer),
    );
    expect(() => verifyOuterSignature({ ...extended, nonce: '123457' }, server, es256, 'myno')).toThrow(
      expect.objectContaining(outer),
    );
  });
});
