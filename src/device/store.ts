/** The two places a device keeps firmware in: it runs from one and downloads into the other. */
export type SlotName = 'a' | 'b';

/** One slot. Its content survives a restart; `write` is cheap, `sync` makes it durable. */
export interface Slot {
  /** Octets it holds. */
  length(): Promise<number>;
  /** Throws away what it holds. */
  empty(): Promise<void>;
  /**
   * Puts bytes at `offset`. Synchronous, into the page cache: slices are small, come one after the other
   * and are acknowledged when they are taken, so nothing can pile up behind a slow disk.
   */
  write(offset: number, bytes: Uint8Array): void;
  /** Resolves when all that was written is on stable storage. */
  sync(): Promise<void>;
  /** Its content from the start, in parts of a bounded size. */
  read(): AsyncIterable<Uint8Array>;
}

/** What a device keeps over restarts: two slots, one small record, the hashes of a download. */
export interface DeviceStore {
  readonly slots: Readonly<Record<SlotName, Slot>>;
  /** Beside a download of authenticated slices: for each slice the hash of the one after it, 16 octets. */
  readonly hashes: Slot;
  /** The record as it was written last, or `undefined` on a new device. */
  readRecord(): Promise<Uint8Array | undefined>;
  /** Replaces the record: after a crash at any point the old one or the new one is there, whole. */
  writeRecord(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}
