import { concatBytes } from '../base/bytes.ts';
import type { JournalDisk, JournalFile } from './journal-disk.ts';
import { headerLine, recordLine, type Sha256, type StoredChange } from './journal-format.ts';
import { JournalIndex } from './journal-index.ts';

/** Bytes that are collected for one write while the journal is written anew. */
const writeBytes = 256 * 1024;

/** What an open journal is made of. */
export interface JournalState {
  readonly file: JournalFile;
  readonly index: JournalIndex;
  readonly end: number;
}

/**
 * Writes a journal of documents beside the one in force: header, documents, and the seal that all are there. On
 * disk when it resolves, but not in force.
 */
export async function writeDraft(
  disk: JournalDisk,
  version: number,
  sha256: Sha256,
  documents: AsyncIterable<readonly StoredChange[]> | Iterable<readonly StoredChange[]>,
): Promise<JournalState> {
  const file = await disk.draft();
  const index = new JournalIndex();
  const pending = [headerLine(version, sha256)];
  let written = 0;
  let at = pending[0]?.length ?? 0;
  const flush = async (): Promise<void> => {
    await file.write(concatBytes(pending.splice(0)), written);
    written = at;
  };
  const add = (changes: readonly StoredChange[], synced: number): void => {
    const texts = changes.map((change) => JSON.stringify(change));
    const line = recordLine({ at, synced, changes: texts }, sha256);
    index.apply(changes, at, line.length);
    pending.push(line);
    at += line.length;
  };
  try {
    for await (const some of documents) {
      for (const document of some) add([document], 0);
      if (at - written > writeBytes) await flush();
    }
    add([], at);
    await flush();
    await file.sync();
    return { file, index, end: at };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Documents by the thousand, so that they are not all in memory twice. */
export function* inBatches(documents: Iterable<StoredChange>): Generator<readonly StoredChange[]> {
  let batch: StoredChange[] = [];
  for (const document of documents) {
    batch.push(document);
    if (batch.length < 1000) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
