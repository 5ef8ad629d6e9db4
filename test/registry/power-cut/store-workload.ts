import { join } from 'node:path';
import { makeDirectory, writeFileAtomically } from '../../../src/base/adapters/atomic-file.ts';
import { sha256 } from '../../../src/base/adapters/node-runtime.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { JournalFolder } from '../../../src/registry/adapters/journal-folder.ts';
import { openDocumentStore } from '../../../src/registry/adapters/open-document-store.ts';
import { Journal } from '../../../src/registry/journal.ts';
import { changesOf, firstDocuments, nextVersion } from './history.ts';
import { say } from './say.ts';

/**
 * A history of the registry, for `record`. Files of version 0 are taken over; transactions follow, one by one
 * and many at a time, with restarts between them, a journal that is written anew, and a step to a next version.
 */
const [directory = '', sayings = '', last = '60'] = process.argv.slice(2);
const registry = join(directory, 'registry');
const tell = say(sayings);

for (const [collection, key, document] of firstDocuments) {
  await makeDirectory(join(registry, collection));
  await writeFileAtomically(join(registry, collection, `${key}.json`), JSON.stringify(document));
}
tell('files');

for (let i = 0; i < Number(last); ) {
  const store = await openDocumentStore(
    registry,
    silentLogger,
    i < 30 ? nextVersion.slice(0, 1) : nextVersion,
  );
  const transact = async (): Promise<void> => {
    const mine = i;
    i += 1;
    tell(`begun ${mine}`);
    await store.transact(changesOf(mine));
    tell(`done ${mine}`);
  };
  for (let one = 0; one < 4; one += 1) await transact();
  await Promise.all(Array.from({ length: 6 }, transact));
  await store.close();
  const written = await Journal.open(
    new JournalFolder(join(registry, 'journal')),
    nextVersion.length,
    sha256,
  );
  await written?.journal.compact();
  await written?.journal.close();
}
