import { UsageError } from '../base/errors.ts';
import { LineSplitter, type PlacedLine, readPlaces, recordsBehind, type Sha256 } from './journal-format.ts';
import { JournalIndex } from './journal-index.ts';

/** What a journal holds. */
export interface JournalContents {
  readonly version: number;
  readonly index: JournalIndex;
  /** Offset behind the last whole line. */
  readonly end: number;
  /** Bytes behind that: a transaction that a crash overtook, and that nobody was told is on disk. */
  readonly torn: number;
}

/**
 * Reads a journal from its beginning and tells what a crash has left unfinished from what is damaged. What was
 * being written when the power failed may be missing in part or whole, and it stands at the end. A line that is
 * not whole although a later one says that it was on disk, or that stands before everything was on disk for the
 * first time, was whole once.
 */
export class JournalReader {
  readonly #path: string;
  readonly #newest: number;
  readonly #sha256: Sha256;
  readonly #lines = new LineSplitter();
  readonly #index = new JournalIndex();
  #version: number | undefined;
  #end = 0;
  #bytes = 0;
  #broken = false;
  /** Whether a line has said that what stands before it is on disk. */
  #sealed = false;

  /** @param newest the highest version that can be read */
  constructor(path: string, newest: number, sha256: Sha256) {
    this.#path = path;
    this.#newest = newest;
    this.#sha256 = sha256;
  }

  /** @throws UsageError `store-damaged`, `store-newer` */
  push(part: Uint8Array): void {
    this.#bytes += part.length;
    for (const line of this.#lines.push(part)) this.#take(line);
  }

  /** The journal ends here. @throws UsageError `store-damaged` */
  finish(): JournalContents {
    if (this.#version === undefined || !this.#sealed) throw damaged(this.#path, this.#end);
    const { rest } = this.#lines;
    const torn = this.#broken ? this.#bytes - this.#end : rest;
    return { version: this.#version, index: this.#index, end: this.#end, torn };
  }

  #take({ at, bytes }: PlacedLine): void {
    const line = readPlaces(bytes, this.#sha256);
    if (this.#version === undefined) {
      if (line?.kind !== 'header') throw damaged(this.#path, at);
      this.#version = this.#readable(line.version);
    } else if (this.#broken || line?.kind !== 'record' || line.at !== at) {
      this.#broken = true;
      const later = line?.kind === 'record' ? [line] : recordsBehind(bytes, this.#sha256);
      if (!this.#sealed || later.some(({ synced }) => synced > this.#end))
        throw damaged(this.#path, this.#end);
      return;
    } else {
      this.#index.apply(line.changes, at, bytes.length + 1);
      if (line.synced > 0) this.#sealed = true;
    }
    this.#end = at + bytes.length + 1;
  }

  #readable(version: number): number {
    if (version <= this.#newest) return version;
    throw new UsageError(
      'store-newer',
      `a newer mup-bridge has written the registry: its version is ${version}, this one reads up to ${this.#newest}`,
      {
        where: this.#path,
        hint: 'Run that version or a later one, or choose another directory with --state-dir.',
      },
    );
  }
}

/** The error for a journal that is not as it was written. */
export function damaged(path: string, at: number): UsageError {
  return new UsageError(
    'store-damaged',
    `the registry is damaged: from byte ${at} it is not as it was written`,
    {
      where: path,
      hint: 'Look for a failing disk and restore the file from a backup; without one move it away: devices register again at their next start, and update jobs are lost.',
    },
  );
}
