import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../base/adapters/atomic-file.ts';
import { errorCode, errorMessage, UsageError } from '../../base/errors.ts';
import { TaskLimit } from '../../base/task-limit.ts';
import { collections } from '../document-store.ts';
import type { StoredDocument } from '../migrations.ts';

/** Files that are read at one time: there are more of them than a process may open. */
const maxOpen = 32;

/**
 * Reads version 0 of the registry, one file a document: `<directory>/<collection>/<key>.json`.
 * @returns undefined where there is none
 * @throws UsageError `store-damaged`
 */
export async function readDocumentFiles(directory: string): Promise<readonly StoredDocument[] | undefined> {
  const limit = new TaskLimit(maxOpen);
  const read = await Promise.all(
    collections.map(async (collection) => {
      const names = await namesIn(join(directory, collection));
      const documents = names
        ?.filter((name) => name.endsWith('.json'))
        .map((name) => limit.run(() => readDocument(directory, collection, name)));
      return documents === undefined ? undefined : Promise.all(documents);
    }),
  );
  const found = read.filter((documents) => documents !== undefined);
  return found.length === 0 ? undefined : found.flat().filter((document) => document !== undefined);
}

/** Removes version 0 of the registry. */
export async function removeDocumentFiles(directory: string): Promise<void> {
  for (const collection of collections)
    await rm(join(directory, collection), { recursive: true, force: true });
  await syncDirectory(directory);
}

/** A file without content is one that a power cut overtook: its document was never stored. */
async function readDocument(
  directory: string,
  collection: string,
  name: string,
): Promise<StoredDocument | undefined> {
  const path = join(directory, collection, name);
  try {
    const text = await readFile(path, 'utf8');
    return text === '' ? undefined : [collection, name.slice(0, -'.json'.length), JSON.parse(text)];
  } catch (error) {
    throw new UsageError('store-damaged', `a file of the registry cannot be read: ${errorMessage(error)}`, {
      where: path,
      hint: 'Restore it from a backup, or remove it: its device registers again at its next start.',
      cause: error,
    });
  }
}

async function namesIn(directory: string): Promise<string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
