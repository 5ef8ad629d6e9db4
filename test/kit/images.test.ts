import { afterEach, expect, test } from '@jest/globals';
import { givenImages } from '../../src/kit/images.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { signManifest } from '../../src/mup/signing.ts';
import { BenchDevice, image, unsigned, vendor } from '../device/bench-device.ts';
import { kitOptions, results, shown } from './bench-kit.ts';

let device: BenchDevice | undefined;
afterEach(() => device?.agent.close());

const imageOf = (newVersion: number) => ({
  bytes: image,
  manifest: signManifest({ ...unsigned, newVersion, oldVersion: 0 }, vendor, es256),
});

test('the images of the maker are taken in the order of their versions, each once, none that is not newer', () => {
  const images = givenImages([imageOf(7), imageOf(2), imageOf(5)]);
  const taken = [2, 2, 2, 2].map((running) => images.newerThan(running)?.manifest.newVersion);
  expect(taken).toEqual([5, 7, undefined, undefined]);
});

test('with one image the device boots that, and the check that needs a second is skipped', async () => {
  device = new BenchDevice();
  const options = { ...kitOptions(device), images: givenImages([imageOf(4)]) };
  const found = await results(device, options, ({ id }) => id.startsWith('update/'));
  const { 'update/interrupted': interrupted, ...others } = Object.fromEntries(
    [...found].map(([id, result]) => [id, shown(result)]),
  );
  expect(new Set(Object.values(others))).toEqual(new Set(['passed']));
  expect(interrupted).toBe('skipped: no image is newer than version 4: give one more with --image');
  expect(device.agent.version).toBe(4);
});
