import type { ImageConfig } from '../base/config.ts';
import { PeerError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { VendorManifest } from '../mup/manifest.ts';
import type { DroppedFile, FileDrop } from '../netconf/sftp/file-drop.ts';
import type { ImageRepository } from '../registry/image-repository.ts';

/** Images of the largest size that halves which wait take the memory of, those of all users together. */
const maxWaitingImages = 4;
/** A small half counts as the part of that which lets so many wait. */
const maxHalves = 256;

interface Half {
  readonly username: string;
  readonly name: string;
  readonly manifest?: VendorManifest;
  readonly image?: Uint8Array;
}

/**
 * Images that arrive by SFTP as two files of one name, `NAME.bin` and `NAME.json`, in either order: when
 * both are there the image is verified and added. Halves wait for one another, per user. What waits is bounded: the
 * oldest of the user who holds the most makes room, and that is logged.
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

  /** @throws PeerError `bad-file-name`, `bad-manifest`, and what {@link ImageRepository} throws */
  async put(username: string, name: string, content: Uint8Array): Promise<void> {
    const [, stem, extension] = /^(.+)\.(bin|json)$/.exec(name) ?? [];
    if (stem === undefined)
      throw new PeerError('bad-file-name', `${JSON.stringify(name)} is neither an image nor a manifest`, {
        hint: 'Upload the image as NAME.bin and its vendor manifest as NAME.json.',
      });
    const key = `${username}/${stem}`;
    const waiting = this.#halves.get(key);
    const arrived =
      extension === 'bin' ? { image: content } : { manifest: this.#images.readManifest(content) };
    const { image, manifest }: Pick<Half, 'image' | 'manifest'> = { ...waiting, ...arrived };
    if (image === undefined || manifest === undefined) return this.#wait(key, { username, name, ...arrived });
    // The half that was there stays when the new one is refused: only that one has to be put again.
    const added = await this.#images.add(manifest, image);
    // Another may have taken its place meanwhile.
    if (this.#halves.get(key) === waiting) this.#halves.delete(key);
    this.#logger.info('image added', { user: username, digest: added.manifest.digest, size: image.length });
  }

  #wait(key: string, half: Half): void {
    this.#halves.delete(key);
    this.#halves.set(key, half);
    for (let held = this.#held(); total(held) > maxWaitingImages; held = this.#held()) this.#giveUp(held);
  }

  /** What each user holds, in images of the largest size. */
  #held(): ReadonlyMap<string, number> {
    const held = new Map<string, number>();
    const least = maxWaitingImages / maxHalves;
    for (const { username, image } of this.#halves.values()) {
      const size = Math.max((image?.length ?? 0) / this.#limits.maxImageBytes, least);
      held.set(username, (held.get(username) ?? 0) + size);
    }
    return held;
  }

  #giveUp(held: ReadonlyMap<string, number>): void {
    const most = Math.max(...held.values());
    for (const [key, { username, name }] of this.#halves) {
      if (held.get(username) !== most) continue;
      this.#halves.delete(key);
      this.#logger.warn('an upload was given up: its other half did not come', { user: username, name });
      return;
    }
  }
}

function total(held: ReadonlyMap<string, number>): number {
  return [...held.values()].reduce((sum, size) => sum + size, 0);
}
