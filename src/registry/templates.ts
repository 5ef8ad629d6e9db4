import { UnavailableError } from '../base/errors.ts';
import type { Digest } from '../base/ids.ts';
import type { DescriptionTemplate } from '../ontology/description-template.ts';

interface Kept {
  readonly template: DescriptionTemplate;
  readonly characters: number;
}

/** The descriptions that devices are registered with, by digest; bounded in all. */
export class Templates {
  readonly #kept = new Map<Digest, Kept>();
  readonly #maxBytes: number;
  #characters = 0;

  /** @param maxBytes characters of all of them as JSON, which a description holds about as many octets as */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
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

  /** Keeps one that was kept before a restart, also where they are more than may be taken up. */
  restore(template: DescriptionTemplate): void {
    this.#keep(template, JSON.stringify(template.description).length);
  }

  /** @throws UnavailableError `too-many-descriptions` */
  add(template: DescriptionTemplate): void {
    this.delete(template.digest);
    const characters = JSON.stringify(template.description).length;
    if (this.#characters + characters > this.#maxBytes)
      throw new UnavailableError('too-many-descriptions', 'the registry is full of different descriptions', {
        hint: 'Remove devices that are gone; let devices of one kind send the same description, %s for the UUID; or raise registration.maxKeptBytes.',
      });
    this.#keep(template, characters);
  }

  /** @returns whether it was there */
  delete(digest: Digest): boolean {
    this.#characters -= this.#kept.get(digest)?.characters ?? 0;
    return this.#kept.delete(digest);
  }

  #keep(template: DescriptionTemplate, characters: number): void {
    this.#kept.set(template.digest, { template, characters });
    this.#characters += characters;
  }
}
