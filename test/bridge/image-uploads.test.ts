import { beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { ImageUploads } from '../../src/bridge/image-uploads.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { formatVendorManifest } from '../../src/mup/manifest-json.ts';
import { signManifest } from '../../src/mup/signing.ts';
import { ImageRepository } from '../../src/registry/image-repository.ts';
import { image, unsigned, vendor } from '../device/bench-device.ts';
import { MemoryImageStore } from '../support/memory-image-store.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const manifestOf = (content: Uint8Array): Uint8Array =>
  utf8(
    formatVendorManifest(
      signManifest({ ...unsigned, digest: sha256(content), size: content.length }, vendor, es256),
    ),
  );
const manifest = manifestOf(image);
const other = image.map((byte) => byte ^ 1);

describe('images by SFTP, as two files of one name', () => {
  let images: ImageRepository;
  let uploads: ImageUploads;
  let logger: RecordingLogger;

  const digests = async (): Promise<string[]> => (await images.list()).map((one) => one.manifest.digest);

  beforeEach(() => {
    images = new ImageRepository({
      store: new MemoryImageStore(),
      limits: defaultConfig.images,
      sha256,
      now: () => 0,
    });
    logger = new RecordingLogger();
    uploads = new ImageUploads(images, defaultConfig.images, logger);
  });

  test.each([
    ['the image first', ['fw.bin', 'fw.json']],
    ['the manifest first', ['fw.json', 'fw.bin']],
  ])('%s: added when both are there', async (_, names) => {
    const [first = '', second = ''] = names;
    const content = (name: string): Uint8Array => (name.endsWith('.bin') ? image : manifest);
    await uploads.put('alice', first, content(first));
    expect(await digests()).toEqual([]);
    await uploads.put('alice', second, content(second));
    expect(await digests()).toEqual([sha256(image)]);
    expect(await uploads.list()).toEqual([{ name: `${sha256(image)}.bin`, size: 1000, modified: 0 }]);
  });

  test('halves of two names, or of two users, do not come together', async () => {
    await uploads.put('alice', 'fw.bin', image);
    await uploads.put('alice', 'other.json', manifest);
    await uploads.put('bob', 'fw.json', manifest);
    expect(await digests()).toEqual([]);
  });

  test.each(['fw', 'fw.hex', '.bin', '', 'fw.bin.gz', 'fw.BIN', 'fw\n.bin'])(
    '%j is neither an image nor a manifest',
    async (name) => {
      await expect(uploads.put('alice', name, image)).rejects.toMatchObject({ code: 'bad-file-name' });
    },
  );

  test('an image that is not its manifest’s is refused; putting the right one is enough then', async () => {
    await uploads.put('alice', 'fw.json', manifest);
    await expect(uploads.put('alice', 'fw.bin', other)).rejects.toMatchObject({ code: 'image-mismatch' });
    expect(await digests()).toEqual([]);
    await uploads.put('alice', 'fw.bin', image);
    expect(await digests()).toEqual([sha256(image)]);
  });

  test('a manifest that is none is refused, and the image still waits', async () => {
    await uploads.put('alice', 'fw.bin', image);
    await expect(uploads.put('alice', 'fw.json', utf8('{"size":'))).rejects.toMatchObject({
      code: 'bad-manifest',
    });
    await uploads.put('alice', 'fw.json', manifest);
    expect(await digests()).toEqual([sha256(image)]);
  });

  test('a half that is put again replaces the first', async () => {
    await uploads.put('alice', 'fw.bin', other);
    await uploads.put('alice', 'fw.bin', image);
    await uploads.put('alice', 'fw.json', manifest);
    expect(await digests()).toEqual([sha256(image)]);
  });

  describe('what waits is bounded, by images of the largest size', () => {
    const limits = { ...defaultConfig.images, maxImageBytes: image.length };
    const put = async (username: string, ...names: string[]): Promise<void> => {
      for (const name of names) await uploads.put(username, name, name.endsWith('.bin') ? image : manifest);
    };
    const added = async (): Promise<boolean> => images.remove(sha256(image));

    beforeEach(() => {
      uploads = new ImageUploads(images, limits, logger);
    });

    test('the oldest of five makes room, and that is logged', async () => {
      await put('alice', 'a.bin', 'b.bin', 'c.bin', 'd.bin');
      // Putting one again takes the place of none of the others, and makes it the newest.
      await put('alice', 'a.bin');
      expect(logger.lines).toEqual([]);
      await put('alice', 'e.bin');
      const message = 'an upload was given up: its other half did not come';
      expect(logger.lines).toEqual([
        { level: 'warn', message, fields: expect.objectContaining({ user: 'alice', name: 'b.bin' }) },
      ]);
      await put('alice', 'a.json');
      expect(await added()).toBe(true);
      await put('alice', 'b.json');
      expect(await added()).toBe(false);
    });

    test('whoever holds the most makes room, and pushes out nothing of others', async () => {
      await put('bob', 'fw.bin');
      await put('alice', 'a.bin', 'b.bin', 'c.bin', 'd.bin', 'e.bin');
      await put('bob', 'fw.json');
      expect(await added()).toBe(true);
    });

    test('small images may all be put before their manifests', async () => {
      uploads = new ImageUploads(images, defaultConfig.images, logger);
      const names = Array.from({ length: 256 }, (_, n) => `fw-${n}`);
      await put('alice', ...names.map((name) => `${name}.bin`));
      expect(logger.lines).toEqual([]);
      await put('alice', 'one-more.bin');
      expect(logger.lines).toHaveLength(1);
      for (const name of names.slice(1, 4)) {
        await put('alice', `${name}.json`);
        expect(await added()).toBe(true);
      }
    });
  });

  test('a half that came while its image was being added waits for another', async () => {
    await uploads.put('alice', 'fw.bin', image);
    const adding = uploads.put('alice', 'fw.json', manifest);
    const meanwhile = uploads.put('alice', 'fw.bin', other);
    await expect(meanwhile).resolves.toBeUndefined();
    await adding;
    await uploads.put('alice', 'fw.json', manifestOf(other));
    expect((await digests()).sort()).toEqual([sha256(image), sha256(other)].sort());
  });

  test('a manifest may have as many octets as images.maxManifestBytes says, and no more', async () => {
    const wide = new Uint8Array(20_000).fill(0x20);
    wide.set(manifest);
    const withBound = (maxManifestBytes: number): void => {
      const limits = { ...defaultConfig.images, maxManifestBytes };
      images = new ImageRepository({ store: new MemoryImageStore(), limits, sha256, now: () => 0 });
      uploads = new ImageUploads(images, limits, logger);
    };
    withBound(19_999);
    await expect(uploads.put('alice', 'fw.json', wide)).rejects.toMatchObject({ code: 'bad-manifest' });
    withBound(20_000);
    await uploads.put('alice', 'fw.json', wide);
    await uploads.put('alice', 'fw.bin', image);
    expect(await digests()).toEqual([sha256(image)]);
  });

  test('nothing of a pair waits once it was added', async () => {
    await uploads.put('alice', 'fw.bin', image);
    await uploads.put('alice', 'fw.json', manifest);
    await images.remove(sha256(image));
    await uploads.put('alice', 'fw.json', manifest);
    expect(await digests()).toEqual([]);
  });

  test('each name has its own limit, others none at all', () => {
    const { maxImageBytes, maxManifestBytes } = defaultConfig.images;
    expect(['a.bin', 'a.json', 'a.txt'].map((name) => uploads.maxBytes(name))).toEqual([
      maxImageBytes,
      maxManifestBytes,
      0,
    ]);
  });
});
