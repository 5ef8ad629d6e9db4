import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { UsageError } from '../../../src/base/errors.ts';
import {
  readPrivateKey,
  readPublicKey,
  writePrivateKey,
  writePublicKey,
} from '../../../src/mup/adapters/key-files.ts';
import { ed25519, es256 } from '../../../src/mup/adapters/noble-curves.ts';
import { type PublicKey, privateKey } from '../../../src/mup/signature-scheme.ts';
import { keyOf, vendorKey, vendorPublic } from '../samples.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mup-keys-'));
});
afterAll(() => rm(directory, { recursive: true }));

const at = (name: string): string => join(directory, name);
const failure = (code: string, where?: string) =>
  expect.objectContaining({ code, constructor: UsageError, ...(where === undefined ? {} : { where }) });

async function write(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
  await writeFile(at(name), content, { mode });
  await chmod(at(name), mode);
  return at(name);
}

describe('keys in files', () => {
  test('what is written is read again', async () => {
    await writePrivateKey(at('own.pem'), vendorKey);
    await writePublicKey(at('own.pub'), vendorPublic);
    expect(await readPrivateKey(at('own.pem'))).toEqual(vendorKey);
    expect(await readPublicKey(at('own.pub'))).toEqual(vendorPublic);
    expect(await readPublicKey(at('own.pem'))).toEqual(vendorPublic);
  });

  test('a private key is PKCS#8 for its owner alone, a public key SPKI for everybody', async () => {
    expect(await readFile(at('own.pem'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(await readFile(at('own.pub'), 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect((await stat(at('own.pem'))).mode & 0o777).toBe(0o600);
    expect((await stat(at('own.pub'))).mode & 0o077).toBe(0o044);
  });

  test('keys with leading zeros keep their size', async () => {
    const small = privateKey(
      new Uint8Array(32).map((_, i) => (i === 31 ? 5 : 0)),
      '1',
    );
    await writePrivateKey(at('small.pem'), small);
    expect(await readPrivateKey(at('small.pem'))).toEqual(small);
    expect(await readPublicKey(at('small.pem'))).toEqual(es256.publicKeyOf(small));
  });

  test('nothing is ever overwritten, and nothing is left behind', async () => {
    const path = await write('taken', 'precious');
    await expect(writePrivateKey(path, vendorKey)).rejects.toEqual(failure('key-exists', path));
    await expect(writePublicKey(path, vendorPublic)).rejects.toEqual(failure('key-exists', path));
    expect(await readFile(path, 'utf8')).toBe('precious');
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('of two that write one key at once, one wins and the other is told', async () => {
    const outcomes = await Promise.allSettled(
      [keyOf(3), keyOf(4)].map((key) => writePrivateKey(at('race'), key)),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const won = outcomes[0]?.status === 'fulfilled' ? keyOf(3) : keyOf(4);
    expect(await readPrivateKey(at('race'))).toEqual(won);
  });

  test('a directory that is not there is named', async () => {
    const path = at('nowhere/key');
    await expect(writePrivateKey(path, vendorKey)).rejects.toEqual(failure('key-unwritable', path));
    await expect(readPrivateKey(path)).rejects.toEqual(failure('key-unreadable', path));
    await expect(readPublicKey(directory)).rejects.toEqual(failure('key-unreadable', directory));
  });

  test('a key that is no point of the curve, or no scalar, is not written', async () => {
    const zero = privateKey(new Uint8Array(32), '1');
    await expect(writePrivateKey(at('zero'), zero)).rejects.toEqual(failure('bad-key'));
    const off = new Uint8Array(64).fill(1) as PublicKey;
    await expect(writePublicKey(at('off'), off)).rejects.toEqual(failure('bad-key'));
    expect(existsSync(at('zero')) || existsSync(at('off'))).toBe(false);
  });

  test.each([0o640, 0o604, 0o660, 0o644, 0o601])(
    'a private key that others may open (%o) is refused, also for its public half',
    async (mode) => {
      const pem = await readFile(at('own.pem'));
      const path = await write(`open-${mode}`, pem, mode);
      await expect(readPrivateKey(path)).rejects.toEqual(failure('key-permissions', path));
      await expect(readPublicKey(path)).rejects.toEqual(failure('key-permissions', path));
    },
  );

  test('a public key is no private key', async () => {
    const path = await write('only.pub', await readFile(at('own.pub')));
    await expect(readPrivateKey(path)).rejects.toEqual(failure('key-malformed', path));
  });

  test.each([
    ['nothing', ''],
    ['no PEM', 'hello'],
    ['octets', Uint8Array.from({ length: 300 }, (_, i) => i)],
    ['a PEM without content', '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n'],
    ['a PEM of nonsense', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
    ['a public PEM of nonsense', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['a PEM cut off', '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49'],
    ['a megabyte', 'x'.repeat(1 << 20)],
  ])('%s is refused with a typed error', async (name, content) => {
    const path = await write(name.replaceAll(' ', '-'), content);
    await expect(readPrivateKey(path)).rejects.toEqual(failure('key-malformed', path));
    await expect(readPublicKey(path)).rejects.toEqual(failure('key-malformed', path));
  });
});

const openssl = '/usr/bin/openssl';
const withOpenssl = existsSync(openssl) ? describe : describe.skip;

withOpenssl('keys of OpenSSL (SKIPPED without the Debian package openssl)', () => {
  function make(name: string, ...args: readonly string[]): string {
    execFileSync(openssl, [...args, '-out', at(name)], { stdio: 'ignore' });
    return at(name);
  }
  const ecKey = (name: string, curve: string, ...more: readonly string[]) =>
    make(name, 'genpkey', '-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`, ...more);

  test('PKCS#8, SEC 1 with and without parameters, and SPKI hold the same key', async () => {
    const pkcs8 = ecKey('o.pk8', 'P-256');
    const sec1 = make('o.sec1', 'ec', '-in', pkcs8);
    const spki = make('o.spki', 'pkey', '-in', pkcs8, '-pubout');
    await chmod(sec1, 0o600);
    const key = await readPrivateKey(pkcs8);
    expect(await readPrivateKey(sec1)).toEqual(key);
    expect(await readPublicKey(spki)).toEqual(es256.publicKeyOf(key));
    const withParameters = make('o.params', 'ecparam', '-name', 'prime256v1', '-genkey');
    await chmod(withParameters, 0o600);
    expect(await readFile(withParameters, 'utf8')).toContain('BEGIN EC PARAMETERS');
    expect(es256.publicKeyOf(await readPrivateKey(withParameters))).toEqual(
      await readPublicKey(withParameters),
    );
  });

  test('reads what we write', async () => {
    await writePrivateKey(at('ours.pem'), vendorKey);
    const text = execFileSync(openssl, ['pkey', '-in', at('ours.pem'), '-noout', '-text', '-check'], {
      encoding: 'utf8',
    });
    expect(text).toContain('NIST CURVE: P-256');
    expect(text).toContain('Key is valid');
  });

  test.each([
    ['P-384', 'P-384', 'secp384r1'],
    ['secp256k1', 'secp256k1', 'secp256k1'],
  ])('%s is refused by name', async (name, curve, found) => {
    const path = ecKey(`o.${name}`, curve);
    const pub = make(`o.${name}.pub`, 'pkey', '-in', path, '-pubout');
    for (const read of [() => readPrivateKey(path), () => readPublicKey(pub)]) {
      const error = await read().catch((thrown: unknown) => thrown);
      expect(error).toEqual(failure('key-type'));
      expect(error).toMatchObject({ message: expect.stringContaining(found) });
    }
  });

  test('Ed25519: PKCS#8 and SPKI hold one key, of suite 2, and OpenSSL reads ours', async () => {
    const path = make('o.ed', 'genpkey', '-algorithm', 'ED25519');
    const key = await readPrivateKey(path);
    expect(key.suite).toBe('2');
    const spki = make('o.ed.pub', 'pkey', '-in', path, '-pubout');
    expect(await readPublicKey(spki)).toEqual(ed25519.publicKeyOf(key));
    await writePrivateKey(at('ed.pem'), key);
    await writePublicKey(at('ed.pub.pem'), ed25519.publicKeyOf(key));
    const ours = execFileSync(openssl, ['pkey', '-in', at('ed.pem'), '-pubout'], { encoding: 'utf8' });
    expect(ours).toBe(await readFile(at('ed.pub.pem'), 'utf8'));
    expect(ours).toBe(await readFile(spki, 'utf8'));
  });

  test.each(['ED448', 'RSA'])('%s is refused by name', async (algorithm) => {
    const path = make(`o.${algorithm}`, 'genpkey', '-algorithm', algorithm);
    const pub = make(`o.${algorithm}.pub`, 'pkey', '-in', path, '-pubout');
    await expect(readPrivateKey(path)).rejects.toEqual(failure('key-type', path));
    await expect(readPublicKey(pub)).rejects.toEqual(failure('key-type', pub));
  });

  test('P-256 given by its parameters instead of its name is P-256', async () => {
    const path = ecKey('o.explicit', 'P-256', '-pkeyopt', 'ec_param_enc:explicit');
    expect(es256.publicKeyOf(await readPrivateKey(path))).toEqual(await readPublicKey(path));
  });

  test('an encrypted key, PKCS#8 or SEC 1, is read with its passphrase and not without', async () => {
    const plain = ecKey('o.plain', 'P-256');
    const pkcs8 = make('o.enc', 'pkey', '-in', plain, '-aes256', '-passout', 'pass:secret');
    const sec1 = make('o.enc1', 'ec', '-in', plain, '-aes256', '-passout', 'pass:secret');
    await chmod(pkcs8, 0o600);
    await chmod(sec1, 0o600);
    for (const path of [pkcs8, sec1]) {
      await expect(readPrivateKey(path)).rejects.toEqual(failure('key-encrypted', path));
      await expect(readPublicKey(path)).rejects.toEqual(failure('key-encrypted', path));
      const wrong = async () => 'Secret';
      await expect(readPrivateKey(path, wrong)).rejects.toEqual(failure('key-passphrase', path));
      await expect(readPublicKey(path, wrong)).rejects.toEqual(failure('key-passphrase', path));
      const key = await readPrivateKey(path, async () => 'secret');
      expect(key).toEqual(await readPrivateKey(plain));
      expect(await readPublicKey(path, async () => 'secret')).toEqual(es256.publicKeyOf(key));
    }
  });

  test.each([
    ['aes-256-cbc, scrypt', ['-scrypt']],
    ['PBKDF2 of many rounds', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512', '-iter', '200000']],
  ])('reads what openssl pkcs8 writes with %s', async (name, options) => {
    const plain = make('o.ed2', 'genpkey', '-algorithm', 'ED25519');
    const path = make(`o.${name}`, 'pkcs8', '-topk8', '-in', plain, '-passout', 'pass:secret', ...options);
    await chmod(path, 0o600);
    expect(await readPrivateKey(path, async () => 'secret')).toEqual(await readPrivateKey(plain));
  });

  test('reads what we encrypt, with the passphrase alone', async () => {
    await writePrivateKey(at('locked.pem'), vendorKey, 'correct horse');
    const read = (passphrase: string): string =>
      execFileSync(openssl, ['pkey', '-in', at('locked.pem'), '-passin', `pass:${passphrase}`], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    expect(await readFile(at('locked.pem'), 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    expect(read('correct horse')).toContain('BEGIN PRIVATE KEY');
    expect(() => read('another')).toThrow();
  });
});
