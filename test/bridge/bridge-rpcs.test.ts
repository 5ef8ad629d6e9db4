import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toBase64 } from '../../src/base/base64.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { formatVendorManifest } from '../../src/mup/manifest-json.ts';
import { signManifest } from '../../src/mup/signing.ts';
import type { RpcInput, RpcOutput } from '../../src/netconf/backend.ts';
import { toRpcError } from '../../src/netconf/to-rpc-error.ts';
import { image, unsigned, uuid, vendor } from '../device/bench-device.ts';
import { BenchUpdate, idOf } from './bench-update.ts';

const manifest = formatVendorManifest(signManifest({ ...unsigned, oldVersion: 0 }, vendor, es256));

describe('update-firmware with an image that comes along (yang/mup-bridge.yang)', () => {
  let both: BenchUpdate;

  const call = (name: string, input: RpcInput): Promise<RpcOutput> =>
    both.bench.call('mup-bridge', name, input);
  const failure = async (pending: Promise<unknown>): Promise<unknown> => {
    const thrown: unknown = await pending.catch((error: unknown) => error);
    const { error, unforeseen } = toRpcError(thrown);
    expect(unforeseen).toBe(false);
    return error;
  };

  beforeEach(async () => {
    both = await BenchUpdate.start({
      images: { ...defaultConfig.images, maxImageBytes: 5000, maxImages: 1, maxManifestBytes: 2000 },
    });
  });
  afterEach(() => both.close());

  test('the image is kept, and the device updated', async () => {
    const job = idOf(await call('update-firmware', { device: uuid, image: toBase64(image), manifest }));
    await both.reaches(job, 'succeeded');
    expect((await both.bench.images.list()).map((one) => one.manifest.digest)).toEqual([unsigned.digest]);
  });

  test.each([
    ['no JSON', image, '{', 'invalid-value', 'bad-manifest'],
    ['no manifest', image, '{}', 'invalid-value', 'bad-manifest'],
    [
      'a manifest over images.maxManifestBytes',
      image,
      manifest.padEnd(2001),
      'invalid-value',
      'bad-manifest',
    ],
    ['a manifest of another image', image.subarray(1), manifest, 'invalid-value', 'image-mismatch'],
    ['an image over images.maxImageBytes', new Uint8Array(5001), manifest, 'too-big', 'image-too-big'],
  ])('%s is refused', async (_, content, text, tag, code) => {
    const call1 = call('update-firmware', { device: uuid, image: toBase64(content), manifest: text });
    expect(await failure(call1)).toMatchObject({ tag, code });
    expect(await both.bench.images.list()).toEqual([]);
    expect(both.requests()).toEqual([]);
  });

  test('one image more than images.maxImages is refused', async () => {
    await both.bench.addImage(image.subarray(1), 2);
    const pending = call('update-firmware', { device: uuid, image: toBase64(image), manifest });
    expect(await failure(pending)).toMatchObject({ tag: 'resource-denied', code: 'too-many-images' });
  });

  test('jobs and devices that are not there are data-missing, RPCs that are not there not supported', async () => {
    expect(await failure(call('cancel-update', { job: 'nobody' }))).toMatchObject({ tag: 'data-missing' });
    expect(await failure(call('remove-device', { device: '../x' }))).toMatchObject({ tag: 'data-missing' });
    expect(await failure(call('update-firmware', { device: uuid }))).toMatchObject({ tag: 'data-missing' });
    expect(await failure(call('no-such', {}))).toMatchObject({ tag: 'operation-not-supported' });
  });
});
