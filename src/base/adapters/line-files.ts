import { open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { utf8Length } from '../bytes.ts';
import { errorCode } from '../errors.ts';
import { makeDirectory, syncDirectory } from './atomic-file.ts';

export interface LineFilesOptions {
  readonly directory: string;
  /** Octets from which on a file is full and the next one is begun. */
  readonly fileBytes: number;
  /** Octets of all files but the newest: over that the oldest is removed when a file is begun. */
  readonly maxBytes: number;
  /** The first line of every file. */
  readonly head?: () => string;
  /** What was appended survives a power cut. */
  readonly durable?: boolean;
}

interface LineFile {
  readonly path: string;
  octets: number;
}

/**
 * Lines that are only ever appended, in files `0000000001.jsonl` and so on: the newest one grows, the oldest
 * is removed. For the owner's eyes alone (0600). What was written survives the process, and a power cut where
 * that is asked for; a line that was not written whole is taken away at the next opening, and no other.
 */
export class LineFiles {
  readonly #options: LineFilesOptions;
  readonly #files: LineFile[] = [];
  #lastNumber = 0;
  /** The last write failed, perhaps in the middle of a line. */
  #torn = false;

  constructor(options: LineFilesOptions) {
    this.#options = options;
  }

  /** Takes up what is there, for the one process that owns it. Only the newest file can end within a line. */
  async open(): Promise<void> {
    const newest = await this.#takeUp();
    if (newest === undefined) return;
    const content = await readFile(newest.path);
    const whole = content.lastIndexOf(0x0a) + 1;
    if (whole < content.length) await truncate(newest.path, whole);
    newest.octets = whole;
  }

  /** Takes up what is there beside a process that may own it: nothing is repaired. */
  async join(): Promise<void> {
    const newest = await this.#takeUp();
    this.#torn = newest !== undefined && !(await endsWithLine(newest));
  }

  /**
   * Writes whole lines at once, each with its end. One call at a time.
   * @throws errors of the file system
   */
  async append(lines: string): Promise<void> {
    const file = await this.#fileToWrite();
    const end = this.#torn ? '\n' : '';
    const head = file.octets === 0 ? (this.#options.head?.() ?? '') : '';
    this.#torn = true;
    await this.#write(file, `${end}${head}${lines}`);
    this.#torn = false;
    file.octets += utf8Length(lines);
  }

  /** Opens the file each time: one that somebody has removed is made anew, and not written where nobody finds it. */
  async #write({ path, octets }: LineFile, text: string): Promise<void> {
    const { durable = false, directory } = this.#options;
    const file = await open(path, 'a', 0o600);
    try {
      await file.writeFile(text);
      if (durable) await file.datasync();
    } finally {
      await file.close();
    }
    if (durable && octets === 0) await syncDirectory(directory);
  }

  async #takeUp(): Promise<LineFile | undefined> {
    const { directory } = this.#options;
    await makeDirectory(directory);
    for (const name of await fileNames(directory)) {
      const path = join(directory, name);
      this.#lastNumber = Number.parseInt(name, 10);
      this.#files.push({ path, octets: (await stat(path)).size });
    }
    return this.#files.at(-1);
  }

  async #fileToWrite(): Promise<LineFile> {
    const newest = this.#files.at(-1);
    if (newest !== undefined && newest.octets < this.#options.fileBytes) return newest;
    await this.#removeOldest();
    this.#lastNumber += 1;
    const name = `${String(this.#lastNumber).padStart(10, '0')}.jsonl`;
    const file = { path: join(this.#options.directory, name), octets: 0 };
    this.#files.push(file);
    return file;
  }

  async #removeOldest(): Promise<void> {
    let octets = this.#files.reduce((sum, file) => sum + file.octets, 0);
    for (let oldest = this.#files[0]; oldest !== undefined; oldest = this.#files[0]) {
      octets -= oldest.octets;
      if (octets < this.#options.maxBytes) return;
      await rm(oldest.path, { force: true });
      this.#files.shift();
    }
  }
}

/**
 * The lines of a directory of {@link LineFiles}, oldest file first, for who only reads: another process may
 * write at the same time. A file that is removed meanwhile is left out, and a line that is not whole yet too.
 */
export async function readLineFiles(directory: string): Promise<string[]> {
  const lines: string[] = [];
  for (const name of await fileNames(directory).catch(ifMissing([]))) {
    const content = await readFile(join(directory, name)).catch(ifMissing(Buffer.alloc(0)));
    for (const line of linesOf(content.subarray(0, content.lastIndexOf(0x0a) + 1))) lines.push(line);
  }
  return lines;
}

async function fileNames(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => /^\d{10}\.jsonl$/.test(name)).sort();
}

function linesOf(content: Buffer): string[] {
  return content
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

async function endsWithLine({ path, octets }: LineFile): Promise<boolean> {
  if (octets === 0) return true;
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, octets - 1);
    return buffer[0] === 0x0a;
  } finally {
    await file.close();
  }
}

function ifMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (errorCode(error) === 'ENOENT') return instead;
    throw error;
  };
}
