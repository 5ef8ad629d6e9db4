import { concatBytes } from '../base/bytes.ts';
import { PeerError } from '../base/errors.ts';
import type { Digest } from '../base/ids.ts';
import { blockBytes } from '../registry/image-blocks.ts';
import type { ImageRepository } from '../registry/image-repository.ts';

/** The octets of an image, read as they are sent. */
export interface ImageSource {
  readonly digest: Digest;
  readonly size: number;
  /**
   * Octets `[offset, offset + length)`, inside the image; at once where they are in memory.
   * @throws PeerError `unknown-image`, `image-damaged`; also as a rejection
   */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** An image that came inline in an RPC. */
export function inlineImage(digest: Digest, content: Uint8Array): ImageSource {
  return {
    digest,
    size: content.length,
    read: (offset, length) => content.subarray(offset, offset + length),
  };
}

/** An image of the repository; memory holds one block of it, whatever its size, shared with other transfers. */
export function storedImage(
  images: Pick<ImageRepository, 'block'>,
  digest: Digest,
  size: number,
): ImageSource {
  return new StoredImageSource(images, digest, size);
}

class StoredImageSource implements ImageSource {
  readonly digest: Digest;
  readonly size: number;
  readonly #images: Pick<ImageRepository, 'block'>;
  /** The block that was used last: others may have pushed it out of what the repository keeps. */
  #index = -1;
  #block: Uint8Array = new Uint8Array(0);

  constructor(images: Pick<ImageRepository, 'block'>, digest: Digest, size: number) {
    this.#images = images;
    this.digest = digest;
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array | Promise<Uint8Array> {
    const first = Math.floor(offset / blockBytes);
    const last = Math.floor((offset + length - 1) / blockBytes);
    if (first !== last) return this.#join(offset, length);
    const start = offset - first * blockBytes;
    const block = this.#get(first);
    if (block instanceof Uint8Array) return this.#cut(block, start, length);
    return block.then((octets) => this.#cut(octets, start, length));
  }

  /** A slice that reaches over the end of a block. */
  async #join(offset: number, length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let at = offset; at < offset + length; ) {
      const start = at % blockBytes;
      const part = Math.min(blockBytes - start, offset + length - at);
      parts.push(this.#cut(await this.#get(Math.floor(at / blockBytes)), start, part));
      at += part;
    }
    return concatBytes(parts);
  }

  #get(index: number): Uint8Array | Promise<Uint8Array> {
    if (index === this.#index) return this.#block;
    const block = this.#images.block(this.digest, index);
    return block instanceof Uint8Array
      ? this.#hold(index, block)
      : block.then((read) => this.#hold(index, read));
  }

  #hold(index: number, block: Uint8Array): Uint8Array {
    this.#index = index;
    this.#block = block;
    return block;
  }

  #cut(block: Uint8Array, start: number, length: number): Uint8Array {
    if (start + length <= block.length) return block.subarray(start, start + length);
    throw new PeerError('image-damaged', `image ${this.digest} is shorter than its manifest says`, {
      hint: 'Remove it and add it again.',
    });
  }
}
