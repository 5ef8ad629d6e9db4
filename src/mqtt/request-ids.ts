import { toHex, uint32FromBytes } from '../base/bytes.ts';
import type { Profile } from '../base/description.ts';
import type { RandomBytes } from '../base/random.ts';

/** Ids that are remembered, to tell a late answer from one to a request that never was. */
const remembered = 16_384;

/** Octets of an id that nobody guesses; beside them stands a count. */
const idBytes = 8;

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
    // The count makes ids of one instance differ whatever the random source yields.
    this.#drawn = (this.#drawn + 1) % 2 ** 30;
    const bytes = this.#random(idBytes);
    if (profile === 'mup') return toHex(bytes) + this.#drawn.toString(16).padStart(8, '0');
    return String(2 ** 30 + (((uint32FromBytes(bytes) ?? 0) + this.#drawn) % 2 ** 30));
  }

  #remember(id: string): void {
    const place = this.#drawn % remembered;
    const oldest = this.#ring[place];
    if (oldest !== undefined) this.#used.delete(oldest);
    this.#ring[place] = id;
    this.#used.add(id);
  }
}
