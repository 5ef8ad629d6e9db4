import { readFile } from 'node:fs/promises';
import { errorCode } from '../errors.ts';

/** The content of a file, or `undefined` when there is none. Other errors are thrown as they come. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
