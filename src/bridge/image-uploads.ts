import type { ImageConfig } from '../base/config.ts';
import { PeerError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { VendorManifest } from '../mup/manifest.ts';
import { parseVendorManifest } from '../mup/manifest-json.ts';
import type { DroppedFile, FileDrop } from '../netconf/sftp/file-drop.ts';
import type { ImageRepository } from '../registry/image-repository.ts';

interface Half {
  readonly manifest?: VendorManifest;
  readonly image?: Uint8Array;
}

/**
 * Images that arrive by SFTP as two files of one name, `NAME.bin` and `NAME.json`, in either order: when
 * both are there the image is verified and added. Halves wait per user, a bounded number of them.
 */
export class ImageUploads implements FileDrop {
  readonly #images: ImageRepository;
  readonly #limits: ImageConfig;
  readonly #logger: Logger;
  readonly #halves = new Map<string, Half>();

  constructor(images: ImageRepository, limits: ImageConfig, logger: Logger) {
    this.#images = images;
    this.#limits = limits;
    this.#logger = logger;
  }

  maxBytes(name: string): number {
    if (name.endsWith('.bin')) return this.#limits.maxImageBytes;
    if (name.endsWith('.json')) return this.#limits.maxManifestBytes;
    return 0;
  }

  async list(): Promise<readonly DroppedFile[]> {
    const images = await this.#images.list();
    return images.map(({ manifest, addedAt }) => ({
      name: `${manifest.digest}.bin`,
      size: manifest.size,
      modified: addedAt,
    }));
  }

  /** @throws PeerError `bad-file-name`, `bad-manifest`, and what {@link ImageRepository.add} throws */
  async put(username: string, name: string, content: Uint8Array): Promise<void> {
    const [, stem, extension] = /^(.+)\.(bin|json)$/.exec(name) ?? [];
    if (stem === undefined)
      throw new PeerError('bad-file-name', `${JSON.stringify(name)} is neither an image nor a manifest`, {
        hint: 'Upload the image as NAME.bin and its vendor manifest as NAME.json.',
      });
    const key = `${username}/${stem}`;
    const arrived = extension === 'bin' ? { image: content } : { manifest: parseVendorManifest(content) };
    const { image, manifest }: Half = { ...this.#halves.get(key), ...arrived };
    if (image === undefined || manifest === undefined) return this.#wait(key, arrived);
    // The half that was there stays when the new one is refused: only that one has to be put again.
    const added = await this.#images.add(manifest, image);
    this.#halves.delete(key);
    this.#logger.info('image added', { user: username, digest: added.manifest.digest, size: image.length });
  }

  #wait(key: string, half: Half): void {
    const maxHalves = 4;
    this.#halves.delete(key);
    const oldest = this.#halves.keys().next();
    if (this.#halves.size >= maxHalves && oldest.done !== true) this.#halves.delete(oldest.value);
    this.#halves.set(key, half);
  }
}
