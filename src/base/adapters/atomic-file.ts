import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { toHex } from '../bytes.ts';
import { systemRandom } from './node-runtime.ts';

/**
 * Replaces a file as a whole: whenever the process ends, it holds its old or its new content. When this
 * resolves the file and its directory entry are on disk, and survive a power cut; with `durable` false they
 * are with the operating system, which is faster by the time of two syncs.
 */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array | string,
  mode = 0o600,
  durable = true,
): Promise<void> {
  // In containers every process has the same id, and a crash may have left what an earlier one began.
  const temporary = `${path}.${toHex(systemRandom(8))}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (durable) await syncDirectory(dirname(path));
}

/** Makes renames and removals in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Makes a directory, and those above it that are missing, for this user alone; on disk when it resolves. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  // It may have been made just before the power failed: its entry is synced in any case.
  for (let made = resolve(path); ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (first === undefined || made === resolve(first) || made === dirname(made)) return;
  }
}
