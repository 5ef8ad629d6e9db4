import { beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { Journal } from '../../src/registry/journal.ts';
import { JournalStore } from '../../src/registry/journal-store.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { type DiskCall, MemoryDisk } from './memory-disk.ts';

const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

describe('the store on a journal', () => {
  let disk: MemoryDisk;
  let logger: RecordingLogger;
  let store: JournalStore;

  beforeEach(async () => {
    disk = new MemoryDisk();
    logger = new RecordingLogger();
    const journal = await Journal.create(disk, 1, sha256, []);
    store = new JournalStore(journal, disk.path, logger);
    disk.calls.length = 0;
  });

  const reopened = async (): Promise<JournalStore> => {
    const opened = await Journal.open(disk, 1, sha256);
    if (opened === undefined) throw new Error('there is no journal');
    return new JournalStore(opened.journal, disk.path, logger);
  };

  const failing = (...calls: DiskCall[]): void => {
    disk.fault = (call) => (calls.includes(call) ? full : undefined);
  };

  const lines = (): number => (disk.journal?.text.split('\n').length ?? 0) - 1;

  test('what is asked for at once shares one write and one sync', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.put('devices', `D${i}`, { i })));
    expect(disk.calls).toEqual(['write', 'sync']);
    expect(await store.all('devices')).toHaveLength(50);
  });

  test('of puts that wait for one document only the newest is written', async () => {
    const before = lines();
    const writing = Array.from({ length: 50 }, (_, i) => store.put('devices', 'D', { i }));
    await Promise.all(writing);
    expect(lines() - before).toBe(1);
    expect(await (await reopened()).all('devices')).toEqual([{ i: 49 }]);
  });

  test('a put is not merged into a transaction that waits', async () => {
    const change = { kind: 'put', collection: 'jobs' } as const;
    const both = store.transact([
      { ...change, key: 'A', document: 1 },
      { ...change, key: 'B', document: 1 },
    ]);
    await Promise.all([both, store.put('jobs', 'A', 2)]);
    expect(new Set(await store.all('jobs'))).toEqual(new Set([1, 2]));
  });

  test('what waits is written in groups of a bounded size', async () => {
    const text = 'x'.repeat(600 * 1024);
    await Promise.all(Array.from({ length: 6 }, (_, i) => store.put('devices', `D${i}`, { text })));
    expect(disk.calls.filter((call) => call === 'write')).toHaveLength(3);
  });

  test.each<[string, DiskCall[], number]>([
    ['nothing of it was written', ['write'], 0],
    ['a part of it was written', ['write'], 60],
    ['a part of it was written and cannot be taken away', ['write', 'truncate'], 60],
    ['it cannot be synced', ['sync'], 0],
    ['it cannot be synced, nor written anew', ['sync', 'draft'], 0],
    ['it cannot be synced, nor put in the place of the old', ['sync', 'publish'], 0],
  ])(
    'when the disk fails all in a transaction is refused, and the next one is whole: %s',
    async (_, calls, short) => {
      await store.put('devices', 'D', 'before');
      disk.shortWrite = short;
      failing(...calls);
      for (let i = 0; i < 3; i += 1) {
        const refused = store.put('devices', 'D', `refused ${'x'.repeat(i * 50)}`);
        await expect(refused).rejects.toMatchObject({ code: 'store-failed', where: disk.path });
      }
      disk.fault = undefined;
      expect(await store.all('devices')).toEqual(['before']);
      await store.put('jobs', 'J', 'after');
      for (const each of [store, await reopened()]) {
        expect(await each.all('devices')).toEqual(['before']);
        expect(await each.all('jobs')).toEqual(['after']);
      }
    },
  );

  test('a folder that cannot be synced is synced before anything else is answered', async () => {
    await store.put('devices', 'D', 'before');
    failing('sync');
    await expect(store.put('devices', 'D', 'refused')).rejects.toMatchObject({ code: 'store-failed' });
    failing('sync-folder');
    for (let i = 0; i < 2; i += 1)
      await expect(store.put('devices', 'D', 'refused')).rejects.toMatchObject({ code: 'store-failed' });
    disk.fault = undefined;
    disk.calls.length = 0;
    await store.put('devices', 'E', 'after');
    expect(disk.calls.indexOf('sync-folder')).toBeGreaterThan(disk.calls.indexOf('publish'));
    expect(await (await reopened()).all('devices')).toEqual(['before', 'after']);
  });

  test('another process that writes the file, or replaces it, is noticed and nothing is written over it', async () => {
    const other = await reopened();
    await other.put('devices', 'D', 'theirs');
    await expect(store.put('devices', 'D', 'ours')).rejects.toMatchObject({
      code: 'store-in-use',
      where: disk.path,
      hint: expect.stringContaining('start one'),
    });
    await Journal.create(disk, 1, sha256, [['devices', 'D', 'new']]);
    await expect(other.put('devices', 'D', 'theirs')).rejects.toMatchObject({ code: 'store-in-use' });
    expect(await (await reopened()).all('devices')).toEqual(['new']);
  });

  describe('written over and over', () => {
    const text = 'x'.repeat(500 * 1024);
    const write = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) await store.put('jobs', `J${i % 2}`, { i, text });
    };

    test('does not grow with its history', async () => {
      await store.put('devices', 'D', 'once');
      await write(30);
      expect(disk.journal?.content.length).toBeLessThan(7 * 1024 * 1024);
      expect(disk.calls.filter((call) => call === 'publish').length).toBeLessThan(4);
      const again = await reopened();
      expect(await again.all('devices')).toEqual(['once']);
      expect((await again.all('jobs')).map((job) => (job as { i: number }).i)).toEqual([28, 29]);
    });

    test('goes on as it is where there is no room to write it anew, and says so', async () => {
      failing('draft');
      await write(14);
      expect(logger.messages('warn')).toContain('the registry could not be written anew');
      disk.fault = undefined;
      await write(2);
      expect(disk.journal?.content.length).toBeLessThan(3 * 1024 * 1024);
      expect(await store.all('jobs')).toHaveLength(2);
    });
  });

  test('nothing is taken any more when it is closed', async () => {
    await store.put('jobs', 'J', 1);
    await Promise.all([store.close(), store.close()]);
    await expect(store.put('jobs', 'J', 2)).rejects.toMatchObject({ code: 'store-closed' });
    await expect(store.all('jobs')).rejects.toMatchObject({ code: 'store-closed' });
    expect(disk.journal?.closed).toBe(true);
  });
});
