import { deferred } from '../base/deferred.ts';
import { errorMessage, MupError, UnavailableError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Change, Collection, DocumentStore } from './document-store.ts';
import type { EncodedTransaction, Journal } from './journal.ts';
import { changeText, type StoredChange } from './journal-format.ts';

/** Characters of transactions that are written together: many share one sync, and none waits for long. */
const groupCharacters = 1024 * 1024;

/** A transaction that is not being written yet. */
interface Waiting {
  transaction: EncodedTransaction;
  readonly promise: Promise<void>;
  resolve(): void;
  reject(reason: unknown): void;
}

/**
 * A {@link DocumentStore} on a journal. What is asked for while the disk is busy is written together, with one
 * sync; of the documents that wait by themselves only the newest is written, so that no peer makes them pile up.
 */
export class JournalStore implements DocumentStore {
  readonly #journal: Journal;
  readonly #path: string;
  readonly #logger: Logger;
  /** In the order they were asked for. */
  readonly #waiting = new Set<Waiting>();
  /** By document: the last transaction that waits and changes it. */
  readonly #latest = new Map<string, Waiting>();
  /** The journal does one thing at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** @param path the journal's, for people */
  constructor(journal: Journal, path: string, logger: Logger) {
    this.#journal = journal;
    this.#path = path;
    this.#logger = logger;
  }

  put(collection: Collection, key: string, document: unknown): Promise<void> {
    return this.transact([{ kind: 'put', collection, key, document }]);
  }

  delete(collection: Collection, key: string): Promise<void> {
    return this.transact([{ kind: 'delete', collection, key }]);
  }

  async transact(changes: readonly Change[]): Promise<void> {
    this.#refuseIfClosed();
    // Of two changes of one document in a transaction the last counts.
    const last = new Map(changes.map((change) => [`${change.collection}/${change.key}`, change]));
    if (last.size > 0) await this.#wait([...last.keys()], encode([...last.values()]));
  }

  async all(collection: Collection): Promise<readonly unknown[]> {
    this.#refuseIfClosed();
    return this.#inTurn(async () => {
      const changes = await this.#journal.documents(collection);
      return changes.map(([, , document]) => document);
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#inTurn(() => this.#journal.close());
    return this.#closed;
  }

  #refuseIfClosed(): void {
    if (this.#closed !== undefined)
      throw new UnavailableError('store-closed', 'the registry is closed: the bridge is ending');
  }

  #wait(names: readonly string[], transaction: EncodedTransaction): Promise<void> {
    const [name = ''] = names;
    const before = this.#latest.get(name);
    if (names.length === 1 && before?.transaction.changes.length === 1) {
      before.transaction = transaction;
      return before.promise;
    }
    const waiting: Waiting = { transaction, ...deferred() };
    this.#waiting.add(waiting);
    for (const each of names) this.#latest.set(each, waiting);
    if (this.#waiting.size === 1) void this.#inTurn(() => this.#writeWaiting());
    return waiting.promise;
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.size > 0) {
      const group = this.#takeGroup();
      try {
        await this.#journal.append(group.map(({ transaction }) => transaction));
        for (const { resolve } of group) resolve();
      } catch (error) {
        const failure = this.#failure(error);
        for (const { reject } of group) reject(failure);
      }
    }
    await this.#compact();
  }

  #takeGroup(): Waiting[] {
    const group: Waiting[] = [];
    let characters = 0;
    for (const waiting of this.#waiting) {
      if (characters > groupCharacters) break;
      this.#waiting.delete(waiting);
      group.push(waiting);
      for (const text of waiting.transaction.texts) characters += text.length;
      for (const [collection, key] of waiting.transaction.changes) {
        const name = `${collection}/${key}`;
        if (this.#latest.get(name) === waiting) this.#latest.delete(name);
      }
    }
    return group;
  }

  /** Nothing is lost when it fails: the file is as large as it was. */
  async #compact(): Promise<void> {
    if (!this.#journal.wantsCompaction) return;
    try {
      await this.#journal.compact();
    } catch (error) {
      this.#logger.warn('the registry could not be written anew', {
        path: this.#path,
        reason: errorMessage(error),
      });
    }
  }

  #failure(error: unknown): MupError {
    if (error instanceof MupError) return error;
    return new UnavailableError('store-failed', `the registry cannot be written: ${errorMessage(error)}`, {
      where: this.#path,
      hint: 'Free space on the disk, or look for its fault.',
      cause: error,
    });
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task, task);
    this.#last = turn;
    return turn;
  }
}

function encode(changes: readonly Change[]): EncodedTransaction {
  const texts = changes.map(changeText);
  // Places are found by collection and key alone: what was put need not be kept while it waits.
  const stored = changes.map(
    ({ kind, collection, key }): StoredChange =>
      kind === 'put' ? [collection, key, undefined] : [collection, key],
  );
  return { changes: stored, texts };
}
