import type { StoredChange } from './journal-format.ts';

interface Place {
  readonly at: number;
  readonly bytes: number;
}

/** Where in the journal the documents stand that are in force. */
export class JournalIndex {
  readonly #places = new Map<string, Map<string, Place>>();
  #live = 0;

  /** Bytes of all documents in force. */
  get live(): number {
    return this.#live;
  }

  /** Takes the changes of a line that begins at an offset. */
  apply(changes: readonly StoredChange[], at: number, lineBytes: number): void {
    for (const change of changes) {
      const [collection, key] = change;
      const places = this.#places.get(collection) ?? new Map<string, Place>();
      this.#places.set(collection, places);
      this.#live -= places.get(key)?.bytes ?? 0;
      if (change.length === 2) places.delete(key);
      else {
        const bytes = Math.ceil(lineBytes / changes.length);
        places.set(key, { at, bytes });
        this.#live += bytes;
      }
    }
  }

  /** Whether a change that stands in the line at an offset is the last word on its document. */
  isInForce([collection, key]: StoredChange, at: number): boolean {
    return this.#places.get(collection)?.get(key)?.at === at;
  }

  /** Offsets of the lines that hold documents of a collection, or of all. */
  lines(collection?: string): ReadonlySet<number> {
    const chosen =
      collection === undefined ? [...this.#places.values()] : [this.#places.get(collection) ?? new Map()];
    return new Set(chosen.flatMap((places) => [...places.values()].map(({ at }) => at)));
  }
}
