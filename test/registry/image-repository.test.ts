import { readdir, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { digest } from '../../src/base/ids.ts';
import type { VendorManifest } from '../../src/mup/manifest.ts';
import { formatVendorManifest } from '../../src/mup/manifest-json.ts';
import { openImageRepository } from '../../src/registry/adapters/image-directory.ts';
import type { ImageRepository } from '../../src/registry/image-repository.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const image = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

function manifestOf(content: Uint8Array, changes: Partial<VendorManifest> = {}): VendorManifest {
  return {
    suite: '1',
    appId: 'APP',
    linkOffset: 0,
    digest: sha256(content),
    size: content.length,
    newVersion: 2,
    oldVersion: 0,
    innerSignature: new Uint8Array(64).fill(7),
    ...changes,
  };
}

describe('the image repository', () => {
  let directory: string;
  let images: ImageRepository;
  let logger: RecordingLogger;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    logger = new RecordingLogger();
    images = await openImageRepository(directory, { ...defaultConfig.images, maxImages: 2 }, logger);
  });

  test('an image that was added is listed, found, and read in blocks', async () => {
    const manifest = manifestOf(image);
    await images.add(manifest, image);
    expect((await images.list()).map((one) => one.manifest)).toEqual([manifest]);
    expect((await images.get(manifest.digest))?.manifest).toEqual(manifest);
    expect(await images.block(manifest.digest, 0)).toEqual(image);
    expect(await images.block(manifest.digest, 1)).toHaveLength(0);
  });

  test('it is there after a restart, and in a second process that opened the directory before', async () => {
    const other = await openImageRepository(directory, defaultConfig.images, logger);
    const manifest = manifestOf(image);
    await images.add(manifest, image);
    expect((await other.get(manifest.digest))?.manifest).toEqual(manifest);
    const later = await openImageRepository(directory, defaultConfig.images, logger);
    expect(await later.list()).toHaveLength(1);
  });

  test.each([
    ['a truncated image', image.subarray(0, 999), {}, 'image-mismatch', 'size'],
    [
      'an image with a flipped bit',
      image.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
      {},
      'image-mismatch',
      'digest',
    ],
  ])('%s is refused and leaves nothing behind', async (_, content, changes, code, where) => {
    await expect(images.add(manifestOf(image, changes), content)).rejects.toMatchObject({ code, where });
    expect(await readdir(directory)).toEqual([]);
  });

  test('an image over the limit is refused', async () => {
    const small = await openImageRepository(
      directory,
      { ...defaultConfig.images, maxImageBytes: 999 },
      logger,
    );
    await expect(small.add(manifestOf(image), image)).rejects.toMatchObject({ code: 'image-too-big' });
  });

  test('one image more than images.maxImages is refused, the same image again is not', async () => {
    const [one, two, three] = [1, 2, 3].map((n) => new Uint8Array(10).fill(n));
    if (one === undefined || two === undefined || three === undefined) return;
    await images.add(manifestOf(one), one);
    await images.add(manifestOf(two), two);
    await images.add(manifestOf(one), one);
    await expect(images.add(manifestOf(three), three)).rejects.toMatchObject({ code: 'too-many-images' });
  });

  test('images that come at once are no more than images.maxImages either, and each has one manifest', async () => {
    const contents = [1, 2, 3, 4].map((n) => new Uint8Array(10).fill(n));
    const adding = contents.map((content) => images.add(manifestOf(content), content));
    const ends = await Promise.allSettled(adding);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(await images.list()).toHaveLength(2);
    const other = await openImageRepository(await temporaryDirectory(), defaultConfig.images, logger);
    const manifests = [manifestOf(image), manifestOf(image, { newVersion: 3 })];
    const both = await Promise.allSettled(manifests.map((manifest) => other.add(manifest, image)));
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((await other.list()).map((one) => one.manifest)).toEqual(manifests.slice(0, 1));
  });

  test('the same image with another manifest is refused until it is removed', async () => {
    await images.add(manifestOf(image), image);
    const other = manifestOf(image, { newVersion: 3 });
    await expect(images.add(other, image)).rejects.toMatchObject({ code: 'manifest-conflict' });
    expect(await images.remove(other.digest)).toBe(true);
    expect(await images.remove(other.digest)).toBe(false);
    await images.add(other, image);
    expect((await images.get(other.digest))?.manifest.newVersion).toBe(3);
  });

  test('the same manifest with another signature is another manifest: only one of them is the vendor’s', async () => {
    await images.add(manifestOf(image), image);
    await images.add(manifestOf(image), image);
    const other = manifestOf(image, { innerSignature: new Uint8Array(64).fill(8) });
    await expect(images.add(other, image)).rejects.toMatchObject({ code: 'manifest-conflict' });
  });

  test('a manifest that another process replaced is read again', async () => {
    const manifest = manifestOf(image);
    await images.add(manifest, image);
    expect((await images.get(manifest.digest))?.manifest.newVersion).toBe(2);
    const other = await openImageRepository(directory, defaultConfig.images, logger);
    await other.remove(manifest.digest);
    await other.add(manifestOf(image, { newVersion: 3 }), image);
    const file = join(directory, `${manifest.digest}.json`);
    await utimes(file, new Date(), new Date(Date.now() + 5000));
    expect((await images.get(manifest.digest))?.manifest.newVersion).toBe(3);
    expect((await images.list())[0]?.manifest.newVersion).toBe(3);
  });

  test('an image that is gone cannot be read, and the error names no file', async () => {
    const reading = images.block(sha256(image), 0);
    await expect(reading).rejects.toMatchObject({ code: 'unknown-image' });
    await expect(reading).rejects.not.toMatchObject({ message: expect.stringContaining(directory) });
  });

  test('files are readable by their owner alone', async () => {
    await images.add(manifestOf(image), image);
    for (const name of await readdir(directory))
      expect((await stat(join(directory, name))).mode & 0o077).toBe(0);
  });

  test('what a crash left without its manifest is no image', async () => {
    await writeFile(join(directory, `${sha256(image)}.bin`), image);
    expect(await images.list()).toEqual([]);
    expect(await images.get(sha256(image))).toBeUndefined();
  });

  describe('a stored manifest that is damaged', () => {
    const damaged = digest('0'.repeat(64));
    const file = (): string => join(directory, `${damaged}.json`);

    test.each([
      ['cut off', formatVendorManifest(manifestOf(image)).slice(0, 20)],
      ['that of another image', formatVendorManifest(manifestOf(image))],
    ])('since it is %s, is named in the log, once, and hides no other image', async (_, text) => {
      await images.add(manifestOf(image), image);
      await writeFile(file(), text);
      expect((await images.list()).map((one) => one.manifest.digest)).toEqual([sha256(image)]);
      expect(await images.get(damaged)).toBeUndefined();
      expect(logger.lines).toEqual([
        expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ path: file() }) }),
      ]);
    });

    test('is mended by adding the image again', async () => {
      await images.add(manifestOf(image), image);
      await truncate(join(directory, `${sha256(image)}.json`), 20);
      expect(await images.list()).toEqual([]);
      await images.add(manifestOf(image), image);
      expect((await images.get(sha256(image)))?.manifest).toEqual(manifestOf(image));
    });
  });
});
