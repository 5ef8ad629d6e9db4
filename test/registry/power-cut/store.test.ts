import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/base/logger.ts';
import { openDocumentStore } from '../../../src/registry/adapters/open-document-store.ts';
import { describeWith } from '../../support/peers.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { nextVersion, stateAfter, stateOf } from './history.ts';
import { atEachCut, type Remains, record } from './recording.ts';

const states: string[] = [];
const after = (transactions: number): string => {
  states[transactions] ??= stateAfter(transactions);
  return states[transactions];
};

/** What was answered is there, whole; of what was not, the first so many transactions, whole. */
async function holdsWhatWasAnswered({ directory, said }: Remains): Promise<void> {
  const store = await openDocumentStore(join(directory, 'registry'), silentLogger, nextVersion);
  const found = await stateOf((collection) => store.all(collection));
  await store.close();
  if (!said.includes('files')) return;
  const begun = said.filter((line) => line.startsWith('begun')).length;
  const done = said.filter((line) => line.startsWith('done')).length;
  const allowed = Array.from({ length: begun - done + 1 }, (_, i) => after(done + i));
  expect(allowed).toContain(found);
}

describeWith(['gcc'], 'power cuts on the registry', () => {
  test('leave every transaction that was answered, and no half of another', async () => {
    const recording = await record('store-workload.ts', await temporaryDirectory());
    await atEachCut(recording, holdsWhatWasAnswered);
    expect(recording.operations.filter(({ kind }) => kind === 'sync').length).toBeGreaterThan(100);
  }, 600_000);
});
