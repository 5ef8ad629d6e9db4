import { PeerError } from '../base/errors.ts';
import type { Digest, SliceHash } from '../base/ids.ts';
import {
  chainEnd,
  encodeAuthenticatedSlice,
  type SliceChainHead,
  sliceHash,
  sliceHashBytes,
  sliceHashOctets,
} from './authenticated-slices.ts';

/** Of so many slices one hash is kept; those between are computed anew where they are needed. */
const stretchSlices = 128;

/** An image whose octets can be read anywhere. */
export interface ReadableImage {
  readonly digest: Digest;
  readonly size: number;
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

type Sha256 = (bytes: Uint8Array) => Digest;

/**
 * The hashes of all slices of an image (ADR 28), from the last one to the first, each over the one after it. Of
 * them 16 octets are kept for each 128 slices, a five-thousandth of the image where slices have 600 octets.
 */
export class SliceChain {
  readonly sliceSize: number;
  readonly #size: number;
  readonly #sha256: Sha256;
  /** Hash of the first slice of each stretch, and what stands for one after the last. */
  readonly #marks: readonly SliceHash[];

  private constructor(image: ReadableImage, sliceSize: number, sha256: Sha256, marks: readonly SliceHash[]) {
    this.#size = image.size;
    this.sliceSize = sliceSize;
    this.#sha256 = sha256;
    this.#marks = marks;
  }

  /**
   * Reads the image once, from its end. Rejects with what reading it rejects with.
   * @param rest called after every 128 slices; where somebody else has to have a turn, it resolves after that
   */
  static async of(
    image: ReadableImage,
    sliceSize: number,
    sha256: Sha256,
    rest: () => Promise<void> | undefined = () => undefined,
  ): Promise<SliceChain> {
    let after = chainEnd(image.digest);
    const marks = [after];
    const work = new SliceChain(image, sliceSize, sha256, marks);
    for (let stretch = work.#stretches - 1; stretch >= 0; stretch -= 1) {
      after = await work.#walk(image, stretch, after);
      marks.push(after);
      const resting = rest();
      if (resting !== undefined) await resting;
    }
    marks.reverse();
    return work;
  }

  /** What a manifest says of the slices. */
  get head(): SliceChainHead {
    const [hash = '' as SliceHash] = this.#marks;
    return { sliceSize: this.sliceSize, hash };
  }

  /** Which stretch the slice at an offset belongs to. */
  stretchAt(offset: number): number {
    return Math.floor(offset / (this.sliceSize * stretchSlices));
  }

  /**
   * For each slice of a stretch the hash of the one after it, 16 octets each.
   * @throws PeerError `image-damaged` when the octets are not those that the chain was made of; what reading rejects with
   */
  async stretch(image: ReadableImage, stretch: number): Promise<Uint8Array> {
    const after = this.#marks[stretch + 1];
    const hashes = new Uint8Array(stretchSlices * sliceHashBytes);
    const first = after === undefined ? undefined : await this.#walk(image, stretch, after, hashes);
    if (first === this.#marks[stretch]) return hashes;
    throw new PeerError('image-damaged', `image ${image.digest} has changed since its manifest was signed`, {
      hint: 'Remove it and add it again.',
    });
  }

  get #stretches(): number {
    return Math.ceil(this.#size / (this.sliceSize * stretchSlices));
  }

  /** From the end of a stretch to its beginning. @returns the hash of its first slice */
  async #walk(
    image: ReadableImage,
    stretch: number,
    after: SliceHash,
    hashes?: Uint8Array,
  ): Promise<SliceHash> {
    const begin = stretch * stretchSlices;
    const slices = Math.ceil(this.#size / this.sliceSize);
    let hash = after;
    for (let n = Math.min(begin + stretchSlices, slices) - 1; n >= begin; n -= 1) {
      const offset = n * this.sliceSize;
      const next = sliceHashOctets(hash);
      hashes?.set(next, (n - begin) * sliceHashBytes);
      const read = image.read(offset, Math.min(this.sliceSize, this.#size - offset));
      const bytes = read instanceof Uint8Array ? read : await read;
      hash = sliceHash(encodeAuthenticatedSlice(offset, next, bytes), this.#sha256);
    }
    return hash;
  }
}

/** The slices of one transfer, as they go over the wire. It holds the hashes of one stretch. */
export class ChainedSlices {
  readonly #chain: SliceChain;
  readonly #image: ReadableImage;
  #stretch = -1;
  #hashes = new Uint8Array(0);

  constructor(chain: SliceChain, image: ReadableImage) {
    this.#chain = chain;
    this.#image = image;
  }

  /**
   * The payload of the slice at an offset where one begins; at once where all that it takes is in memory.
   * @throws PeerError `image-damaged`; what reading the image throws or rejects with
   */
  payload(offset: number, length: number): Uint8Array | Promise<Uint8Array> {
    const read = this.#image.read(offset, length);
    const known = this.#chain.stretchAt(offset) === this.#stretch;
    return known && read instanceof Uint8Array ? this.#encode(offset, read) : this.#late(offset, read);
  }

  async #late(offset: number, read: Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
    const bytes = await read;
    const stretch = this.#chain.stretchAt(offset);
    if (stretch !== this.#stretch) {
      this.#hashes = new Uint8Array(await this.#chain.stretch(this.#image, stretch));
      this.#stretch = stretch;
    }
    return this.#encode(offset, bytes);
  }

  #encode(offset: number, bytes: Uint8Array): Uint8Array {
    const at = ((offset / this.#chain.sliceSize) % stretchSlices) * sliceHashBytes;
    return encodeAuthenticatedSlice(offset, this.#hashes.subarray(at, at + sliceHashBytes), bytes);
  }
}
