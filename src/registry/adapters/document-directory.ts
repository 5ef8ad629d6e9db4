import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeFileAtomically } from '../../base/adapters/atomic-file.ts';
import { errorMessage, UsageError } from '../../base/errors.ts';
import { KeyedQueue } from '../../base/keyed-queue.ts';
import { TaskLimit } from '../../base/task-limit.ts';
import type { Collection, DocumentStore } from '../document-store.ts';

/**
 * Documents that are read or written at one time: a start with thousands of devices, or as many that
 * register together, must not use up the process's file descriptors.
 */
const maxOpen = 32;

/**
 * What has to survive a power cut. The rest is what devices say again; without its syncs a device that
 * registers is answered some 10 ms earlier.
 */
const durable: ReadonlySet<Collection> = new Set(['jobs', 'descriptions', 'accepted']);

const collections: readonly Collection[] = [
  'devices',
  'templates',
  'modules',
  'jobs',
  'descriptions',
  'accepted',
];

/**
 * A {@link DocumentStore} of one file a document: `<directory>/<collection>/<key>.json`. Keys are ours
 * or were checked (UUIDs, digests, module names), so they are file names as they are.
 */
export async function openDocumentDirectory(directory: string): Promise<DocumentStore> {
  for (const collection of collections)
    await mkdir(join(directory, collection), { recursive: true, mode: 0o700 });
  return new DocumentDirectory(directory);
}

/** A write that has not begun. */
interface WaitingPut {
  document: unknown;
  readonly done: Promise<void>;
}

class DocumentDirectory implements DocumentStore {
  readonly #directory: string;
  /** Writes to one document happen in the order they were asked for. */
  readonly #writes = new KeyedQueue<string>();
  readonly #limit = new TaskLimit(maxOpen);
  /** By path; a newer document takes the place of one that waits, so that no peer makes writes pile up. */
  readonly #waiting = new Map<string, WaitingPut>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  put(collection: Collection, key: string, document: unknown): Promise<void> {
    const path = this.#path(collection, key);
    const waiting = this.#waiting.get(path);
    if (waiting === undefined) return this.#enqueue(path, document, durable.has(collection));
    waiting.document = document;
    return waiting.done;
  }

  delete(collection: Collection, key: string): Promise<void> {
    const path = this.#path(collection, key);
    // What is put from now on comes after this.
    this.#waiting.delete(path);
    const remove = async (): Promise<void> => {
      await rm(path, { force: true });
      await syncDirectory(join(this.#directory, collection));
    };
    return this.#writes.run(path, () => this.#limit.run(remove));
  }

  async all(collection: Collection): Promise<readonly unknown[]> {
    const folder = join(this.#directory, collection);
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    const documents = await Promise.all(
      names.map((name) => this.#limit.run(() => readDocument(join(folder, name)))),
    );
    return documents.filter((document) => document !== undefined);
  }

  #enqueue(path: string, document: unknown, synced: boolean): Promise<void> {
    const write = (): Promise<void> => {
      if (this.#waiting.get(path) === put) this.#waiting.delete(path);
      return writeFileAtomically(path, JSON.stringify(put.document), 0o600, synced);
    };
    const put: WaitingPut = { document, done: this.#writes.run(path, () => this.#limit.run(write)) };
    this.#waiting.set(path, put);
    return put.done;
  }

  #path(collection: Collection, key: string): string {
    return join(this.#directory, collection, `${key}.json`);
  }
}

/** A file without content is one that a power cut overtook: its document was never stored. */
async function readDocument(path: string): Promise<unknown> {
  try {
    const text = await readFile(path, 'utf8');
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw new UsageError('store-damaged', `a file of the registry cannot be read: ${errorMessage(error)}`, {
      where: path,
      hint: 'Restore it from a backup, or remove it: its device registers again at its next start.',
      cause: error,
    });
  }
}
