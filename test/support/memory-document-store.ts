import type { Change, Collection, DocumentStore } from '../../src/registry/document-store.ts';

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
  /** What was asked, in order; those of one transaction one after the other. */
  readonly calls: StoreCall[] = [];
  /** How many of {@link calls} each transaction holds. */
  readonly transactions: number[] = [];
  /** Makes the transaction of what it throws for fail, as a full disk does. */
  fault: ((call: StoreCall) => Error | undefined) | undefined;
  /** What the transaction of a call waits for. */
  delay: ((call: StoreCall) => Promise<void> | undefined) | undefined;
  readonly #documents = new Map<string, string>();
  /** By document: settles when what was asked for last is done. */
  readonly #last = new Map<string, Promise<unknown>>();

  put(collection: Collection, key: string, document: unknown): Promise<void> {
    return this.transact([{ kind: 'put', collection, key, document }]);
  }

  delete(collection: Collection, key: string): Promise<void> {
    return this.transact([{ kind: 'delete', collection, key }]);
  }

  async transact(changes: readonly Change[]): Promise<void> {
    const calls = changes.map(copied);
    this.calls.push(...calls);
    this.transactions.push(calls.length);
    const names = calls.map(nameOf);
    const before = names.map((name) => this.#last.get(name));
    const making = Promise.all(before).then(() => this.#make(calls));
    const settled = making.catch(() => {});
    for (const name of names) this.#last.set(name, settled);
    await making;
  }

  async all(collection: Collection): Promise<readonly unknown[]> {
    await Promise.all(this.#last.values());
    return this.keys(collection).map((key) => this.get(collection, key));
  }

  /** A store in memory has nothing to end: the next registry opens it again. */
  async close(): Promise<void> {
    await Promise.all(this.#last.values());
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

  async #make(calls: readonly StoreCall[]): Promise<void> {
    for (const call of calls) await this.delay?.(call);
    for (const call of calls) {
      const fault = this.fault?.(call);
      if (fault !== undefined) throw fault;
    }
    for (const call of calls)
      if (call.kind === 'put') this.#documents.set(nameOf(call), JSON.stringify(call.document));
      else this.#documents.delete(nameOf(call));
  }
}

function nameOf({ collection, key }: StoreCall): string {
  return `${collection}/${key}`;
}

function copied(change: Change): StoreCall {
  return change.kind === 'put'
    ? { ...change, document: JSON.parse(JSON.stringify(change.document)) }
    : change;
}
