import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { errorMessage, UsageError } from '../../base/errors.ts';
import { KeyedQueue } from '../../base/keyed-queue.ts';
import type { Collection, DocumentStore } from '../document-store.ts';

const collections: readonly Collection[] = ['devices', 'templates', 'modules', 'jobs'];

/**
 * A {@link DocumentStore} of one file a document: `<directory>/<collection>/<key>.json`. Keys are ours
 * or were checked (UUIDs, digests, module names), so they are file names as they are.
 */
export async function openDocumentDirectory(directory: string): Promise<DocumentStore> {
  for (const collection of collections)
    await mkdir(join(directory, collection), { recursive: true, mode: 0o700 });
  return new DocumentDirectory(directory);
}

class DocumentDirectory implements DocumentStore {
  readonly #directory: string;
  /** Writes to one document happen in the order they were asked for. */
  readonly #writes = new KeyedQueue<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  put(collection: Collection, key: string, document: unknown): Promise<void> {
    const path = this.#path(collection, key);
    return this.#writes.run(path, () => writeFileAtomically(path, JSON.stringify(document)));
  }

  delete(collection: Collection, key: string): Promise<void> {
    const path = this.#path(collection, key);
    return this.#writes.run(path, async () => {
      await rm(path, { force: true });
      await syncDirectory(join(this.#directory, collection));
    });
  }

  async all(collection: Collection): Promise<readonly unknown[]> {
    const folder = join(this.#directory, collection);
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    return Promise.all(names.map((name) => readDocument(join(folder, name))));
  }

  #path(collection: Collection, key: string): string {
    return join(this.#directory, collection, `${key}.json`);
  }
}

async function readDocument(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError('store-damaged', `a file of the registry cannot be read: ${errorMessage(error)}`, {
      where: path,
      hint: 'Restore it from a backup, or remove it: its device registers again at its next start.',
      cause: error,
    });
  }
}
