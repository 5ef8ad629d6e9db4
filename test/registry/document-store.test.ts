import { silentLogger } from '../../src/base/logger.ts';
import { openDocumentStore } from '../../src/registry/adapters/open-document-store.ts';
import { MemoryDocumentStore } from '../support/memory-document-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { describeDocumentStore } from './document-store-contract.ts';

describeDocumentStore('the journal', async () => {
  const directory = await temporaryDirectory();
  const reopen = () => openDocumentStore(directory, silentLogger);
  return { store: await reopen(), reopen };
});

describeDocumentStore('the store in memory of the tests', async () => {
  const store = new MemoryDocumentStore();
  return { store, reopen: async () => store };
});
