import { concatBytes } from '../../src/base/bytes.ts';
import type { JournalDisk, JournalFile } from '../../src/registry/journal-disk.ts';

/** What a disk is asked to do. */
export type DiskCall = 'write' | 'sync' | 'truncate' | 'publish' | 'sync-folder' | 'draft';

/** A {@link JournalDisk} in memory, with the faults of disks. */
export class MemoryDisk implements JournalDisk {
  readonly path = '/state/registry/journal';
  /** What was asked, in order. */
  readonly calls: DiskCall[] = [];
  /** Makes a call fail with what it returns. */
  fault: ((call: DiskCall) => Error | undefined) | undefined;
  /** Bytes that are written before a write fails. */
  shortWrite = 0;
  journal: MemoryFile | undefined;
  #draft: MemoryFile | undefined;

  async open(): Promise<JournalFile | undefined> {
    return this.journal;
  }

  async draft(): Promise<JournalFile> {
    this.called('draft');
    this.#draft = new MemoryFile(this);
    return this.#draft;
  }

  async publish(): Promise<void> {
    this.called('publish');
    this.journal = this.#draft;
  }

  async syncFolder(): Promise<void> {
    this.called('sync-folder');
  }

  async sizeInPlace(file: JournalFile): Promise<number | undefined> {
    return file === this.journal ? this.journal.content.length : undefined;
  }

  called(call: DiskCall): void {
    this.calls.push(call);
    const fault = this.fault?.(call);
    if (fault !== undefined) throw fault;
  }
}

export class MemoryFile implements JournalFile {
  content: Uint8Array = new Uint8Array(0);
  closed = false;
  readonly #disk: MemoryDisk;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  get text(): string {
    return Buffer.from(this.content).toString();
  }

  async *read(end: number): AsyncGenerator<Uint8Array> {
    // Cut where no line ends, as parts of real files are.
    for (let at = 0; at < end; at += 100) yield this.content.subarray(at, Math.min(at + 100, end));
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    try {
      this.#disk.called('write');
    } catch (error) {
      this.#put(bytes.subarray(0, this.#disk.shortWrite), at);
      throw error;
    }
    this.#put(bytes, at);
  }

  async sync(): Promise<void> {
    this.#disk.called('sync');
  }

  async truncate(size: number): Promise<void> {
    this.#disk.called('truncate');
    this.content = this.content.slice(0, size);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #put(bytes: Uint8Array, at: number): void {
    this.content = concatBytes([
      this.content.subarray(0, at),
      bytes,
      this.content.subarray(at + bytes.length),
    ]);
  }
}
