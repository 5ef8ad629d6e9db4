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

  test('no temporary file is left behind, and a stray one is not read', async () => {
    await store.put('jobs', 'J', { i: 1 });
    await writeFile(join(directory, 'jobs', 'J.json.1.1.tmp'), '{"i":');
    expect(await store.all('jobs')).toEqual([{ i: 1 }]);
    expect(await readdir(join(directory, 'devices'))).toEqual([]);
  });

  test('a damaged document is named with its file', async () => {
    await writeFile(join(directory, 'jobs', 'J.json'), '{"i":');
    await expect(store.all('jobs')).rejects.toMatchObject({
      code: 'store-damaged',
      where: join(directory, 'jobs', 'J.json'),
    });
  });
});
