import type { Stats } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../base/adapters/atomic-file.ts';
import { errorCode } from '../../base/errors.ts';
import type { JournalDisk, JournalFile } from '../journal-disk.ts';

/** Bytes of one part of a file that is read: few enough not to hold anything else up while they are parsed. */
const partBytes = 256 * 1024;

/** What tells a file from all others. */
type Identity = Pick<Stats, 'ino' | 'dev'>;

/** The {@link JournalDisk} of a path: the draft is the file beside it that ends in `.new`. */
export class JournalFolder implements JournalDisk {
  readonly path: string;
  readonly #draft: string;
  readonly #identities = new WeakMap<JournalFile, Identity>();

  constructor(path: string) {
    this.path = path;
    this.#draft = `${path}.new`;
  }

  async open(): Promise<JournalFile | undefined> {
    await rm(this.#draft, { force: true });
    try {
      return await this.#file(await open(this.path, 'r+'));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async draft(): Promise<JournalFile> {
    await rm(this.#draft, { force: true });
    return this.#file(await open(this.#draft, 'wx+', 0o600));
  }

  publish(): Promise<void> {
    return rename(this.#draft, this.path);
  }

  syncFolder(): Promise<void> {
    return syncDirectory(dirname(this.path));
  }

  /** No other file has the number of one that is open, so what stands in its place has its size. */
  async sizeInPlace(file: JournalFile): Promise<number | undefined> {
    const ours = this.#identities.get(file);
    try {
      const { ino, dev, size } = await stat(this.path);
      return ino === ours?.ino && dev === ours.dev ? size : undefined;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #file(handle: FileHandle): Promise<JournalFile> {
    const file = new OpenFile(handle);
    try {
      this.#identities.set(file, await handle.stat());
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
}

class OpenFile implements JournalFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async *read(end: number): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(partBytes);
    for (let at = 0; at < end; ) {
      const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(partBytes, end - at), at);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, at + done);
      done += bytesWritten;
    }
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
