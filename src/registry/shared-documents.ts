import type { Change, Collection, DocumentStore } from './document-store.ts';

/** A document that several others need. */
export interface SharedDocument {
  readonly collection: Collection;
  readonly key: string;
  /** The document as it is when it is written; `undefined` when there is none any more. */
  current(): unknown;
}

/**
 * Writes documents in one transaction with the shared ones that they need, where those are not on disk: each is
 * written with the first that needs it, and again when that failed. So no document is on disk that lacks
 * another, and none is written once a device.
 */
export class SharedDocuments {
  readonly #store: DocumentStore;
  /** By name: the document that is on disk. */
  readonly #stored = new Map<string, unknown>();
  /** By name: the document that is being written. */
  readonly #writing = new Map<string, { readonly document: unknown; readonly done: Promise<void> }>();

  constructor(store: DocumentStore) {
    this.#store = store;
  }

  /** Reads the shared documents of a collection. */
  async load<T>(collection: Collection, keyOf: (document: T) => string): Promise<readonly T[]> {
    const documents = (await this.#store.all(collection)) as readonly T[];
    for (const document of documents) this.#stored.set(nameOf(collection, keyOf(document)), document);
    return documents;
  }

  /**
   * Makes changes, all or none, with the shared documents that they need; on disk when it resolves.
   * @param decide what is changed as things are when it is written: others are written while this one waits
   */
  async transact(needed: readonly SharedDocument[], decide: () => readonly Change[]): Promise<void> {
    await this.#untilDecided(needed);
    const changes = decide();
    const missing = needed
      .map(({ collection, key, current }) => ({ collection, key, document: current() }))
      .filter(({ collection, key, document }) => document !== this.#stored.get(nameOf(collection, key)));
    const puts = missing
      .filter(({ document }) => document !== undefined)
      .map((put): Change => ({ kind: 'put', ...put }));
    if (puts.length + changes.length === 0) return;
    const done = this.#store.transact([...puts, ...changes]);
    for (const { collection, key, document } of missing)
      this.#writing.set(nameOf(collection, key), { document, done });
    try {
      await done;
      for (const { collection, key, document } of missing)
        if (this.#isLast(nameOf(collection, key), done)) this.#stored.set(nameOf(collection, key), document);
    } finally {
      for (const { collection, key } of missing)
        if (this.#isLast(nameOf(collection, key), done)) this.#writing.delete(nameOf(collection, key));
    }
  }

  /** What takes a shared document off the disk; whoever needs it from now on writes it again. */
  removal(collection: Collection, key: string): readonly Change[] {
    const name = nameOf(collection, key);
    const stored = this.#stored.delete(name);
    const writing = this.#writing.delete(name);
    return stored || writing ? [{ kind: 'delete', collection, key }] : [];
  }

  /** Waits for another to write just the documents that are needed, and is told nothing of whether it could. */
  async #untilDecided(needed: readonly SharedDocument[]): Promise<void> {
    for (;;) {
      const writing = needed
        .map(({ collection, key, current }) => ({
          wanted: current(),
          write: this.#writing.get(nameOf(collection, key)),
        }))
        .filter(({ wanted, write }) => write !== undefined && write.document === wanted)
        .map(({ write }) => write?.done);
      if (writing.length === 0) return;
      await Promise.allSettled(writing);
    }
  }

  #isLast(name: string, done: Promise<void>): boolean {
    return this.#writing.get(name)?.done === done;
  }
}

function nameOf(collection: Collection, key: string): string {
  return `${collection}/${key}`;
}
