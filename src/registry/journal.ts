import { concatBytes } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';
import type { JournalDisk, JournalFile } from './journal-disk.ts';
import { inBatches, type JournalState, writeDraft } from './journal-draft.ts';
import {
  type JournalRecord,
  LineSplitter,
  readLine,
  recordLine,
  type Sha256,
  type StoredChange,
} from './journal-format.ts';
import type { JournalIndex } from './journal-index.ts';
import { damaged, JournalReader } from './journal-reader.ts';

/** Bytes that are out of date before the journal is written anew; then also as many as are in force. */
const minGarbage = 4 * 1024 * 1024;

/** The changes of a transaction, as they are to be written. */
export interface EncodedTransaction {
  readonly changes: readonly StoredChange[];
  /** Of each change its JSON text. */
  readonly texts: readonly string[];
}

/** What has to be done after a failure before more can be written. */
type Mending = 'none' | 'truncate' | 'rewrite';

/**
 * Transactions one behind the other in one file, each on disk before the next begins. The documents in force
 * are found by the offset of their line; when most of the file is out of date they are written into a new one,
 * which takes its place. Its methods are not called while another runs.
 */
export class Journal {
  readonly #disk: JournalDisk;
  readonly #version: number;
  readonly #sha256: Sha256;
  #file: JournalFile;
  #index: JournalIndex;
  #end: number;
  #mending: Mending = 'none';

  private constructor(
    disk: JournalDisk,
    version: number,
    sha256: Sha256,
    { file, index, end }: JournalState,
  ) {
    this.#disk = disk;
    this.#version = version;
    this.#sha256 = sha256;
    this.#file = file;
    this.#index = index;
    this.#end = end;
  }

  /**
   * Opens the journal that is there.
   * @returns undefined where there is none; bytes of a transaction that a crash overtook, which are taken away
   * @throws UsageError `store-damaged`, `store-newer`
   */
  static async open(
    disk: JournalDisk,
    newest: number,
    sha256: Sha256,
  ): Promise<{ readonly journal: Journal; readonly version: number; readonly torn: number } | undefined> {
    const file = await disk.open();
    if (file === undefined) return undefined;
    try {
      const reader = new JournalReader(disk.path, newest, sha256);
      for await (const part of file.read((await disk.sizeInPlace(file)) ?? 0)) reader.push(part);
      const { version, index, end, torn } = reader.finish();
      const journal = new Journal(disk, version, sha256, { file, index, end });
      // What a process that was killed has written may not be on disk yet, and what follows says that it is.
      await disk.syncFolder();
      if (torn > 0) await journal.#rewrite();
      else await file.sync();
      return { journal, version, torn };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Makes a journal of these documents, in place of one that is there. */
  static async create(
    disk: JournalDisk,
    version: number,
    sha256: Sha256,
    documents: Iterable<StoredChange>,
  ): Promise<Journal> {
    const state = await writeDraft(disk, version, sha256, inBatches(documents));
    const journal = new Journal(disk, version, sha256, state);
    try {
      await disk.publish();
      await disk.syncFolder();
      return journal;
    } catch (error) {
      await state.file.close();
      throw error;
    }
  }

  /**
   * Writes transactions, each all or nothing; on disk when it resolves. When it throws none of them is in force.
   * @throws UsageError `store-in-use`; what the disk throws
   */
  async append(transactions: readonly EncodedTransaction[]): Promise<void> {
    await this.#mend();
    const lines: Uint8Array[] = [];
    let at = this.#end;
    const places = transactions.map(({ texts }) => {
      const line = recordLine({ at, synced: this.#end, changes: texts }, this.#sha256);
      const place = { at, bytes: line.length };
      lines.push(line);
      at += line.length;
      return place;
    });
    await this.#write(lines);
    for (const [i, { changes }] of transactions.entries()) {
      const place = places[i];
      if (place !== undefined) this.#index.apply(changes, place.at, place.bytes);
    }
    this.#end = at;
  }

  /** Whether most of the file is out of date. */
  get wantsCompaction(): boolean {
    const { live } = this.#index;
    return this.#end - live > Math.max(minGarbage, live);
  }

  /** Writes what is in force into a new file. What is there stays in force when it throws. */
  async compact(): Promise<void> {
    await this.#mend();
    await this.#rewrite();
  }

  /** The documents of a collection, or of all. @throws UsageError `store-damaged` */
  async documents(collection?: string): Promise<StoredChange[]> {
    const wanted = this.#index.lines(collection);
    const found: StoredChange[] = [];
    for await (const changes of this.#inForce(wanted))
      found.push(...changes.filter(([name]) => collection === undefined || name === collection));
    return found;
  }

  /** Says that all is on disk, so that damage of the last transaction is noticed too, and closes the file. */
  async close(): Promise<void> {
    try {
      await this.append([{ changes: [], texts: [] }]);
    } finally {
      await this.#file.close();
    }
  }

  async #write(lines: readonly Uint8Array[]): Promise<void> {
    this.#mending = 'truncate';
    await this.#file.write(concatBytes(lines), this.#end);
    // After a sync that failed nobody knows what of the file is on disk.
    this.#mending = 'rewrite';
    await this.#file.sync();
    this.#mending = 'none';
  }

  /** Takes away what a failed write has left, so that the file is what it was before it. */
  async #mend(): Promise<void> {
    const size = await this.#disk.sizeInPlace(this.#file);
    if (size === undefined || (this.#mending === 'none' && size !== this.#end)) throw this.#inUse();
    if (this.#mending === 'truncate') {
      this.#mending = 'rewrite';
      await this.#file.truncate(this.#end);
      this.#mending = 'none';
    } else if (this.#mending === 'rewrite') await this.#rewrite();
  }

  #inUse(): UsageError {
    return new UsageError('store-in-use', 'another process has written the registry of this bridge', {
      where: this.#disk.path,
      hint: 'End all bridges on this state directory and start one.',
    });
  }

  async #rewrite(): Promise<void> {
    const old = this.#file;
    const documents = this.#inForce(this.#index.lines());
    const { file, index, end } = await writeDraft(this.#disk, this.#version, this.#sha256, documents);
    try {
      await this.#disk.publish();
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#file = file;
    this.#index = index;
    this.#end = end;
    this.#mending = 'rewrite';
    await old.close();
    await this.#disk.syncFolder();
    this.#mending = 'none';
  }

  /** The documents in force that stand in certain lines, in their order. */
  async *#inForce(wanted: ReadonlySet<number>): AsyncGenerator<readonly StoredChange[]> {
    const splitter = new LineSplitter();
    for await (const part of this.#file.read(this.#end)) {
      const lines = splitter.push(part).filter(({ at }) => wanted.has(at));
      const changes = lines.flatMap(({ at, bytes }) =>
        this.#recordAt(at, bytes).changes.filter((change) => this.#index.isInForce(change, at)),
      );
      if (changes.length > 0) yield changes;
    }
  }

  #recordAt(at: number, bytes: Uint8Array): JournalRecord {
    const line = readLine(bytes, this.#sha256);
    if (line?.kind !== 'record') throw damaged(this.#disk.path, at);
    return line;
  }
}
