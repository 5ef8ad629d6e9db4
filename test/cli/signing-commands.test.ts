import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { readPrivateKey, readPublicKey } from '../../src/mup/adapters/key-files.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { verifyEndorsement } from '../../src/mup/endorsement.ts';
import { parseEndorsementFile } from '../../src/mup/endorsement-file.ts';
import { cwd, goElsewhere, image, json, mode, mup, signed } from './commands-fixture.ts';

describe('mup keygen', () => {
  test.each(['vendor', 'server'])(
    '%s writes a private key for its owner alone and the public key',
    async (owner) => {
      const result = await json('keygen', owner, '--out', 'k.pem');
      expect([mode('k.pem'), mode('k.pub.pem')]).toEqual(['600', '644']);
      const key = await readPrivateKey(join(cwd, 'k.pem'));
      const publicKey = Buffer.from(es256.publicKeyOf(key)).toString('hex');
      expect(result).toEqual({
        suite: '1',
        publicKey,
        encrypted: false,
        privateKeyFile: join(cwd, 'k.pem'),
        publicKeyFile: join(cwd, 'k.pub.pem'),
      });
      expect(Buffer.from(await readPublicKey(join(cwd, 'k.pub.pem'))).toString('hex')).toBe(publicKey);
    },
  );

  test('without --out it writes into the state directory, which others cannot open', async () => {
    await json('keygen', 'server', '--state-dir', 'state');
    await json('keygen', 'vendor', '--state-dir', 'state');
    expect(readdirSync(join(cwd, 'state', 'keys')).sort()).toEqual([
      'update-server.pem',
      'update-server.pub.pem',
      'vendor.pem',
      'vendor.pub.pem',
    ]);
    expect(mode('state/keys')).toBe('700');
  });

  test('never overwrites a private or a public key', async () => {
    for (const existing of ['k.pem', 'k.pub.pem']) {
      writeFileSync(join(cwd, existing), 'mine');
      const { code, stderr } = await mup('keygen', 'vendor', '--out', 'k.pem');
      expect([code, stderr.includes('exists already')]).toEqual([2, true]);
      expect(readdirSync(cwd)).toEqual([existing]);
      expect(readFileSync(join(cwd, existing), 'utf8')).toBe('mine');
      goElsewhere();
    }
  });

  test('does not say the private key', async () => {
    const { stdout } = await mup('keygen', 'vendor', '--out', 'k.pem');
    const key = Buffer.from((await readPrivateKey(join(cwd, 'k.pem'))).secret).toString('hex');
    expect(stdout).not.toContain(key);
    expect(stdout).toContain('public key:');
  });

  test('--out and --state-dir exclude one another', async () => {
    expect((await mup('keygen', 'vendor', '--out', 'a', '--state-dir', 'b')).code).toBe(2);
  });
});

describe('mup sign', () => {
  test('makes a manifest that its --check accepts with the image', async () => {
    await signed();
    const manifest = JSON.parse(readFileSync(join(cwd, 'fw.json'), 'utf8'));
    expect(manifest).toMatchObject({
      suite: '1',
      appId: 'lamp',
      linkOffset: 0,
      digest: sha256(image),
      size: 1000,
      newVersion: 2,
      oldVersion: 0,
    });
    const check = ['sign', '--check', 'fw.json', '--vendor-key', 'vendor.pub.pem'];
    expect(await json(...check)).toMatchObject({ valid: true, imageChecked: false });
    expect(await json(...check, '--image', 'fw.bin')).toMatchObject({ valid: true, imageChecked: true });
  });

  test('takes old version, link offset and another manifest file', async () => {
    await signed('--old-version', '1', '--link-offset', '4096', '--out', 'm.json');
    const manifest = JSON.parse(readFileSync(join(cwd, 'm.json'), 'utf8'));
    expect(manifest).toMatchObject({ oldVersion: 1, linkOffset: 4096 });
  });

  test('--profile myno signs what devices of the prototype verify, and --check says which it is', async () => {
    await signed('--profile', 'myno');
    const check = ['sign', '--check', 'fw.json', '--vendor-key', 'vendor.pub.pem'];
    expect(await json(...check, '--profile', 'myno')).toMatchObject({ valid: true });
    expect((await mup(...check)).stderr).toContain('inner signature');
    const add = ['image', 'add', 'fw.bin', '--vendor-key', 'vendor.pub.pem', '--state-dir', 's'];
    expect((await mup(...add)).stderr).toContain('inner signature');
    expect(await json(...add, '--profile', 'myno')).toMatchObject({ signatureChecked: true });
  });

  test('--check refuses another vendor, a changed manifest and another image', async () => {
    await signed();
    await json('keygen', 'vendor', '--out', 'other.pem');
    const other = await mup('sign', '--check', 'fw.json', '--vendor-key', 'other.pub.pem');
    expect([other.code, other.stderr.includes('inner signature')]).toEqual([1, true]);
    const text = readFileSync(join(cwd, 'fw.json'), 'utf8');
    writeFileSync(join(cwd, 'changed.json'), text.replace('"newVersion": 2', '"newVersion": 3'));
    expect((await mup('sign', '--check', 'changed.json', '--vendor-key', 'vendor.pub.pem')).code).toBe(1);
    for (const wrong of [image.slice(1), Uint8Array.of(...image.slice(1), 7), new Uint8Array(0)]) {
      writeFileSync(join(cwd, 'wrong.bin'), wrong);
      const argv = ['sign', '--check', 'fw.json', '--vendor-key', 'vendor.pub.pem', '--image', 'wrong.bin'];
      expect((await mup(...argv)).code).toBe(1);
    }
  });

  test.each([
    [['--app-id', 'a b'], '--app-id'],
    [['--profile', 'native'], '--profile'],
    [['--app-id', ''], '--app-id'],
    [['--app-id', 'x'.repeat(33)], '--app-id'],
    [['--new-version', '-1'], '--new-version'],
    [['--new-version', '0'], '--new-version'],
    [['--new-version', '4294967296'], '--new-version'],
    [['--key', 'none.pem'], 'none.pem'],
    [['--key', 'fw.bin'], 'fw.bin'],
    [['--vendor-key', 'vendor.pem'], '--check'],
    [['--out', 'fw.bin'], 'overwrite'],
    [['--out', 'vendor.pem'], 'vendor.pem holds a private key'],
    [['--out', 'no/such/dir.json'], 'no/such/dir.json'],
  ])('%j is refused by name, and nothing is written', async (wrong, what) => {
    await signed();
    const good = ['--key', 'vendor.pem', '--app-id', 'lamp', '--new-version', '2', '--out', 'new.json'];
    const before = readdirSync(cwd);
    const key = readFileSync(join(cwd, 'vendor.pem'), 'utf8');
    const { code, stderr } = await mup('sign', 'fw.bin', ...good, ...wrong);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^mup: [^\n]*\n$/);
    expect(stderr).toContain(what);
    expect(readdirSync(cwd)).toEqual(before);
    expect(readFileSync(join(cwd, 'vendor.pem'), 'utf8')).toBe(key);
  });

  test.each([
    [[], 'no image to sign'],
    [['fw.bin'], '--key is missing'],
    [['none.bin', '--key', 'vendor.pem', '--app-id', 'a', '--new-version', '1'], 'none.bin'],
    [['--check', 'fw.json'], '--vendor-key is missing'],
    [['--check', 'none.json', '--vendor-key', 'vendor.pem'], 'none.json'],
    [['fw.bin', '--check', 'fw.json', '--vendor-key', 'vendor.pem'], '--image'],
    [['--check', 'fw.json', '--vendor-key', 'vendor.pem', '--app-id', 'x'], '--app-id'],
  ])('%j is wrong usage', async (argv, what) => {
    await signed();
    const { code, stderr } = await mup('sign', ...argv);
    expect([code, stderr]).toEqual([2, expect.stringContaining(what)]);
  });

  test('what is no file is written to, and not replaced', async () => {
    await signed();
    execFileSync('mkfifo', [join(cwd, 'pipe')]);
    // Open for both, so that neither side waits for the other.
    const pipe = openSync(join(cwd, 'pipe'), constants.O_RDWR);
    const argv = ['sign', 'fw.bin', '--key', 'vendor.pem', '--app-id', 'lamp', '--new-version', '2'];
    expect((await mup(...argv, '--out', 'pipe')).code).toBe(0);
    const written = Buffer.alloc(4096);
    expect(JSON.parse(written.toString('utf8', 0, readSync(pipe, written)))).toMatchObject({ newVersion: 2 });
    closeSync(pipe);
    expect(statSync(join(cwd, 'pipe')).isFIFO()).toBe(true);
  });

  test('a private key that others may read is not used', async () => {
    await signed();
    chmodSync(join(cwd, 'vendor.pem'), 0o644);
    const argv = ['sign', 'fw.bin', '--key', 'vendor.pem', '--app-id', 'lamp', '--new-version', '2'];
    expect(await mup(...argv)).toMatchObject({ code: 2, stderr: expect.stringContaining('chmod 600') });
  });
});

describe('mup endorse', () => {
  test('writes an endorsement that verifies with the vendor key alone', async () => {
    await json('keygen', 'vendor', '--out', 'vendor.pem');
    await json('keygen', 'server', '--state-dir', 'state');
    const keys = 'state/keys/update-server.pub.pem';
    await json('endorse', '--server-key', keys, '--vendor-key', 'vendor.pem', '--epoch', '7');
    const file = join(cwd, 'state', 'keys', 'endorsement.json');
    const endorsement = parseEndorsementFile(readFileSync(file));
    expect(endorsement.epoch).toBe(7);
    expect(endorsement.serverKey).toEqual(await readPublicKey(join(cwd, keys)));
    const vendor = await readPublicKey(join(cwd, 'vendor.pub.pem'));
    expect(() => verifyEndorsement(endorsement, vendor, es256)).not.toThrow();
    expect(() => verifyEndorsement(endorsement, endorsement.serverKey, es256)).toThrow();
  });

  test('needs a private vendor key', async () => {
    await json('keygen', 'vendor', '--out', 'vendor.pem');
    const argv = [
      'endorse',
      '--server-key',
      'vendor.pub.pem',
      '--vendor-key',
      'vendor.pub.pem',
      '--epoch',
      '1',
    ];
    expect((await mup(...argv)).code).toBe(2);
  });
});
