import { PeerError } from '../../src/base/errors.ts';
import type { Digest } from '../../src/base/ids.ts';
import type { ImageStore, StoredImage } from '../../src/registry/image-repository.ts';

/** An {@link ImageStore} in memory. */
export class MemoryImageStore implements ImageStore {
  readonly #images = new Map<Digest, { readonly image: StoredImage; readonly content: Uint8Array }>();
  /** How many images were built or listed one by one. */
  lookups = 0;

  async list(): Promise<readonly StoredImage[]> {
    return [...this.#images.values()].map(({ image }) => image);
  }

  async get(digest: Digest): Promise<StoredImage | undefined> {
    this.lookups += 1;
    return this.#images.get(digest)?.image;
  }

  async put(image: StoredImage, content: Uint8Array): Promise<void> {
    this.#images.set(image.manifest.digest, { image, content });
  }

  async delete(digest: Digest): Promise<boolean> {
    return this.#images.delete(digest);
  }

  async read(digest: Digest, offset: number, length: number): Promise<Uint8Array> {
    const stored = this.#images.get(digest);
    if (stored === undefined) throw new PeerError('unknown-image', `image ${digest} is not there any more`);
    return stored.content.slice(offset, offset + length);
  }
}
