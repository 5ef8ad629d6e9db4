import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { sha256 } from '../../../src/base/adapters/node-runtime.ts';
import { concatBytes, decodeUtf8, toHex } from '../../../src/base/bytes.ts';
import { defaultConfig } from '../../../src/base/config.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { loadServerKey } from '../../../src/cli/adapters/update-server-keys.ts';
import { openStateDirectory } from '../../../src/device/adapters/state-directory.ts';
import { readPrivateKey, readPublicKey } from '../../../src/mup/adapters/key-files.ts';
import { es256 } from '../../../src/mup/adapters/noble-curves.ts';
import { datastoreFile } from '../../../src/netconf/adapters/datastore-file.ts';
import { loadHostKeys } from '../../../src/netconf/adapters/host-key-files.ts';
import { openImageRepository } from '../../../src/registry/adapters/image-directory.ts';
import { describeWith } from '../../support/peers.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { imageOf } from './images.ts';
import { atEachCut, type Recording, type Remains, record } from './recording.ts';

/** What was said last behind a word. */
function lastOf(said: readonly string[], word: string): string | undefined {
  return said.findLast((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
}

async function imagesAreWhole({ directory, said }: Remains): Promise<void> {
  const images = await openImageRepository(join(directory, 'images'), defaultConfig.images, silentLogger);
  const listed = await images.list();
  for (const { manifest } of listed) {
    // Each is smaller than a block.
    const content = await images.block(manifest.digest, 0);
    expect([content.length, sha256(content)]).toEqual([manifest.size, manifest.digest]);
  }
  const state = new Map(said.map((line) => line.split(' ')).map(([word, digest]) => [digest, word]));
  const expected = (word: string): unknown[] =>
    [...state].filter(([, last]) => last === word).map(([digest]) => digest);
  const there = listed.map(({ manifest }) => manifest.digest as string);
  expect(there).toEqual(expect.arrayContaining(expected('added')));
  for (const removed of expected('removed')) expect(there).not.toContain(removed);
}

async function keysAreWhole({ directory, said }: Remains): Promise<void> {
  const keys = join(directory, 'keys');
  const names = existsSync(keys) ? readdirSync(keys).filter((name) => !name.endsWith('.tmp')) : [];
  for (const name of names)
    expect(readFileSync(join(keys, name), 'utf8')).toMatch(/^-----BEGIN .*-----END [A-Z ]+-----\n$/s);
  const server = toHex(es256.publicKeyOf(await loadServerKey(directory)));
  expect(toHex(await readPublicKey(join(keys, 'update-server.pub.pem')))).toBe(server);
  expect(server).toBe(lastOf(said, 'server-key') ?? server);
  const vendor = lastOf(said, 'vendor-key');
  if (vendor !== undefined)
    expect(toHex(es256.publicKeyOf(await readPrivateKey(join(keys, 'vendor.pem'))))).toBe(vendor);
  const host = lastOf(said, 'host-keys');
  if (host !== undefined)
    expect((await loadHostKeys(keys)).map(({ fingerprint }) => fingerprint).join(',')).toBe(host);
}

async function startupIsWhole({ directory, said }: Remains): Promise<void> {
  const found = await datastoreFile(join(directory, 'datastore', 'startup.xml')).load();
  const saved = [undefined, '<config>1</config>', '<config>2</config>'];
  expect(saved.slice(saved.indexOf(lastOf(said, 'startup')))).toContain(found);
}

/** The record says what the slot holds, so that it may be there only with all of that. */
async function deviceIsWhole({ directory, said }: Remains): Promise<void> {
  const { slots, readRecord, close } = await openStateDirectory(join(directory, 'device'));
  const record = decodeUtf8((await readRecord()) ?? new Uint8Array(0));
  if (lastOf(said, 'device') !== undefined) expect(record).toBe('slot b');
  if (record !== '') {
    const parts: Uint8Array[] = [];
    for await (const part of slots.b.read()) parts.push(part);
    expect([record, sha256(concatBytes(parts))]).toEqual(['slot b', sha256(imageOf(0))]);
  }
  await close();
}

describeWith(['gcc'], 'power cuts on what stands in files of its own', () => {
  let recording: Recording;

  test('an image that was added is there whole, one that was removed is not, and none is there in part', async () => {
    recording = await record('files-workload.ts', await temporaryDirectory());
    await atEachCut(recording, imagesAreWhole);
  }, 120_000);

  test('a key is there whole or not at all, and once it was used it is the same', async () => {
    await atEachCut(recording, keysAreWhole);
  }, 120_000);

  test('the startup configuration is the one that was saved last', async () => {
    await atEachCut(recording, startupIsWhole);
  }, 120_000);

  test('the record of a device is there whole, and with it all of the slot that it speaks of', async () => {
    await atEachCut(recording, deviceIsWhole);
  }, 120_000);
});
