import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/base/logger.ts';
import { openDocumentStore } from '../../../src/registry/adapters/open-document-store.ts';
import { describeWith } from '../../support/peers.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { DiskOperation } from './disk-trace.ts';
import { nextVersion, stateAfter, stateOf } from './history.ts';
import { atEachCut, type Recording, type Remains, record } from './recording.ts';

/** Of so many cuts one is followed by a second: each takes a process. */
const everySo = 60;

const states: string[] = [];
const after = (transactions: number): string => {
  states[transactions] ??= stateAfter(transactions);
  return states[transactions];
};

async function foundIn(directory: string): Promise<string> {
  const store = await openDocumentStore(join(directory, 'registry'), silentLogger, nextVersion);
  const found = await stateOf((collection) => store.all(collection));
  await store.close();
  return found;
}

/** What was answered is there, whole; of what was not, the first so many transactions, whole. */
async function holdsWhatWasAnswered({ directory, said }: Remains): Promise<void> {
  const found = await foundIn(directory);
  if (!said.includes('files')) return;
  const begun = said.filter((line) => line.startsWith('begun')).length;
  const done = said.filter((line) => line.startsWith('done')).length;
  const allowed = Array.from({ length: begun - done + 1 }, (_, i) => after(done + i));
  expect(allowed).toContain(found);
}

describeWith(['gcc'], 'power cuts on the registry', () => {
  let recording: Recording;

  test('leave every transaction that was answered, and no half of another', async () => {
    recording = await record('store-workload.ts', await temporaryDirectory());
    await atEachCut(recording, holdsWhatWasAnswered);
    expect(recording.operations.filter(({ kind }) => kind === 'sync').length).toBeGreaterThan(100);
  }, 600_000);

  test('while the start after one is still mending leave what that would have left', async () => {
    const mended: DiskOperation['kind'][] = [];
    let looked = 0;
    await atEachCut(recording, async ({ directory }) => {
      looked += 1;
      if (looked % everySo !== 0) return;
      const copy = join(await temporaryDirectory(), 'disk');
      await cp(directory, copy, { recursive: true });
      const found = await foundIn(directory);
      const recovery = await record('recovery-workload.ts', copy);
      mended.push(...recovery.operations.map(({ kind }) => kind));
      await atEachCut(recovery, async (remains) => expect(await foundIn(remains.directory)).toBe(found));
    });
    expect(mended).toContain('rename');
  }, 600_000);
});
