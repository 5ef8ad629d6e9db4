import { expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import type { FieldRole } from '../../src/base/description.ts';
import { cutFor } from '../../src/cli/update-slices.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { signManifest } from '../../src/mup/signing.ts';
import { image, unsigned, uuid, vendor } from '../device/bench-device.ts';
import { chainedPayloads } from '../support/vectors/slice-chain-vectors.ts';

const manifest = signManifest(unsigned, vendor, es256);
const settings = { sliceSizeBytes: 300 };

function deviceWith(...roles: FieldRole[]): Parameters<typeof cutFor>[0] {
  const leaves = new Map(roles.map((role) => [role, role.toUpperCase()]));
  return { uuid, operations: new Map([['manifest', { rpc: 'announce', leaves }]]) };
}

test('a manifest for a device that authenticates slices names the first of them', async () => {
  const device = deviceWith('imageDigest', 'sliceSize', 'sliceHash');
  const { first } = chainedPayloads(image, 300);
  expect(await cutFor(device, { manifest, image }, settings, sha256)).toEqual({
    slices: { sliceSize: 300, hash: first },
  });
});

test('one for another device says nothing of slices', async () => {
  expect(await cutFor(deviceWith('imageDigest'), { manifest, image: undefined }, settings, sha256)).toEqual(
    {},
  );
});

test('without the image there is nothing to hash, and the error says what to do', async () => {
  await expect(
    cutFor(deviceWith('sliceHash'), { manifest, image: undefined }, settings, sha256),
  ).rejects.toMatchObject({ code: 'image-required' });
});
