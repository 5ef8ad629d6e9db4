import { readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EventLogFiles } from '../../../src/netconf/adapters/event-log-file.ts';
import type { KeptEvents } from '../../../src/netconf/events/event-log.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function open(directory?: string, maxBytes = 1e6) {
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  const path = directory ?? join(await temporaryDirectory(), 'state', 'events');
  const log = new EventLogFiles({ directory: path, maxBytes, clock, logger });
  return { log, kept: await log.load(), clock, logger, directory: path };
}

/** What a further run finds. */
async function reopen(directory: string, maxBytes?: number): Promise<KeptEvents> {
  return (await open(directory, maxBytes)).kept;
}

const records = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `{"n":${from + i},"ü":"\u{1F600}"}`);

describe('the event log in files', () => {
  test('keeps records over a restart, in order, and the time at which it was begun', async () => {
    const { log, kept, clock, directory } = await open();
    expect(kept).toEqual({ created: clock.now(), records: [] });
    clock.advance(12_345);
    for (const record of records(0, 5)) log.append(record);
    await log.close();
    const second = await open(directory);
    expect(second.kept).toEqual({ created: kept.created, records: records(0, 5) });
    for (const record of records(5, 7)) second.log.append(record);
    await second.log.close();
    expect(await reopen(directory)).toEqual({ created: kept.created, records: records(0, 7) });
  });

  test('writes what comes within a second at once, into files for the owner alone', async () => {
    const { log, clock, directory } = await open();
    for (const record of records(0, 3)) log.append(record);
    clock.advance(999);
    expect(await readdir(directory)).toEqual([]);
    clock.advance(1);
    expect(clock.pending).toBe(0);
    await log.close();
    expect(await readdir(directory)).toEqual(['0000000001.jsonl']);
    expect((await stat(join(directory, '0000000001.jsonl'))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('is bounded: files rotate, the oldest goes, the newest records stay', async () => {
    const maxBytes = 8000;
    const { log, kept, clock, directory } = await open(undefined, maxBytes);
    const all = records(0, 2000);
    for (const record of all) {
      log.append(record);
      clock.advance(1000);
      await log.close();
    }
    const files = await readdir(directory);
    const sizes = await Promise.all(files.map(async (name) => (await stat(join(directory, name))).size));
    const octets = sizes.reduce((sum, size) => sum + size, 0);
    expect(octets).toBeLessThan(1.5 * maxBytes);
    const after = await reopen(directory, maxBytes);
    expect(after.created).toBe(kept.created);
    expect(Buffer.byteLength(after.records.join('\n'))).toBeGreaterThan(maxBytes / 2);
    expect(after.records).toEqual(all.slice(-after.records.length));
  });

  test('drops a record that was not written whole, and goes on behind it', async () => {
    const { log, directory } = await open();
    for (const record of records(0, 2)) log.append(record);
    await log.close();
    const file = join(directory, '0000000001.jsonl');
    await truncate(file, (await stat(file)).size - 7);
    const second = await open(directory);
    expect(second.kept.records).toEqual(records(0, 1));
    second.log.append('{"n":9}');
    await second.log.close();
    expect((await reopen(directory)).records).toEqual([...records(0, 1), '{"n":9}']);
  });

  test('goes on behind a file that is empty, and minds no other files', async () => {
    const { directory } = await open();
    await writeFile(join(directory, '0000000007.jsonl'), '');
    await writeFile(join(directory, 'notes.txt'), 'not ours\n');
    const second = await open(directory);
    for (const record of records(0, 2)) second.log.append(record);
    await second.log.close();
    expect((await reopen(directory)).records).toEqual(records(0, 2));
    expect(await readdir(directory)).toEqual(['0000000007.jsonl', 'notes.txt']);
  });

  test('on a disk that is full says so once, loses events, and goes on when there is room', async () => {
    const { log, logger, directory } = await open();
    // The device on which every write fails with ENOSPC.
    await symlink('/dev/full', join(directory, '0000000001.jsonl'));
    for (const n of [0, 1]) {
      log.append(`{"n":${n}}`);
      await log.close();
    }
    expect(logger.messages('warn')).toEqual(['events are not kept for a replay after a restart']);
    await rm(join(directory, '0000000001.jsonl'));
    log.append('{"n":2}');
    await log.close();
    expect(logger.messages('info')).toEqual(['events are kept again']);
    expect((await reopen(directory)).records).toEqual(['{"n":2}']);
  });

  test('a directory that cannot be read stops nothing', async () => {
    const directory = join(await temporaryDirectory(), 'events');
    await writeFile(directory, 'a file');
    const { log, kept, logger } = await open(directory);
    expect(kept.records).toEqual([]);
    log.append('{"n":0}');
    await log.close();
    expect(logger.messages('warn')).toHaveLength(2);
  });
});
