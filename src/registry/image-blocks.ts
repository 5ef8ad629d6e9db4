import type { Digest } from '../base/ids.ts';

/** Octets of a block; the last of an image is shorter. */
export const blockBytes = 64 * 1024;

type ReadBlock = (digest: Digest, offset: number, length: number) => Promise<Uint8Array>;

/**
 * Blocks of images, those kept that were asked for last. Transfers of one image share them, and slices are cut
 * out of them, so that neither memory nor reads of the disk grow with the devices that an image goes to.
 */
export class ImageBlocks {
  readonly #read: ReadBlock;
  readonly #maxBlocks: number;
  /** The block that was used last is the last entry. */
  readonly #kept = new Map<string, Uint8Array>();
  readonly #reading = new Map<string, Promise<Uint8Array>>();

  /** @param maxBlocks that are kept, beside those being read */
  constructor(read: ReadBlock, maxBlocks: number) {
    this.#read = read;
    this.#maxBlocks = maxBlocks;
  }

  /** Block `index` of an image, from 0: at once where it is kept. Rejects with what `read` rejects with. */
  get(digest: Digest, index: number): Uint8Array | Promise<Uint8Array> {
    const key = `${digest}/${index}`;
    const kept = this.#kept.get(key);
    if (kept === undefined) return this.#reading.get(key) ?? this.#fetch(digest, index, key);
    this.#keep(key, kept);
    return kept;
  }

  async #fetch(digest: Digest, index: number, key: string): Promise<Uint8Array> {
    const reading = this.#read(digest, index * blockBytes, blockBytes);
    this.#reading.set(key, reading);
    try {
      const block = await reading;
      this.#keep(key, block);
      return block;
    } finally {
      this.#reading.delete(key);
    }
  }

  #keep(key: string, block: Uint8Array): void {
    this.#kept.delete(key);
    this.#kept.set(key, block);
    if (this.#kept.size <= this.#maxBlocks) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }
}
