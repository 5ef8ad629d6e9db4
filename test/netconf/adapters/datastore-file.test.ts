import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { datastoreFile } from '../../../src/netconf/adapters/datastore-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  path = join(directory, 'datastore', 'startup.xml');
});

test('what is saved is loaded, and only its owner may read it', async () => {
  const store = datastoreFile(path);
  expect(await store.load()).toBeUndefined();
  await store.save('<config>ä</config>');
  expect(await store.load()).toBe('<config>ä</config>');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, 'datastore'))).mode & 0o777).toBe(0o700);
});

test('saving replaces the file as a whole and leaves nothing behind', async () => {
  const store = datastoreFile(path);
  await store.save('first');
  await store.save('second');
  expect(await readFile(path, 'utf8')).toBe('second');
  expect(await readdir(join(directory, 'datastore'))).toEqual(['startup.xml']);
});

test('deleting it (RFC 6241 §7.4), twice', async () => {
  const store = datastoreFile(path);
  await store.save('text');
  await store.save(undefined);
  await store.save(undefined);
  expect(await store.load()).toBeUndefined();
});

test('a save that fails leaves what was there', async () => {
  const store = datastoreFile(path);
  await store.save('first');
  const inTheWay = datastoreFile(join(path, 'below-a-file', 'startup.xml'));
  await expect(inTheWay.save('second')).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(await store.load()).toBe('first');
});

test('what is not UTF-8 is refused', async () => {
  await mkdir(join(directory, 'datastore'));
  await writeFile(path, Buffer.from([0x3c, 0xff]));
  await chmod(path, 0o600);
  await expect(datastoreFile(path).load()).rejects.toMatchObject({ code: 'startup-unusable', where: path });
});
