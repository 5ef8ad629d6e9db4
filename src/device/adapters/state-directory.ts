import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, syncDirectory } from '../../base/adapters/atomic-file.ts';
import { readIfThere } from '../../base/adapters/read-if-there.ts';
import { lockState } from '../../base/adapters/state-lock.ts';
import { errorCode, errorMessage, MupError, UnavailableError } from '../../base/errors.ts';
import type { DeviceStore, Slot, SlotName } from '../store.ts';

const recordFile = 'device.json';
const privateFile = 0o600;
/** Octets of a slot that are read at once. */
const partBytes = 64 * 1024;

/**
 * The state of a device in a directory: `device.json`, `slot-a.bin`, `slot-b.bin`, `slice-hashes.bin`, readable by their owner
 * alone. Makes the directory, and takes it for this process until it is closed.
 * @throws UnavailableError `state-directory`; UsageError `state-in-use` while another device runs on it
 */
export async function openStateDirectory(path: string): Promise<DeviceStore> {
  await attempt(path, () => makeDirectory(path));
  const lock = await attempt(path, () => lockState(path, 'device'));
  const slots: Record<SlotName, FileSlot> = {
    a: new FileSlot(join(path, 'slot-a.bin')),
    b: new FileSlot(join(path, 'slot-b.bin')),
  };
  const hashes = new FileSlot(join(path, 'slice-hashes.bin'));
  return {
    slots,
    hashes,
    readRecord: () => attempt(path, () => readIfThere(join(path, recordFile))),
    writeRecord: (bytes) => attempt(path, () => replaceFile(path, recordFile, bytes)),
    async close() {
      slots.a.close();
      slots.b.close();
      hashes.close();
      lock.release();
    },
  };
}

/** A slot in a file, which is open from the first write or the emptying to the end. */
class FileSlot implements Slot {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  length(): Promise<number> {
    return attempt(this.#path, async () => (await statIfThere(this.#path))?.size ?? 0);
  }

  empty(): Promise<void> {
    return attempt(this.#path, async () => {
      ftruncateSync(this.#open());
      await this.#sync();
    });
  }

  write(offset: number, bytes: Uint8Array): void {
    try {
      const descriptor = this.#open();
      let written = 0;
      while (written < bytes.length)
        written += writeSync(descriptor, bytes, written, bytes.length - written, offset + written);
    } catch (error) {
      throw unavailable(this.#path, error);
    }
  }

  sync(): Promise<void> {
    return attempt(this.#path, () => this.#sync());
  }

  async *read(): AsyncIterable<Uint8Array> {
    if ((await this.length()) === 0) return;
    const file = await attempt(this.#path, () => open(this.#path, 'r'));
    try {
      for (;;) {
        const part = new Uint8Array(partBytes);
        const { bytesRead } = await attempt(this.#path, () => file.read(part, 0, partBytes));
        if (bytesRead === 0) return;
        yield part.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number {
    // `a+` would write at the end whatever the offset, `w` would lose a download that goes on.
    this.#descriptor ??= openSync(this.#path, constants.O_RDWR | constants.O_CREAT, privateFile);
    return this.#descriptor;
  }

  async #sync(): Promise<void> {
    const file = await open(this.#path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** Written beside it, made durable, then put in its place: a crash leaves the old file or the new one. */
async function replaceFile(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(directory, `${name}.new`);
  const file = await open(temporary, 'w', privateFile);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, name));
  await syncDirectory(directory);
}

async function statIfThere(path: string): Promise<{ size: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof MupError ? error : unavailable(path, error);
  }
}

function unavailable(path: string, cause: unknown): UnavailableError {
  return new UnavailableError(
    'state-directory',
    `the device's state is out of reach: ${errorMessage(cause)}`,
    {
      where: path,
      hint: 'Check that the directory can be written and that the disk is not full.',
      cause,
    },
  );
}
