import { writeSync } from 'node:fs';
import { silentLogger } from '../../../src/base/logger.ts';
import { openDocumentStore } from '../../../src/registry/adapters/open-document-store.ts';
import { changesOf, firstDocuments } from './history.ts';

/** The history from a transaction on, four at a time, until the process is killed; its answers go to stdout. */
const [directory = '', from = '0'] = process.argv.slice(2);
const store = await openDocumentStore(directory, silentLogger);
if (from === '0')
  await store.transact(
    firstDocuments.map(([collection, key, document]) => ({
      kind: 'put',
      collection: collection as 'jobs',
      key,
      document,
    })),
  );

let next = Number(from);
async function goOn(): Promise<never> {
  for (;;) {
    const mine = next;
    next += 1;
    writeSync(1, `begun ${mine}\n`);
    await store.transact(changesOf(mine));
    writeSync(1, `done ${mine}\n`);
  }
}
await Promise.all([goOn(), goOn(), goOn(), goOn()]);
