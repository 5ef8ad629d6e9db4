import type { Change, Collection, DocumentStore } from '../../src/registry/document-store.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualRandom } from './virtual-random.ts';

/** The error of a write to a disk that is full. */
export function diskFull(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}

/** A change as it was asked for. */
interface Written {
  readonly name: string;
  /** `undefined`: deleted. */
  readonly text: string | undefined;
}

/**
 * The disk under a bridge's {@link DocumentStore}: it outlives processes. A transaction that had not resolved
 * when its process or the power ended is there as a whole or not at all; one that failed may still be there
 * after a restart.
 */
export class VirtualDisk {
  /** Writes fail while it is. */
  full = false;
  readonly #random: VirtualRandom;
  readonly #documents = new Map<string, string>();
  /** Transactions that failed, of which a part may have come as far as the disk. */
  #doubtful: (readonly Written[])[] = [];

  constructor(random: VirtualRandom) {
    this.#random = random;
  }

  /** A store on this disk, for one process. */
  open(process: VirtualProcess): DocumentStore {
    for (const written of this.#doubtful.splice(0)) if (this.#random.chance(0.5)) this.#write(written);
    const transact = (changes: readonly Change[]): Promise<void> => this.#transact(process, changes);
    return {
      transact,
      put: (collection, key, document) => transact([{ kind: 'put', collection, key, document }]),
      delete: (collection, key) => transact([{ kind: 'delete', collection, key }]),
      all: (collection) => process.io(`all ${collection}`, 1, () => this.documents(collection)),
      close: async () => {},
    };
  }

  /** The documents of a collection, as they are now. */
  documents(collection: Collection): unknown[] {
    const prefix = `${collection}/`;
    return [...this.#documents].flatMap(([name, text]) =>
      name.startsWith(prefix) ? [JSON.parse(text)] : [],
    );
  }

  #transact(process: VirtualProcess, changes: readonly Change[]): Promise<void> {
    const written = changes.map((change) => ({
      name: `${change.collection}/${change.key}`,
      text: change.kind === 'put' ? JSON.stringify(change.document) : undefined,
    }));
    const what = changes.map(({ kind, collection }) => `${kind} ${collection}`).join(', ');
    const commit = (): void => {
      if (this.full) {
        this.#doubtful.push(written);
        throw diskFull();
      }
      this.#write(written);
    };
    const cut = (): void => {
      if (!this.full && this.#random.chance(0.5)) this.#write(written);
    };
    return process.io(what, this.#random.int(1, 20), commit, cut);
  }

  #write(written: readonly Written[]): void {
    const names = new Set(written.map(({ name }) => name));
    this.#doubtful = this.#doubtful.filter((other) => !other.some(({ name }) => names.has(name)));
    for (const { name, text } of written) {
      if (text === undefined) this.#documents.delete(name);
      else this.#documents.set(name, text);
    }
  }
}
