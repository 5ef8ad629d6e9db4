/** A file that is open. */
export interface JournalFile {
  /** What it holds up to an offset, in parts; each part is valid until the next is asked for. */
  read(end: number): AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Resolves when what was written survives a power cut. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** Where a journal stands: one file, which is replaced as a whole or appended to. */
export interface JournalDisk {
  /** The journal's path, for people. */
  readonly path: string;
  /** @returns undefined where there is no journal */
  open(): Promise<JournalFile | undefined>;
  /** A new file beside the journal, in place of what a crash has left there. */
  draft(): Promise<JournalFile>;
  /** Puts the draft in the journal's place; all or nothing. */
  publish(): Promise<void>;
  /** Resolves when what was published survives a power cut. */
  syncFolder(): Promise<void>;
  /** Bytes of a file that is open; undefined when it is not what stands in the journal's place any more. */
  sizeInPlace(file: JournalFile): Promise<number | undefined>;
}
