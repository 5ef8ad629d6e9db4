import { concatBytes, toHex, uint32FromBytes, uint32ToBytes } from '../base/bytes.ts';
import type { Profile } from '../base/description.ts';
import type { RandomBytes } from '../base/random.ts';

/** Ids that are remembered, to tell a late answer from one to a request that never was. */
const remembered = 16_384;

/** Enough that no two ids of a broker's life are equal and nobody guesses one. */
const idBytes = 12;

/**
 * Request ids: not guessable and not used twice (mup-protocol §2). Hex for `mup`; for `myno`, whose
 * devices may read it as a number, a decimal of ten digits that fits a signed 32-bit integer.
 */
export class RequestIds {
  readonly #random: RandomBytes;
  readonly #used = new Set<string>();
  /** The same ids in a ring: what falls out is found without a walk through the set. */
  readonly #ring: string[] = [];
  #drawn = 0;

  constructor(random: RandomBytes) {
    this.#random = random;
  }

  /** A new id. */
  next(profile: Profile): string {
    let id = this.#draw(profile);
    while (this.#used.has(id)) id = this.#draw(profile);
    this.#remember(id);
    return id;
  }

  /** Whether an id was handed out, as far as is remembered. */
  wasUsed(id: string | undefined): boolean {
    return id !== undefined && this.#used.has(id);
  }

  #draw(profile: Profile): string {
    const bytes = this.#random(idBytes);
    // The count makes ids of one instance differ whatever the random source yields.
    this.#drawn = (this.#drawn + 1) % 2 ** 30;
    const tail = ((uint32FromBytes(bytes.subarray(idBytes - 4)) ?? 0) + this.#drawn) % 2 ** 32;
    if (profile === 'myno') return String(2 ** 30 + (tail % 2 ** 30));
    return toHex(concatBytes([bytes.subarray(0, idBytes - 4), uint32ToBytes(tail)]));
  }

  #remember(id: string): void {
    const place = this.#drawn % remembered;
    const oldest = this.#ring[place];
    if (oldest !== undefined) this.#used.delete(oldest);
    this.#ring[place] = id;
    this.#used.add(id);
  }
}
