import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { runMup } from '../support/cli.ts';
import { cwd, image, json, mode, mup, signed } from './commands-fixture.ts';

describe('mup image', () => {
  test('add, list, remove', async () => {
    await signed();
    const added = await json('image', 'add', 'fw.bin', '--vendor-key', 'vendor.pub.pem', '--state-dir', 's');
    expect(added).toMatchObject({ digest: sha256(image), signatureChecked: true, newVersion: 2 });
    const again = await json('image', 'add', 'fw.bin', '--manifest', 'fw.json', '--state-dir', 's');
    expect(again).toMatchObject({ digest: sha256(image), signatureChecked: false });
    expect(await json('image', 'list', '--state-dir', 's')).toMatchObject([
      { digest: sha256(image), appId: 'lamp', size: 1000 },
    ]);
    expect((await mup('image', 'list', '--state-dir', 's')).stdout).toContain(sha256(image));
    const removed = await json(
      'image',
      'remove',
      sha256(image).slice(0, 8).toUpperCase(),
      '--state-dir',
      's',
    );
    expect(removed).toEqual({ removed: sha256(image) });
    expect(await json('image', 'list', '--state-dir', 's')).toEqual([]);
    expect((await mup('image', 'list', '--state-dir', 's')).stdout).toBe('no images\n');
  });

  test('an image that is not its manifest’s, or not the vendor’s, is not added', async () => {
    await signed();
    await json('keygen', 'vendor', '--out', 'other.pem');
    const add = ['image', 'add', 'fw.bin', '--state-dir', 's'];
    expect((await mup(...add, '--vendor-key', 'other.pub.pem')).code).toBe(1);
    writeFileSync(join(cwd, 'fw.bin'), image.slice(1));
    expect((await mup(...add)).code).toBe(1);
    writeFileSync(join(cwd, 'fw.json'), '{}');
    expect((await mup(...add)).code).toBe(1);
    expect(await json('image', 'list', '--state-dir', 's')).toEqual([]);
  });

  test.each([
    ['abc', 'not a digest'],
    ['xyzw', 'not a digest'],
    ['../../etc', 'not a digest'],
    ['abcd', 'no image has'],
  ])('remove %s', async (digest, what) => {
    const { code, stderr } = await mup('image', 'remove', digest, '--state-dir', 's');
    expect([code, stderr]).toEqual([2, expect.stringContaining(what)]);
  });

  test('list and remove make no state directory where there is none', async () => {
    expect((await mup('image', 'list', '--state-dir', 'misspelt')).stdout).toBe('no images\n');
    expect((await mup('image', 'remove', 'abcd', '--state-dir', 'misspelt')).code).toBe(2);
    expect(existsSync(join(cwd, 'misspelt'))).toBe(false);
  });

  test('an image over images.maxImageBytes is not read', async () => {
    await signed();
    const env = { MUP_IMAGES_MAX_IMAGE_BYTES: '999' };
    const { code, stderr } = await runMup(['image', 'add', 'fw.bin', '--state-dir', 's'], { cwd, env });
    expect([code, stderr]).toEqual([2, expect.stringContaining('999 octets')]);
  });
});

describe('mup user', () => {
  const publicKey = (): string => {
    const { publicKey: key } = generateKeyPairSync('ed25519');
    const raw = key.export({ format: 'der', type: 'spki' }).subarray(-32);
    const field = (bytes: Uint8Array): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const blob = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(raw)]);
    return `ssh-ed25519 ${blob.toString('base64')} anna@example\n`;
  };

  const local = {
    name: 'local',
    hasPassword: false,
    authorizedKeys: [{ type: 'ssh-ed25519', sha256: expect.stringMatching(/^SHA256:/), comment: 'local' }],
    groups: ['admin'],
  };
  const startup = 's/datastore/startup.xml';

  test('add by password and by key, list, remove', async () => {
    expect(await json('user', 'list', '--state-dir', 's')).toEqual([]);
    const add = ['user', 'add', 'anna', '--state-dir', 's'];
    const { code, stderr } = await runMup([...add, '--password-stdin'], { cwd, stdin: 'correct horse\n' });
    expect([code, stderr]).toEqual([0, '']);
    writeFileSync(join(cwd, 'id.pub'), publicKey());
    await json(...add, '--authorized-key', 'id.pub');
    expect(mode(startup)).toBe('600');
    expect(readFileSync(join(cwd, startup), 'utf8')).not.toContain('correct horse');
    expect(existsSync(join(cwd, 's', 'bridge.pid'))).toBe(false);
    expect(await json('user', 'list', '--state-dir', 's')).toEqual([
      {
        name: 'anna',
        hasPassword: true,
        authorizedKeys: [
          { type: 'ssh-ed25519', sha256: expect.stringMatching(/^SHA256:/), comment: 'anna@example' },
        ],
        groups: [],
      },
      local,
    ]);
    expect((await mup('user', 'list', '--state-dir', 's')).stdout).toMatch(
      /anna {3}- {7}password, ssh-ed25519 SHA256/,
    );
    expect(await json('user', 'remove', 'anna', '--state-dir', 's')).toEqual({ removed: 'anna' });
    expect(await json('user', 'list', '--state-dir', 's')).toEqual([local]);
    expect(await mup('user', 'remove', 'anna', '--state-dir', 's')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There are: local.'),
    });
  });

  test('groups are those of access control; a removed user is in none', async () => {
    writeFileSync(join(cwd, 'id.pub'), publicKey());
    const anna = ['anna', '--state-dir', 's'];
    const unknown = ['--authorized-key', 'id.pub', '--group', 'admin', '--group', 'amdin'];
    expect(await mup('user', 'add', ...anna, ...unknown)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no group "amdin" .*There are: admin\./),
    });
    expect(await mup('user', 'add', ...anna, '--group', 'admin')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('needs a way to log in'),
    });
    await json('user', 'add', ...anna, '--authorized-key', 'id.pub');
    expect(await json('user', 'add', ...anna, '--group', 'admin')).toMatchObject({ groups: ['admin'] });
    await json('user', 'remove', ...anna);
    expect(readFileSync(join(cwd, startup), 'utf8')).not.toContain('anna');
  });

  test('what cannot be is refused, and leaves the configuration as it is', async () => {
    writeFileSync(join(cwd, 'id.pub'), publicKey());
    await json('user', 'add', 'anna', '--authorized-key', 'id.pub', '--state-dir', 's');
    const before = readFileSync(join(cwd, startup), 'utf8');
    await mup('user', 'add', 'a b', '--authorized-key', 'id.pub', '--state-dir', 's');
    await mup('user', 'remove', 'bert', '--state-dir', 's');
    await mup('user', 'add', 'bert', '--group', 'admin', '--state-dir', 's');
    expect(readFileSync(join(cwd, startup), 'utf8')).toBe(before);
  });

  test.each([
    [
      'damaged',
      'the startup configuration cannot be used',
      () => writeFileSync(join(cwd, startup), '<config>'),
    ],
    ['readable by others', 'chmod 600', () => chmodSync(join(cwd, startup), 0o644)],
  ])('a startup configuration that is %s is wrong usage', async (_what, said, spoil) => {
    writeFileSync(join(cwd, 'id.pub'), publicKey());
    await json('user', 'add', 'anna', '--authorized-key', 'id.pub', '--state-dir', 's');
    spoil();
    for (const argv of [['list'], ['remove', 'anna'], ['add', 'bert', '--authorized-key', 'id.pub']]) {
      const { code, stderr } = await runMup(['user', ...argv, '--state-dir', 's'], {
        cwd,
      });
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    }
  });

  test('a password in the clear, edited into the file by hand, does not stay in it', async () => {
    writeFileSync(join(cwd, 'id.pub'), publicKey());
    await json('user', 'add', 'anna', '--authorized-key', 'id.pub', '--state-dir', 's');
    const text = readFileSync(join(cwd, startup), 'utf8');
    writeFileSync(
      join(cwd, startup),
      text.replace('<name>anna</name>', '<name>anna</name><password>$0$wonderland</password>'),
    );
    expect(await json('user', 'list', '--state-dir', 's')).toMatchObject([
      { name: 'anna', hasPassword: true },
      {},
    ]);
    expect(readFileSync(join(cwd, startup), 'utf8')).toMatch(/<password>\$scrypt\$/);
  });

  test.each([
    ['', 'is empty'],
    ['\n', 'is empty'],
    ['a\nb\n', 'more than one line'],
    [Uint8Array.of(0xff, 0xfe), 'not UTF-8'],
    ['x'.repeat(5000), 'octets'],
    ['x\u0007y', 'control character'],
  ])('password %j on stdin is refused', async (stdin, what) => {
    const argv = ['user', 'add', 'anna', '--password-stdin', '--state-dir', 's'];
    const { code, stderr } = await runMup(argv, { cwd, stdin });
    expect([code, stderr]).toEqual([2, expect.stringContaining(what)]);
  });

  test('a user without a way to log in, a bad name, or no key in the file is refused', async () => {
    expect((await mup('user', 'add', 'anna', '--state-dir', 's')).code).toBe(2);
    writeFileSync(join(cwd, 'id.pub'), publicKey());
    expect((await mup('user', 'add', '../x', '--authorized-key', 'id.pub', '--state-dir', 's')).code).toBe(2);
    writeFileSync(join(cwd, 'id.pub'), 'no key');
    expect((await mup('user', 'add', 'anna', '--authorized-key', 'id.pub', '--state-dir', 's')).code).toBe(2);
  });

  test('a terminal does not see control characters of a key’s comment', async () => {
    writeFileSync(join(cwd, 'id.pub'), publicKey().replace('anna@example', 'a\u001b[31mb'));
    const add = await mup('user', 'add', 'anna', '--authorized-key', 'id.pub', '--state-dir', 's');
    const list = await mup('user', 'list', '--state-dir', 's');
    expect(add.stdout + add.stderr + list.stdout).not.toContain('\u001b');
  });
});

describe('mup config', () => {
  const add = async (): Promise<void> => {
    const argv = ['user', 'add', 'anna', '--password-stdin', '--state-dir', 's'];
    await runMup(argv, { cwd, stdin: 'correct horse\n' });
  };

  test('show prints XML that an edit-config takes, one element a line', async () => {
    await add();
    const { code, stdout } = await mup('config', 'show', '--state-dir', 's');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^<config xmlns="urn:ietf:params:xml:ns:netconf:base:1\.0">\n {2}<nacm xmlns="[^"]*">\n {4}<groups>\n {6}<group>/,
    );
    expect(stdout).toContain('<password>$scrypt$ln=15,r=8,p=1$');
    expect(stdout.endsWith('</config>\n')).toBe(true);
  });

  test('show --json prints what RFC 7951 says', async () => {
    await add();
    expect(await json('config', 'show', '--startup', '--state-dir', 's')).toMatchObject({
      'mup-bridge:users': {
        user: [{ name: 'local' }, { name: 'anna', password: expect.stringMatching(/^\$scrypt\$/) }],
      },
      'ietf-netconf-acm:nacm': { groups: { group: [{ name: 'admin', 'user-name': ['local'] }] } },
    });
  });

  test('save needs a bridge that runs', async () => {
    expect(await mup('config', 'save', '--state-dir', 's')).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('no bridge runs on this state directory'),
    });
  });
});

describe('configuration of commands', () => {
  test('the state directory comes from file, variable or option', async () => {
    await signed();
    mkdirSync(join(cwd, 'conf'));
    writeFileSync(join(cwd, 'conf', 'mup.toml'), 'stateDir = "from-file"\n');
    await json('image', 'add', 'fw.bin', '--config', 'conf/mup.toml');
    await runMup(['image', 'add', 'fw.bin'], { cwd, env: { MUP_STATE_DIR: 'from-env' } });
    await runMup(['keygen', 'server'], { cwd, env: { MUP_CONFIG: 'conf/mup.toml' } });
    expect(readdirSync(cwd)).toEqual(expect.arrayContaining(['from-file', 'from-env']));
    expect(readdirSync(join(cwd, 'from-file')).sort()).toEqual(['audit', 'images', 'keys']);
  });

  test('a wrong configuration is exit code 2 and one line', async () => {
    const { code, stderr } = await runMup(['image', 'list'], { cwd, env: { MUP_STATEDIR: 'x' } });
    expect(code).toBe(2);
    expect(stderr).toBe('mup: unknown variable MUP_STATEDIR (environment). Did you mean MUP_STATE_DIR?\n');
  });
});
