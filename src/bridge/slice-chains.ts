import type { Digest } from '../base/ids.ts';
import { type ReadableImage, SliceChain } from '../mup/slice-chain.ts';

/** Chains that are kept beside those in use: of an image that goes to many devices, or was just signed. */
const maxChains = 32;

/** The chains of slices of the images that are sent (ADR 28), each made once for all devices that share it. */
export class SliceChains {
  readonly #sha256: (bytes: Uint8Array) => Digest;
  /** The chain that was used last is the last entry. */
  readonly #kept = new Map<string, Promise<SliceChain>>();

  constructor(sha256: (bytes: Uint8Array) => Digest) {
    this.#sha256 = sha256;
  }

  /** The chain of an image cut so. Rejects with what reading the image rejects with. */
  of(image: ReadableImage, sliceSize: number): Promise<SliceChain> {
    const key = `${image.digest}/${sliceSize}`;
    const chain = this.#kept.get(key) ?? this.#make(image, sliceSize, key);
    this.#kept.delete(key);
    this.#kept.set(key, chain);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxChains && oldest !== undefined) this.#kept.delete(oldest);
    return chain;
  }

  #make(image: ReadableImage, sliceSize: number, key: string): Promise<SliceChain> {
    const chain = SliceChain.of(image, sliceSize, this.#sha256);
    chain.catch(() => this.#kept.delete(key));
    return chain;
  }
}
