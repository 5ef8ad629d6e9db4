import type { Clock } from '../base/clock.ts';
import type { Digest } from '../base/ids.ts';
import { type ReadableImage, SliceChain } from '../mup/slice-chain.ts';

/** Chains that are kept beside those in use: of an image that goes to many devices, or was just signed. */
const maxChains = 32;

/** How long hashes are computed before whatever else there is to do: a device may ask for slices of one octet. */
const turnMs = 10;

/** The chains of slices of the images that are sent (ADR 28), each made once for all devices that share it. */
export class SliceChains {
  readonly #sha256: (bytes: Uint8Array) => Digest;
  readonly #clock: Clock;
  /** The chain that was used last is the last entry. */
  readonly #kept = new Map<string, Promise<SliceChain>>();

  constructor(sha256: (bytes: Uint8Array) => Digest, clock: Clock) {
    this.#sha256 = sha256;
    this.#clock = clock;
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
    const chain = SliceChain.of(image, sliceSize, this.#sha256, this.#turns());
    chain.catch(() => this.#kept.delete(key));
    return chain;
  }

  /** Of one chain: what lets the others go on when its turn is over. */
  #turns(): () => Promise<void> | undefined {
    const clock = this.#clock;
    let begun = clock.monotonic();
    return () => {
      if (clock.monotonic() - begun < turnMs) return undefined;
      return new Promise((resolve) => {
        clock.schedule(0, () => {
          begun = clock.monotonic();
          resolve();
        });
      });
    };
  }
}
