import { UnavailableError } from '../base/errors.ts';
import type { Digest } from '../base/ids.ts';
import type { DescriptionTemplate } from '../ontology/description-template.ts';

/**
 * Characters of all descriptions that devices are registered with, as JSON: some thousand kinds of devices,
 * and no more memory than a machine has, whatever thousands of devices say of themselves.
 */
const maxCharacters = 128 * 1024 * 1024;

interface Kept {
  readonly template: DescriptionTemplate;
  readonly characters: number;
}

/** The descriptions that devices are registered with, by digest; bounded in all. */
export class Templates {
  readonly #kept = new Map<Digest, Kept>();
  readonly #most: number;
  #characters = 0;

  constructor(most = maxCharacters) {
    this.#most = most;
  }

  get(digest: Digest): DescriptionTemplate | undefined {
    return this.#kept.get(digest)?.template;
  }

  has(digest: Digest): boolean {
    return this.#kept.has(digest);
  }

  /** Of all that are kept. */
  digests(): readonly Digest[] {
    return [...this.#kept.keys()];
  }

  /** @throws UnavailableError `too-many-descriptions` */
  add(template: DescriptionTemplate): void {
    this.delete(template.digest);
    const characters = JSON.stringify(template.description).length;
    if (this.#characters + characters > this.#most)
      throw new UnavailableError('too-many-descriptions', 'the registry is full of different descriptions', {
        hint: 'Remove devices that are gone; let devices of one kind send the same description, %s for the UUID.',
      });
    this.#kept.set(template.digest, { template, characters });
    this.#characters += characters;
  }

  /** @returns whether it was there */
  delete(digest: Digest): boolean {
    this.#characters -= this.#kept.get(digest)?.characters ?? 0;
    return this.#kept.delete(digest);
  }
}
