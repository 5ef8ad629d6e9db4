import type { Collection, DocumentStore } from './document-store.ts';

/**
 * Writes documents that several callers share, and remembers which are not on disk yet: being written, or
 * their writing failed. So a caller that finds a document in memory can be sure of it on disk too.
 */
export class PendingWrites {
  readonly #store: DocumentStore;
  readonly #pending = new Map<string, Promise<void>>();

  constructor(store: DocumentStore) {
    this.#store = store;
  }

  /** Writes a document; on disk when it resolves. */
  async save(collection: Collection, key: string, document: unknown): Promise<void> {
    const name = `${collection}/${key}`;
    const write = this.#store.put(collection, key, document);
    this.#pending.set(name, write);
    await write;
    if (this.#pending.get(name) === write) this.#pending.delete(name);
  }

  /**
   * Resolves when a document that was saved before is on disk; writes it again where that failed.
   * @param current the document as it is then, or `undefined` when there is none any more
   */
  async ensure(collection: Collection, key: string, current: () => unknown): Promise<void> {
    const write = this.#pending.get(`${collection}/${key}`);
    if (write === undefined) return;
    try {
      await write;
    } catch {
      const document = current();
      if (document !== undefined) await this.save(collection, key, document);
    }
  }
}
