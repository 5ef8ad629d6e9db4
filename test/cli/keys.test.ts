import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { loadServerKeys } from '../../src/cli/adapters/update-server-keys.ts';
import { readPrivateKey, readPublicKey } from '../../src/mup/adapters/key-files.ts';
import { allSuites } from '../../src/mup/adapters/noble-curves.ts';
import { verifyEndorsement } from '../../src/mup/endorsement.ts';
import { type CliResult, runMup, temporaryDirectory } from '../support/cli.ts';

const base = temporaryDirectory();
let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(base(), 'keys-'));
});

function mup(line: string, more: Omit<Parameters<typeof runMup>[1], 'cwd'> = {}): Promise<CliResult> {
  return runMup(line.split(' '), { cwd, ...more });
}

/** Runs what has to succeed, and reads what it prints as JSON. */
async function json(line: string, more = {}): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await mup(`${line} --json`, more);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

async function refused(line: string, code: string, more = {}): Promise<void> {
  const result = await mup(line, more);
  expect([result.code, result.stdout]).toEqual([2, '']);
  expect(result.stderr).toContain(code);
}

function write(name: string, content: string, mode = 0o600): void {
  writeFileSync(join(cwd, name), content);
  chmodSync(join(cwd, name), mode);
}

describe('keys of each suite', () => {
  test.each([
    ['es256', '1', 128],
    ['Ed25519', '2', 64],
    ['2', '2', 64],
  ])('mup keygen --suite %s makes a key of suite %s', async (name, suite, digits) => {
    const made = await json(`keygen vendor --suite ${name} --out k.pem`);
    expect(made).toMatchObject({ suite, encrypted: false });
    expect(made['publicKey']).toHaveLength(digits);
    expect((await readPrivateKey(join(cwd, 'k.pem'))).suite).toBe(suite);
  });

  test('an unknown suite is refused with those that there are', async () => {
    const { code, stderr } = await mup('keygen vendor --suite rsa --out k.pem');
    expect(code).toBe(2);
    expect(stderr).toContain('1 (ES256) or 2 (Ed25519)');
  });

  test('a manifest has the suite of the key that signs it, and is checked with a key of that suite alone', async () => {
    write('fw.bin', 'an image');
    await json('keygen vendor --suite ed25519 --out ed.pem');
    await json('keygen vendor --out es.pem');
    expect(await json('sign fw.bin --key ed.pem --app-id lamp --new-version 2')).toMatchObject({
      suite: '2',
    });
    await json('sign --check fw.json --image fw.bin --vendor-key ed.pub.pem');
    const { code, stderr } = await mup('sign --check fw.json --vendor-key es.pub.pem');
    expect(code).toBe(1);
    expect(stderr).toContain('suite 2 (Ed25519)');
  });

  test('for devices of the prototype, which know ES256 alone, an Ed25519 key signs nothing', async () => {
    write('fw.bin', 'an image');
    await json('keygen vendor --suite ed25519 --out ed.pem');
    const { code, stderr } = await mup(
      'sign fw.bin --key ed.pem --app-id lamp --new-version 2 --profile myno',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('suite');
  });

  test('the bridge has a key of each suite that was made for it, endorsed by a vendor key of the same', async () => {
    await json('keygen vendor --suite ed25519 --out ed.pem');
    await json('keygen vendor --out es.pem');
    const stateDir = join(cwd, 'state');
    const config = { ...defaultConfig, stateDir };
    expect((await loadServerKeys(config)).map(({ key }) => key.suite)).toEqual(['1']);
    const made = await json('keygen server --suite ed25519 --state-dir state');
    expect(made['privateKeyFile']).toBe(join(stateDir, 'keys/update-server-ed25519.pem'));
    const endorse = 'endorse --server-key state/keys/update-server-ed25519.pub.pem --epoch 3';
    await refused(`${endorse} --vendor-key es.pem`, 'suite');
    await json(`${endorse} --vendor-key ed.pem`);
    const keys = await loadServerKeys(config);
    expect(keys.map(({ key, endorsement }) => [key.suite, endorsement.epoch])).toEqual([
      ['1', 0],
      ['2', 3],
    ]);
    const vendorKey = await readPublicKey(join(cwd, 'ed.pub.pem'));
    for (const { key, endorsement } of keys.slice(1)) {
      expect(endorsement.serverKey).toEqual(allSuites.publicKeyOf(key));
      expect(() => verifyEndorsement(endorsement, vendorKey, allSuites)).not.toThrow();
    }
  });

  test('a key of another suite than its file is for is refused by the bridge', async () => {
    await json('keygen server --suite ed25519 --out update-server.pem');
    const stateDir = join(cwd, 'state');
    await loadServerKeys({ ...defaultConfig, stateDir });
    write('state/keys/update-server.pem', readFileSync(join(cwd, 'update-server.pem'), 'utf8'));
    await expect(loadServerKeys({ ...defaultConfig, stateDir })).rejects.toMatchObject({
      code: 'wrong-suite',
    });
  });
});

describe('keys with a passphrase', () => {
  beforeEach(async () => {
    write('fw.bin', 'an image');
    write('secret.txt', 'correct horse\n');
  });
  const sign = 'sign fw.bin --app-id lamp --new-version 2 --key v.pem';

  test('are written encrypted, and sign with the passphrase from a file, stdin or the environment', async () => {
    const made = await json('keygen vendor --out v.pem --passphrase-file secret.txt');
    expect(made['encrypted']).toBe(true);
    expect(readFileSync(join(cwd, 'v.pem'), 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    await json(`${sign} --passphrase-file secret.txt`);
    await json(sign, { env: { MUP_PASSPHRASE: 'correct horse' } });
    await json(`${sign} --passphrase-file -`, { stdin: 'correct horse\n' });
    await json('sign --check fw.json --vendor-key v.pub.pem');
  });

  test.each([
    [
      'device',
      'device --description d.jsonld --uuid D-1 --state-dir d --sign-key v.pem --telemetry-interval-ms x',
    ],
    ['device-test', 'device-test --uuid D-1 --vendor-key v.pem'],
    ['update', 'update --device D-1 --image fw.bin --key v.pem --state-dir s'],
  ])('are taken by mup %s too, before anything is asked of others', async (_, line) => {
    await json('keygen vendor --out v.pem --passphrase-file secret.txt');
    await json(`${sign} --passphrase-file secret.txt`);
    write('d.jsonld', '{}');
    const env = { MUP_MQTT_URL: 'mqtt://127.0.0.1:1', MUP_MQTT_CONNECT_TIMEOUT_MS: '1' };
    await refused(line, 'there is no passphrase for it', { env });
    const { stderr } = await mup(`${line} --passphrase-file secret.txt`, { env });
    expect(stderr).toMatch(/no connection to the broker|no bridge runs|"x" is not a number/);
  });

  test('are refused without it, and with another one, and neither is printed', async () => {
    await json('keygen vendor --out v.pem --passphrase-file secret.txt');
    await refused(sign, 'there is no passphrase for it');
    const { code, stderr } = await mup(sign, { env: { MUP_PASSPHRASE: 'another horse' } });
    expect(code).toBe(2);
    expect(stderr).toContain('cannot be decrypted with this passphrase');
    expect(stderr).not.toContain('horse');
  });

  test('whose file others may open is refused with how to mend that', async () => {
    write('secret.txt', 'correct horse\n', 0o644);
    await refused('keygen vendor --out v.pem --passphrase-file secret.txt', 'chmod 600');
  });

  test('that is empty is none', async () => {
    write('secret.txt', '\n');
    await refused('keygen vendor --out v.pem --passphrase-file secret.txt', 'is empty');
    await refused('keygen vendor --out v.pem', 'is empty', { env: { MUP_PASSPHRASE: '' } });
  });

  test('the bridge makes and reads its own with the one that its configuration names', async () => {
    const stateDir = join(cwd, 'state');
    const config = { ...defaultConfig, stateDir, passphraseFile: join(cwd, 'secret.txt') };
    const [made] = await loadServerKeys(config);
    const pem = readFileSync(join(stateDir, 'keys/update-server.pem'), 'utf8');
    expect(pem).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    expect(await loadServerKeys(config)).toEqual([made]);
    await expect(loadServerKeys({ ...config, passphraseFile: '-' })).rejects.toMatchObject({
      code: 'bad-config',
    });
    await expect(loadServerKeys({ ...config, passphraseFile: '' })).rejects.toMatchObject({
      code: 'key-encrypted',
    });
  });
});
