import { readdirSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openDocumentDirectory } from '../../src/registry/adapters/document-directory.ts';
import type { DocumentStore } from '../../src/registry/document-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('the document store', () => {
  let directory: string;
  let store: DocumentStore;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    store = await openDocumentDirectory(directory);
  });

  test('documents survive a restart, collection by collection', async () => {
    await store.put('devices', 'D1', { a: 1 });
    await store.put('devices', 'D2', { a: 2 });
    await store.put('modules', 'D1', { b: 1 });
    await store.delete('devices', 'D2');
    const again = await openDocumentDirectory(directory);
    expect(await again.all('devices')).toEqual([{ a: 1 }]);
    expect(await again.all('modules')).toEqual([{ b: 1 }]);
    expect(await again.all('jobs')).toEqual([]);
  });

  test('writes to one document happen in the order they were asked for', async () => {
    const writes = Array.from({ length: 20 }, (_, i) => store.put('jobs', 'J', { i }));
    await Promise.all([...writes, store.delete('jobs', 'J'), store.put('jobs', 'J', { i: 'last' })]);
    expect(await store.all('jobs')).toEqual([{ i: 'last' }]);
  });

  test('of writes that wait for one document only the newest happens', async () => {
    const [first, second, third] = [1, 2, 3].map((i) => store.put('devices', 'D', { i }));
    expect(second).toBe(first);
    expect(third).toBe(first);
    await first;
    expect(await store.all('devices')).toEqual([{ i: 3 }]);
    const last = [store.delete('devices', 'D'), store.put('devices', 'D', { i: 4 })];
    await Promise.all(last);
    expect(await store.all('devices')).toEqual([{ i: 4 }]);
  });

  test('thousands of documents are read and written with few files open', async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `D${i}`);
    const open = { most: 0 };
    const sampling = setInterval(() => {
      open.most = Math.max(open.most, readdirSync('/proc/self/fd').length);
    }, 1);
    const before = readdirSync('/proc/self/fd').length;
    await Promise.all(keys.map((key) => store.put('devices', key, { key })));
    expect(await store.all('devices')).toHaveLength(500);
    clearInterval(sampling);
    expect(open.most - before).toBeLessThan(100);
  });

  test('no temporary file is left behind, and a stray one is not read', async () => {
    await store.put('jobs', 'J', { i: 1 });
    await writeFile(join(directory, 'jobs', 'J.json.1.1.tmp'), '{"i":');
    expect(await store.all('jobs')).toEqual([{ i: 1 }]);
    expect(await readdir(join(directory, 'devices'))).toEqual([]);
  });

  test('a file that a power cut left empty is no document', async () => {
    await store.put('devices', 'D1', { a: 1 });
    await writeFile(join(directory, 'devices', 'D2.json'), '');
    expect(await store.all('devices')).toEqual([{ a: 1 }]);
  });

  test('a damaged document is named with its file', async () => {
    await writeFile(join(directory, 'jobs', 'J.json'), '{"i":');
    await expect(store.all('jobs')).rejects.toMatchObject({
      code: 'store-damaged',
      where: join(directory, 'jobs', 'J.json'),
    });
  });
});
