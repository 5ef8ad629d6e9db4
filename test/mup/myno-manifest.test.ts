import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { fromHex, utf8 } from '../../src/base/bytes.ts';
import type { FieldRole } from '../../src/base/description.ts';
import type { ExtendedManifest } from '../../src/mup/manifest.ts';
import { parseVendorManifest } from '../../src/mup/manifest-json.ts';
import { mynoManifestParts, parseMynoManifest } from '../../src/mup/myno-manifest.ts';
import { root } from '../support/peers.ts';
import { thrownBy, uuid } from './samples.ts';

const vector = JSON.parse(readFileSync(join(root, 'fixtures', 'mup', 'published-vector.json'), 'utf8'));
const manifest: ExtendedManifest = {
  ...parseVendorManifest(utf8(JSON.stringify(vector.manifest))),
  uuid,
  nonce: '123456',
  outerSignature: fromHex(vector.outerSignature) ?? new Uint8Array(),
};
const values: Readonly<Partial<Record<FieldRole, string>>> = {
  appId: 'APP',
  linkOffset: '0',
  imageDigest: vector.manifest.digest,
  imageSize: '100719',
  newVersion: '2',
  oldVersion: '1',
  innerSignature: vector.manifest.innerSignature,
  nonce: '123456',
  outerSignature: vector.outerSignature,
};
const given = (changes: Readonly<Partial<Record<FieldRole, string | undefined>>> = {}) =>
  new Map(
    Object.entries({ ...values, ...changes }).filter(([, value]) => value !== undefined),
  ) as ReadonlyMap<FieldRole, string>;

describe('the manifest of the prototype’s device (mup-protocol §3)', () => {
  test('the published vector, part by part: hash before size, inner signature before nonce', () => {
    expect(mynoManifestParts(manifest)).toEqual([
      '0,APP',
      '1,0',
      `2,${vector.manifest.digest}`,
      '3,100719',
      '4,2',
      '5,1',
      `6,${vector.manifest.innerSignature}`,
      '7,123456',
      `8,${vector.outerSignature}`,
      '9,START-UPDATE',
    ]);
  });

  test('one that a client made is read by the meaning of its values, hex in either case', () => {
    expect(parseMynoManifest(given(), uuid)).toEqual(manifest);
    const upper = { innerSignature: vector.manifest.innerSignature.toUpperCase() };
    expect(parseMynoManifest(given(upper), uuid)).toEqual(manifest);
  });

  test.each([
    ['appId', 'x'.repeat(33)],
    ['appId', 'a,b'],
    ['appId', undefined],
    ['linkOffset', '0x10'],
    ['imageDigest', 'ab'],
    ['imageDigest', undefined],
    ['imageSize', '0100'],
    ['newVersion', '-1'],
    ['oldVersion', ''],
    ['innerSignature', 'ab'.repeat(65)],
    ['nonce', '0123'],
    ['nonce', undefined],
    ['outerSignature', undefined],
  ] as const)('%s = %j never reaches the buffers of the device', (role, value) => {
    const where = role === 'imageDigest' ? 'digest' : role === 'imageSize' ? 'size' : role;
    expect(thrownBy(() => parseMynoManifest(given({ [role]: value }), uuid))).toMatchObject({
      code: 'bad-manifest',
      where,
    });
  });
});
