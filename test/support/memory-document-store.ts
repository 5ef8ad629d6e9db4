import type { Collection, DocumentStore } from '../../src/registry/document-store.ts';

/** One thing that was asked of the store. */
export interface StoreCall {
  readonly kind: 'put' | 'delete';
  readonly collection: Collection;
  readonly key: string;
  /** What was put. */
  readonly document?: unknown;
}

/** A {@link DocumentStore} in memory. A second registry on the same store is the bridge after a restart. */
export class MemoryDocumentStore implements DocumentStore {
  /** What was asked, in order. */
  readonly calls: StoreCall[] = [];
  /** Makes what it throws for fail, as a full disk does. */
  fault: ((call: StoreCall) => Error | undefined) | undefined;
  /** What a call waits for. */
  delay: ((call: StoreCall) => Promise<void> | undefined) | undefined;
  readonly #documents = new Map<string, string>();

  put(collection: Collection, key: string, document: unknown): Promise<void> {
    const text = JSON.stringify(document);
    return this.#change({ kind: 'put', collection, key, document: JSON.parse(text) }, (name) =>
      this.#documents.set(name, text),
    );
  }

  delete(collection: Collection, key: string): Promise<void> {
    return this.#change({ kind: 'delete', collection, key }, (name) => this.#documents.delete(name));
  }

  async all(collection: Collection): Promise<readonly unknown[]> {
    return this.keys(collection).map((key) => this.get(collection, key));
  }

  /** Keys of a collection, in the order of their first writing. */
  keys(collection: Collection): string[] {
    const prefix = `${collection}/`;
    return [...this.#documents.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }

  get(collection: Collection, key: string): unknown {
    const text = this.#documents.get(`${collection}/${key}`);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async #change(call: StoreCall, change: (name: string) => void): Promise<void> {
    this.calls.push(call);
    await this.delay?.(call);
    const fault = this.fault?.(call);
    if (fault !== undefined) throw fault;
    change(`${call.collection}/${call.key}`);
  }
}
