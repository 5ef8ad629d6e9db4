import { describe, expect, test } from '@jest/globals';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { ExtendedManifest } from '../../src/mup/manifest.ts';
import { SignatureError } from '../../src/mup/signature-scheme.ts';
import {
  extendManifest,
  signManifest,
  verifyInnerSignature,
  verifyOuterSignature,
} from '../../src/mup/signing.ts';
import { serverKey, serverPublic, thrownBy, token, unsigned, vendorKey, vendorPublic } from './samples.ts';

const manifest = signManifest(unsigned, vendorKey, es256);
const extended = extendManifest(manifest, token, serverKey, es256);

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte));

const changes: Partial<ExtendedManifest>[] = [
  { appId: 'lamp.v3' },
  { linkOffset: 0 },
  { digest: `${unsigned.digest.slice(0, 63)}c` as ExtendedManifest['digest'] },
  { size: 87_801 },
  { newVersion: 3 },
  { oldVersion: 1 },
  { innerSignature: flip(manifest.innerSignature) },
];

describe.each(['mup', 'myno'] as const)('signatures of a manifest, profile %s', (profile) => {
  const nonce = profile === 'mup' ? token.nonce : '123456';

  test('what vendor and update server sign verifies with their keys', () => {
    const signed = signManifest(unsigned, vendorKey, es256, profile);
    verifyInnerSignature(signed, vendorPublic, es256, profile);
    const bound = extendManifest(signed, { ...token, nonce }, serverKey, es256, profile);
    verifyOuterSignature(bound, serverPublic, es256, profile);
  });
});

describe('signatures of a manifest', () => {
  test.each(changes)('the inner signature covers every field: %p', (change) => {
    const error = thrownBy(() => verifyInnerSignature({ ...manifest, ...change }, vendorPublic, es256));
    expect(error).toBeInstanceOf(SignatureError);
    expect(error).toMatchObject({ code: 'inner-signature-invalid', where: 'innerSignature' });
  });

  test.each([
    ...changes,
    { nonce: 'f'.repeat(32) },
    { uuid: 'another-device' },
    { outerSignature: flip(extended.outerSignature) },
    { outerSignature: new Uint8Array(0) },
  ])('the outer signature covers the inner one, the device and the nonce: %p', (change) => {
    expect(() => verifyOuterSignature({ ...extended, ...change }, serverPublic, es256)).toThrow(
      expect.objectContaining({ code: 'outer-signature-invalid' }),
    );
  });

  test('the vendor’s signature does not stand in for the update server’s, nor the other way round', () => {
    expect(() => verifyOuterSignature(extended, vendorPublic, es256)).toThrow(SignatureError);
    expect(() => verifyInnerSignature(manifest, serverPublic, es256)).toThrow(SignatureError);
  });

  test('mix-and-match: the outer signature of one manifest does not hold for another', () => {
    const other = signManifest({ ...unsigned, newVersion: 9 }, vendorKey, es256);
    expect(() => verifyOuterSignature({ ...extended, ...other }, serverPublic, es256)).toThrow(
      SignatureError,
    );
  });

  test('nothing but the manifest’s own fields is carried along', () => {
    expect(signManifest({ ...unsigned, extra: 1 } as never, vendorKey, es256)).toEqual(manifest);
  });
});
