import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, syncDirectory, writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { sha256 } from '../../base/adapters/node-runtime.ts';
import type { ImageConfig } from '../../base/config.ts';
import { errorCode, errorMessage, PeerError } from '../../base/errors.ts';
import { type Digest, isDigest } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { VendorManifest } from '../../mup/manifest.ts';
import { formatVendorManifest, parseVendorManifest } from '../../mup/manifest-json.ts';
import { ImageRepository, type ImageStore, type StoredImage } from '../image-repository.ts';

/**
 * Opens the image repository in a directory, which is made when it is missing. Each image is two files,
 * `<digest>.bin` and `<digest>.json`; the manifest is written last and makes the image visible. An image whose manifest
 * is damaged is none, which is logged: it may be added again.
 */
export async function openImageRepository(
  directory: string,
  limits: ImageConfig,
  logger: Logger,
): Promise<ImageRepository> {
  await makeDirectory(directory);
  return new ImageRepository({
    store: new ImageDirectory(directory, logger),
    limits,
    sha256,
    now: () => Date.now(),
  });
}

class ImageDirectory implements ImageStore {
  readonly #directory: string;
  readonly #logger: Logger;
  /** What was read, with the time of its file: another process may replace it. Without an image it is damaged. */
  readonly #known = new Map<Digest, { readonly image: StoredImage | undefined; readonly mtimeMs: number }>();
  readonly #asked = new Map<Digest, Promise<StoredImage | undefined>>();

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  async list(): Promise<readonly StoredImage[]> {
    const names = await readdir(this.#directory);
    const digests = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    const images = await Promise.all(digests.filter(isDigest).map((digest) => this.get(digest)));
    return images
      .filter((image) => image !== undefined)
      .sort((a, b) => a.addedAt - b.addedAt || byDigest(a, b));
  }

  /** Whoever asks while another asks the same hears the same. */
  get(digest: Digest): Promise<StoredImage | undefined> {
    const asked = this.#asked.get(digest);
    if (asked !== undefined) return asked;
    const asking = this.#look(digest).finally(() => this.#asked.delete(digest));
    this.#asked.set(digest, asking);
    return asking;
  }

  async #look(digest: Digest): Promise<StoredImage | undefined> {
    try {
      const { mtimeMs } = await stat(this.#path(digest, 'json'));
      const known = this.#known.get(digest);
      if (known?.mtimeMs === mtimeMs) return known.image;
      const manifest = this.#manifest(digest, await readFile(this.#path(digest, 'json')));
      const image = manifest && { manifest, addedAt: Math.floor(mtimeMs) };
      this.#known.set(digest, { image, mtimeMs });
      return image;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      this.#known.delete(digest);
      return undefined;
    }
  }

  #manifest(digest: Digest, bytes: Uint8Array): VendorManifest | undefined {
    try {
      const manifest = parseVendorManifest(bytes);
      if (manifest.digest === digest) return manifest;
      throw new PeerError('bad-manifest', `it is the manifest of image ${manifest.digest}`);
    } catch (error) {
      this.#logger.warn('a stored manifest is damaged, and its image is not there for anybody', {
        path: this.#path(digest, 'json'),
        reason: errorMessage(error),
        hint: 'Add the image again, or remove the file.',
      });
      return undefined;
    }
  }

  async put(image: StoredImage, content: Uint8Array): Promise<void> {
    const { digest } = image.manifest;
    await writeFileAtomically(this.#path(digest, 'bin'), content);
    await writeFileAtomically(this.#path(digest, 'json'), formatVendorManifest(image.manifest));
  }

  async delete(digest: Digest): Promise<boolean> {
    const existed = (await this.get(digest)) !== undefined;
    await rm(this.#path(digest, 'json'), { force: true });
    await rm(this.#path(digest, 'bin'), { force: true });
    await syncDirectory(this.#directory);
    this.#known.delete(digest);
    return existed;
  }

  async read(digest: Digest, offset: number, length: number): Promise<Uint8Array> {
    const file = await this.#open(digest);
    try {
      const buffer = new Uint8Array(length);
      const { bytesRead } = await file.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async #open(digest: Digest): Promise<FileHandle> {
    try {
      return await open(this.#path(digest, 'bin'), 'r');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      throw new PeerError('unknown-image', `image ${digest} is not there any more`, {
        hint: 'Add it again.',
        cause: error,
      });
    }
  }

  #path(digest: Digest, extension: 'bin' | 'json'): string {
    return join(this.#directory, `${digest}.${extension}`);
  }
}

function byDigest(a: StoredImage, b: StoredImage): number {
  return a.manifest.digest < b.manifest.digest ? -1 : 1;
}
