import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { LineFiles, readLineFiles } from '../../../src/base/adapters/line-files.ts';
import { describeWith } from '../../support/peers.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { atEachCut, type Remains, record } from './recording.ts';

/** All entries that were written, in their order; the one that was being written may be there, or in part. */
async function entriesAreThere({ directory, said }: Remains): Promise<void> {
  const audit = join(directory, 'audit');
  await new LineFiles({ directory: audit, fileBytes: 2000, maxBytes: 1e6, durable: true }).open();
  const found = (await readLineFiles(audit)).slice(0, said.length).map((line) => JSON.parse(line).n);
  expect(found).toEqual(said.map((_, n) => n));
}

describeWith(['gcc'], 'power cuts on the audit log', () => {
  test('an entry that was written is there, in each of the files', async () => {
    await atEachCut(await record('audit-workload.ts', await temporaryDirectory()), entriesAreThere);
  }, 120_000);
});
