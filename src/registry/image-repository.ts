import type { ImageConfig } from '../base/config.ts';
import { PeerError } from '../base/errors.ts';
import type { Digest } from '../base/ids.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { VendorManifest } from '../mup/manifest.ts';
import { formatVendorManifest, parseVendorManifest } from '../mup/manifest-json.ts';
import { checkImage } from '../mup/update-checks.ts';
import { ImageBlocks } from './image-blocks.ts';

/** 4 MiB of images are kept in memory, those that were sent last. */
const keptBlocks = 64;

/** A firmware image that was checked against its vendor manifest. */
export interface StoredImage {
  readonly manifest: VendorManifest;
  /** Milliseconds since the epoch. */
  readonly addedAt: number;
}

/** Where images are kept; the contract of `adapters/image-directory.ts`. */
export interface ImageStore {
  /** Images that are complete, with their manifests. Reads what another process added meanwhile. */
  list(): Promise<readonly StoredImage[]>;
  get(digest: Digest): Promise<StoredImage | undefined>;
  /** Stores both or neither; survives a crash at any point. */
  put(image: StoredImage, content: Uint8Array): Promise<void>;
  /** @returns whether there was such an image */
  delete(digest: Digest): Promise<boolean>;
  /**
   * Octets `[offset, offset + length)` of an image, fewer at its end.
   * @throws PeerError `unknown-image` when it is not there (any more)
   */
  read(digest: Digest, offset: number, length: number): Promise<Uint8Array>;
}

export interface ImageRepositoryDependencies {
  readonly store: ImageStore;
  readonly limits: ImageConfig;
  readonly sha256: (bytes: Uint8Array) => Digest;
  readonly now: () => number;
}

/**
 * The firmware images that can be sent to devices, each with its vendor manifest. An image is verified
 * when it arrives (paper §3: only what can succeed is sent): its size and digest are its manifest's.
 */
export class ImageRepository {
  readonly #deps: ImageRepositoryDependencies;
  readonly #blocks: ImageBlocks;
  readonly #adding = new KeyedQueue<'images'>();

  constructor(deps: ImageRepositoryDependencies) {
    this.#deps = deps;
    this.#blocks = new ImageBlocks((...block) => deps.store.read(...block), keptBlocks);
  }

  /** Reads a vendor manifest that somebody has brought. @throws PeerError `bad-manifest` */
  readManifest(bytes: Uint8Array): VendorManifest {
    return parseVendorManifest(bytes, this.#deps.limits.maxManifestBytes);
  }

  /**
   * Adds an image. The same image with the same manifest is added once.
   * @throws PeerError `image-too-big`, `image-mismatch` (size or digest is not the manifest's),
   *   `too-many-images`, `manifest-conflict` (the digest is there with another manifest)
   */
  async add(manifest: VendorManifest, content: Uint8Array): Promise<StoredImage> {
    checkSize(content.length, this.#deps.limits);
    checkImage(manifest, { size: content.length, digest: this.#deps.sha256(content) });
    // What is there, and how much, holds until it is stored.
    return this.#adding.run('images', () => this.#store(manifest, content));
  }

  get(digest: Digest): Promise<StoredImage | undefined> {
    return this.#deps.store.get(digest);
  }

  list(): Promise<readonly StoredImage[]> {
    return this.#deps.store.list();
  }

  remove(digest: Digest): Promise<boolean> {
    return this.#deps.store.delete(digest);
  }

  async #store(manifest: VendorManifest, content: Uint8Array): Promise<StoredImage> {
    const known = await this.get(manifest.digest);
    if (known !== undefined) return sameImage(known, manifest);
    if ((await this.list()).length >= this.#deps.limits.maxImages)
      throw new PeerError('too-many-images', `the repository holds ${this.#deps.limits.maxImages} images`, {
        hint: 'Remove images that are no longer needed with "mup image remove", or raise images.maxImages.',
      });
    const image = { manifest, addedAt: this.#deps.now() };
    await this.#deps.store.put(image, content);
    return image;
  }

  /**
   * Block `index` of an image (see {@link ImageBlocks}), shorter or empty at its end; at once where it is in
   * memory. Rejects with PeerError `unknown-image` when the image is not there (any more).
   */
  block(digest: Digest, index: number): Uint8Array | Promise<Uint8Array> {
    return this.#blocks.get(digest, index);
  }
}

/** @throws PeerError `image-too-big` */
function checkSize(size: number, { maxImageBytes }: ImageConfig): void {
  if (size > maxImageBytes)
    throw new PeerError(
      'image-too-big',
      `the image has ${size} octets, at most ${maxImageBytes} are accepted`,
      {
        hint: 'Raise images.maxImageBytes if such images are meant.',
      },
    );
}

function sameImage(known: StoredImage, manifest: VendorManifest): StoredImage {
  if (formatVendorManifest(known.manifest) === formatVendorManifest(manifest)) return known;
  throw new PeerError('manifest-conflict', `image ${manifest.digest} is there with another manifest`, {
    hint: 'Remove it first with "mup image remove" if the new manifest is the right one.',
  });
}
