import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { readPrivateKey } from '../../src/mup/adapters/key-files.ts';
import { type CliResult, runMup, temporaryDirectory } from '../support/cli.ts';
import { root } from '../support/paths.ts';

const base = temporaryDirectory();
let made = '';
let cwd = '';

const mup = (line: string, directory = cwd, env = {}): Promise<CliResult> =>
  runMup(line.split(' '), { cwd: directory, env });

/** What `mup inspect --json` says, and the exit code. */
async function inspected(line: string, env = {}): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await mup(`inspect ${line} --json`, cwd, env);
  expect(stderr).toBe('');
  return { code, ...JSON.parse(stdout) };
}

const files = ['ed.pem', 'ed.pub.pem', 'es.pem', 'es.pub.pem', 'locked.pem', 'locked.pub.pem'];

beforeAll(async () => {
  made = mkdtempSync(join(base(), 'made-'));
  const lines = [
    'keygen vendor --suite ed25519 --out ed.pem',
    'keygen vendor --out es.pem',
    'sign fw.bin --key ed.pem --app-id lamp --new-version 2',
    'endorse --server-key ed.pub.pem --vendor-key ed.pem --epoch 7 --out endorsement.json',
  ];
  writeFileSync(join(made, 'fw.bin'), 'an image');
  for (const line of lines) expect((await mup(line, made)).code).toBe(0);
  const locked = await mup('keygen vendor --out locked.pem', made, { MUP_PASSPHRASE: 'correct horse' });
  expect(locked.code).toBe(0);
});

beforeEach(() => {
  cwd = mkdtempSync(join(base(), 'case-'));
  for (const name of [...files, 'fw.bin', 'fw.json', 'endorsement.json'])
    copyFileSync(join(made, name), join(cwd, name));
});

describe('mup inspect', () => {
  test.each([
    ['ed.pem', 'private-key', '2 (Ed25519)'],
    ['ed.pub.pem', 'public-key', '2 (Ed25519)'],
    ['es.pem', 'private-key', '1 (ES256)'],
    ['es.pub.pem', 'public-key', '1 (ES256)'],
  ])('%s is a %s of suite %s; the private key is never shown', async (file, kind, suite) => {
    expect(await inspected(file)).toMatchObject({ code: 0, kind, suite, holds: true });
    const { secret } = await readPrivateKey(join(cwd, file.replace('.pub', '')));
    for (const more of ['', ' --json']) {
      const { stdout } = await mup(`inspect ${file}${more}`);
      expect(stdout).not.toContain(Buffer.from(secret).toString('hex'));
      expect(stdout).not.toContain(Buffer.from(secret).toString('base64'));
    }
  });

  test('an encrypted key is said to be one, and its public half with the passphrase alone', async () => {
    const without = await inspected('locked.pem');
    expect(without).toMatchObject({ code: 0, kind: 'private-key', encrypted: true });
    expect(without).not.toHaveProperty('publicKey');
    const { publicKey } = await inspected('locked.pub.pem');
    expect(await inspected('locked.pem', { MUP_PASSPHRASE: 'correct horse' })).toMatchObject({ publicKey });
    expect((await mup('inspect locked.pem', cwd, { MUP_PASSPHRASE: 'another' })).code).toBe(2);
  });

  test('a manifest whose signature holds', async () => {
    expect(await inspected('fw.json --vendor-key ed.pub.pem')).toMatchObject({
      ...{
        code: 0,
        kind: 'vendor-manifest',
        suite: '2 (Ed25519)',
        appId: 'lamp',
        newVersion: 2,
        holds: true,
      },
      checks: [{ check: 'inner-signature', result: 'holds' }],
    });
  });

  test('without the vendor’s key nothing is said to hold', async () => {
    const { checks } = await inspected('fw.json');
    expect(checks).toEqual([
      { check: 'inner-signature', result: 'not-checked', reason: expect.stringContaining('--vendor-key') },
    ]);
  });

  test.each([
    ['another version', '"newVersion": 2', '"newVersion": 3', 'ed.pub.pem'],
    ['another key', '', '', 'locked.pub.pem'],
    ['a key of another suite', '', '', 'es.pub.pem'],
  ])('a manifest with %s does not hold: exit code 1', async (_, before, after, key) => {
    const text = readFileSync(join(cwd, 'fw.json'), 'utf8').replace(before, after);
    writeFileSync(join(cwd, 'fw.json'), text);
    expect(await inspected(`fw.json --vendor-key ${key}`)).toMatchObject({ code: 1, holds: false });
    const { code, stdout } = await mup(`inspect fw.json --vendor-key ${key}`);
    expect([code, stdout]).toEqual([1, expect.stringContaining('inner signature DOES NOT HOLD')]);
  });

  test('an image is compared with the manifest beside it', async () => {
    expect(await inspected('fw.bin --vendor-key ed.pub.pem')).toMatchObject({
      ...{ code: 0, kind: 'image', size: 8, digest: sha256(utf8('an image')), manifest: 'fw.json' },
      checks: [
        { check: 'image', result: 'holds' },
        { check: 'inner-signature', result: 'holds' },
      ],
    });
    appendFileSync(join(cwd, 'fw.bin'), '!');
    expect(await inspected('fw.bin')).toMatchObject({ code: 1, size: 9, holds: false });
  });

  test('an image without a manifest beside it is shown with its digest; one may be named', async () => {
    copyFileSync(join(cwd, 'fw.bin'), join(cwd, 'other.bin'));
    expect(await inspected('other.bin')).toMatchObject({
      ...{ code: 0, kind: 'image', digest: sha256(utf8('an image')) },
      checks: [{ check: 'manifest', result: 'not-checked' }],
    });
    expect(await inspected('other.bin --manifest fw.json')).toMatchObject({ code: 0, appId: 'lamp' });
  });

  test('an endorsement, and one of another vendor', async () => {
    expect(await inspected('endorsement.json --vendor-key ed.pub.pem')).toMatchObject({
      ...{ code: 0, kind: 'endorsement', epoch: 7, suite: '2 (Ed25519)' },
      checks: [{ check: 'endorsement', result: 'holds' }],
    });
    expect(await inspected('endorsement.json --vendor-key es.pub.pem')).toMatchObject({ code: 1 });
  });

  test('a description, packed or not, has the digest that devices announce', async () => {
    const content = readFileSync(join(root, 'ontologies', 'examples', 'updatable-device.jsonld'));
    writeFileSync(join(cwd, 'd.jsonld'), content);
    writeFileSync(join(cwd, 'd.z'), deflateSync(content));
    const digest = `sha256:${sha256(content)}`;
    expect(await inspected('d.jsonld')).toMatchObject({ kind: 'description', packed: false, digest });
    expect(await inspected('d.z')).toMatchObject({ kind: 'description', packed: true, digest });
  });

  describe('a signed description', () => {
    const device = 'LAMP-1';
    beforeEach(async () => {
      copyFileSync(join(root, 'ontologies', 'examples', 'relay.jsonld'), join(cwd, 'relay.jsonld'));
      const sign = `describe sign relay.jsonld --uuid ${device} --counter 7 --vendor-key ed.pem --out signed`;
      expect((await mup(sign)).code).toBe(0);
    });

    /** Results of the checks, by their names. */
    const results = async (line: string): Promise<unknown> => {
      const { code, checks } = await inspected(line);
      const found = (checks as { check: string; result: string }[]).map(({ check, result }) => [
        check,
        result,
      ]);
      return { code, ...Object.fromEntries(found) };
    };

    test('is shown with its counter and key; whose it is and of which device has to be said to check it', async () => {
      const { publicKey } = await inspected('ed.pub.pem');
      expect(await inspected('signed')).toMatchObject({ kind: 'signed-description', counter: 7, publicKey });
      expect(await results('signed')).toEqual({ code: 0, signature: 'not-checked', signer: 'not-checked' });
    });

    test('holds for its device, by its vendor', async () => {
      const line = `signed --uuid ${device} --vendor-key ed.pub.pem`;
      expect(await results(line)).toEqual({ code: 0, signature: 'holds', signer: 'holds' });
    });

    test.each([
      ['for another device', '--uuid LAMP-2', { code: 1, signature: 'fails', signer: 'not-checked' }],
      [
        'of another vendor',
        '--vendor-key es.pub.pem',
        { code: 1, signature: 'not-checked', signer: 'fails' },
      ],
    ])('does not hold %s', async (_, options, expected) => {
      expect(await results(`signed ${options}`)).toEqual(expected);
    });

    test('does not hold when an octet was changed', async () => {
      appendFileSync(join(cwd, 'signed'), ' ');
      expect(await results(`signed --uuid ${device}`)).toMatchObject({ code: 1, signature: 'fails' });
    });
  });

  test('a file that says what it is and is broken is refused by name', async () => {
    writeFileSync(join(cwd, 'bad.json'), '{"innerSignature": "00"}');
    const { code, stderr } = await mup('inspect bad.json');
    expect([code, stderr]).toEqual([1, expect.stringContaining('suite')]);
    expect((await mup('inspect nothing.json')).code).toBe(2);
  });
});
