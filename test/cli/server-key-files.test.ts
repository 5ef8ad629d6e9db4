import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { ServerKeyFiles } from '../../src/cli/adapters/server-key-files.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { endorse } from '../../src/mup/endorsement.ts';
import { formatEndorsementFile } from '../../src/mup/endorsement-file.ts';
import { keyId } from '../../src/mup/key-id.ts';
import { type PublicKey, privateKey, suiteOf } from '../../src/mup/signature-scheme.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const vendor = privateKey(new Uint8Array(32).fill(7), '1');

let config: Config;
beforeEach(async () => {
  config = { ...defaultConfig, stateDir: await temporaryDirectory() };
});

const files = (): string[] => readdirSync(join(config.stateDir, 'keys')).sort();
const endorsement = (serverKey: PublicKey, epoch: number) => ({
  serverKey,
  epoch,
  signature: endorse(serverKey, epoch, vendor, es256),
});

/** What a bridge finds that starts now. */
async function found(): Promise<{ active: [string, number][]; prepared: string[] }> {
  const { active, prepared } = await new ServerKeyFiles(config).load();
  return {
    active: active.map((one) => [keyId(one.endorsement.serverKey), one.endorsement.epoch]),
    prepared: prepared.map(keyId),
  };
}

async function firstKey(): Promise<PublicKey> {
  const [first] = (await new ServerKeyFiles(config).load()).active;
  if (first === undefined) throw new Error('no key was made');
  return first.endorsement.serverKey;
}

describe('the update server’s keys in the state directory (ADR 27)', () => {
  test('a key is prepared, in use and retired, each as a start of the bridge finds it', async () => {
    const store = new ServerKeyFiles(config);
    const first = await firstKey();
    await store.endorse(endorsement(first, 1));
    expect(await found()).toEqual({ active: [[keyId(first), 1]], prepared: [] });
    const next = await store.prepare('1');
    expect(await found()).toEqual({ active: [[keyId(first), 1]], prepared: [keyId(next)] });
    await store.endorse(endorsement(next, 2));
    expect(await found()).toEqual({
      active: [
        [keyId(first), 1],
        [keyId(next), 2],
      ],
      prepared: [],
    });
    await store.retire(first);
    expect(await found()).toEqual({ active: [[keyId(next), 2]], prepared: [] });
    expect(files()).toEqual([
      `endorsement-${keyId(next)}.json`,
      'endorsement.retired.json',
      `update-server-${keyId(next)}.pem`,
      `update-server-${keyId(next)}.pub.pem`,
      'update-server.retired.pem',
      'update-server.retired.pub.pem',
    ]);
  });

  test('a later key is retired like the first, and one of Ed25519 is a key like others', async () => {
    const store = new ServerKeyFiles(config);
    const first = await firstKey();
    const next = await store.prepare('2');
    expect(suiteOf(next)).toBe('2');
    await store.retire(next);
    expect(await found()).toEqual({ active: [[keyId(first), 0]], prepared: [] });
    expect(files()).toContain(`update-server-${keyId(next)}.retired.pem`);
  });

  test('private keys are their owner’s alone, and encrypted where the bridge has a passphrase', async () => {
    const passphraseFile = join(config.stateDir, 'passphrase');
    writeFileSync(passphraseFile, 'of the tests\n', { mode: 0o600 });
    const encrypted = { ...config, passphraseFile };
    const store = new ServerKeyFiles(encrypted);
    await store.load();
    const next = await store.prepare('1');
    const path = join(config.stateDir, 'keys', `update-server-${keyId(next)}.pem`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await store.load()).prepared.map(keyId)).toEqual([keyId(next)]);
    await expect(new ServerKeyFiles(config).load()).rejects.toMatchObject({ code: 'key-encrypted' });
  });

  test('an endorsement of another key beside a key stops the start, and says where', async () => {
    const store = new ServerKeyFiles(config);
    const first = await firstKey();
    const later = await store.prepare('1');
    const path = join(config.stateDir, 'keys', `endorsement-${keyId(later)}.json`);
    writeFileSync(path, formatEndorsementFile(endorsement(first, 2)));
    await expect(found()).rejects.toMatchObject({ code: 'bad-endorsement', where: path });
  });
});
