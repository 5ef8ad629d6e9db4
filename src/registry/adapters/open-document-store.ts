import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeDirectory } from '../../base/adapters/atomic-file.ts';
import { sha256 } from '../../base/adapters/node-runtime.ts';
import { UsageError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { DocumentStore } from '../document-store.ts';
import { Journal } from '../journal.ts';
import type { JournalDisk } from '../journal-disk.ts';
import { JournalStore } from '../journal-store.ts';
import { type Migration, migrate, migrations, type StoredDocument } from '../migrations.ts';
import { readDocumentFiles, removeDocumentFiles } from './document-files.ts';
import { JournalFolder } from './journal-folder.ts';

/** The registry in its directory. */
const journalName = 'journal';

/**
 * Opens the registry in a directory, which is made when it is missing: one file, `journal`. A registry of an
 * older version becomes one of this version, all or nothing. Not for two processes at a time.
 * @param steps other than the product's in tests only
 * @throws UsageError `store-damaged`, `store-newer`, `store-twice`
 */
export async function openDocumentStore(
  directory: string,
  logger: Logger,
  steps: readonly Migration[] = migrations,
): Promise<DocumentStore> {
  await makeDirectory(directory);
  const disk = new JournalFolder(join(directory, journalName));
  const opened = await Journal.open(disk, steps.length, sha256);
  const files = await readDocumentFiles(directory);
  if (opened === undefined) {
    const journal = await created(disk, files ?? [], 0, steps);
    if (files !== undefined) await moved(directory, files.length, logger);
    return new JournalStore(journal, disk.path, logger);
  }
  if (opened.torn > 0)
    logger.warn('a crash overtook the last transaction of the registry; it was not answered and is dropped', {
      path: disk.path,
      bytes: opened.torn,
    });
  const { version } = opened;
  let { journal } = opened;
  if (files !== undefined) {
    await refuseUnlessMoved(directory, migrate(files, 0, steps, version), journal);
    await removeDocumentFiles(directory);
  }
  if (version < steps.length) {
    const documents = (await journal.documents()) as StoredDocument[];
    await journal.close();
    journal = await created(disk, documents, version, steps);
    logger.info('the registry is of a newer version now', { from: version, to: steps.length });
  }
  return new JournalStore(journal, disk.path, logger);
}

function created(
  disk: JournalDisk,
  documents: readonly StoredDocument[],
  from: number,
  steps: readonly Migration[],
): Promise<Journal> {
  return Journal.create(disk, steps.length, sha256, migrate(documents, from, steps));
}

async function moved(directory: string, documents: number, logger: Logger): Promise<void> {
  await removeDocumentFiles(directory);
  logger.info('the registry has moved from one file a document to one file', { directory, documents });
}

/**
 * The files of version 0 go when the journal that was made of them is on disk. Those that a crash has kept are
 * all in it; others were written by an older mup-bridge since, and nobody but the operator knows which count.
 */
async function refuseUnlessMoved(
  directory: string,
  files: readonly StoredDocument[],
  journal: Journal,
): Promise<void> {
  const known = new Map(
    (await journal.documents()).map(([collection, key, document]) => [`${collection}/${key}`, document]),
  );
  const other = files.find(
    ([collection, key, document]) => !isDeepStrictEqual(known.get(`${collection}/${key}`), document),
  );
  if (other === undefined) return;
  await journal.close();
  const [collection, key] = other;
  throw new UsageError(
    'store-twice',
    'an older mup-bridge has written the registry after a newer one: there are two of it',
    {
      where: join(directory, collection, `${key}.json`),
      hint: `Move away what is not to count: the file "${journalName}", or the folders beside it.`,
    },
  );
}
