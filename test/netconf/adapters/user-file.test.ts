import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Logger, silentLogger } from '../../../src/base/logger.ts';
import { createScrypt } from '../../../src/netconf/adapters/scrypt.ts';
import {
  addUser,
  createAuthenticator,
  ensureFirstUser,
  listUsers,
  removeUser,
} from '../../../src/netconf/adapters/user-file.ts';
import { newEd25519, publicBlob, withDirectory } from './ssh-fixture.ts';

const key = newEd25519('laptop');

const withFile = (run: (path: string) => Promise<void>): Promise<void> =>
  withDirectory((directory) => run(join(directory, 'state', 'users.json')));

describe('the users file', () => {
  test('is for nobody else to read and holds no password', () =>
    withFile(async (path) => {
      await addUser(path, 'alice', { password: 'wonderland' });
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readFile(path, 'utf8')).not.toContain('wonderland');
    }));

  test('a running bridge notices users that come, change and go', () =>
    withFile(async (path) => {
      const authenticator = createAuthenticator(path, { logger: silentLogger });
      expect(await authenticator.checkPassword('alice', 'wonderland')).toBe(false);
      await addUser(path, 'alice', { password: 'wonderland' });
      expect(await authenticator.checkPassword('alice', 'wonderland')).toBe(true);
      expect(await authenticator.checkPassword('bob', 'wonderland')).toBe(false);
      expect(await authenticator.mayUseKey('alice', publicBlob(key.public))).toBe(false);
      await addUser(path, 'alice', { authorizedKey: key.public });
      expect(await authenticator.mayUseKey('alice', publicBlob(key.public))).toBe(true);
      expect(await authenticator.mayUseKey('bob', publicBlob(key.public))).toBe(false);
      await addUser(path, 'alice', { password: 'looking-glass' });
      expect(await authenticator.checkPassword('alice', 'wonderland')).toBe(false);
      expect(await authenticator.checkPassword('alice', 'looking-glass')).toBe(true);
      await removeUser(path, 'alice');
      expect(await authenticator.checkPassword('alice', 'looking-glass')).toBe(false);
      expect(await authenticator.mayUseKey('alice', publicBlob(key.public))).toBe(false);
    }));

  test('lists users with the fingerprints of their keys, each key once', () =>
    withFile(async (path) => {
      expect(await listUsers(path)).toEqual([]);
      await addUser(path, 'bob', { password: 'builder' });
      await addUser(path, 'alice', { authorizedKey: key.public });
      await addUser(path, 'alice', { authorizedKey: `${key.public} again` });
      expect(await listUsers(path)).toEqual([
        {
          name: 'alice',
          hasPassword: false,
          authorizedKeys: [
            { type: 'ssh-ed25519', sha256: expect.stringMatching(/^SHA256:/), comment: 'laptop' },
          ],
        },
        { name: 'bob', hasPassword: true, authorizedKeys: [] },
      ]);
    }));

  test('the first user gets a password of his own, shown once', () =>
    withFile(async (path) => {
      const first = await ensureFirstUser(path);
      expect(first?.password).toMatch(/^(?:[a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}$/);
      expect(await ensureFirstUser(path)).toBeUndefined();
      const authenticator = createAuthenticator(path, { logger: silentLogger });
      expect(await authenticator.checkPassword('admin', first?.password ?? '')).toBe(true);
      await rm(path);
      expect((await ensureFirstUser(path))?.password).not.toBe(first?.password);
    }));

  test('whoever has removed all users gets no new one', () =>
    withFile(async (path) => {
      await ensureFirstUser(path);
      await removeUser(path, 'admin');
      expect(await ensureFirstUser(path)).toBeUndefined();
    }));

  test('what cannot be is refused, and leaves the file as it is', () =>
    withFile(async (path) => {
      await addUser(path, 'alice', { password: 'wonderland' });
      const before = await readFile(path, 'utf8');
      await expect(addUser(path, 'a b', { password: 'x' })).rejects.toMatchObject({ code: 'bad-user-name' });
      await expect(addUser(path, 'bob', {})).rejects.toMatchObject({ code: 'no-credentials' });
      await expect(addUser(path, 'bob', { password: '' })).rejects.toMatchObject({ code: 'bad-password' });
      await expect(addUser(path, 'bob', { authorizedKey: 'x' })).rejects.toMatchObject({
        code: 'bad-authorized-key',
      });
      await expect(removeUser(path, 'bob')).rejects.toMatchObject({
        code: 'no-such-user',
        hint: 'There are: alice.',
      });
      expect(await readFile(path, 'utf8')).toBe(before);
    }));

  test.each([
    ['damaged', async (path: string) => writeFile(path, '{"version":1'), 'bad-users-file'],
    ['readable by others', async (path: string) => chmod(path, 0o644), 'users-file-permissions'],
  ])('a file that is %s lets nobody in, and the log says why', (_what, spoil, code) =>
    withFile(async (path) => {
      const logged: unknown[] = [];
      const logger: Logger = { ...silentLogger, error: (_message, fields) => logged.push(fields?.['code']) };
      const authenticator = createAuthenticator(path, { logger });
      await addUser(path, 'alice', { password: 'wonderland', authorizedKey: key.public });
      expect(await authenticator.checkPassword('alice', 'wonderland')).toBe(true);
      await spoil(path);
      expect(await authenticator.checkPassword('alice', 'wonderland')).toBe(false);
      expect(await authenticator.mayUseKey('alice', publicBlob(key.public))).toBe(false);
      expect(logged).toEqual([code, code]);
      await expect(addUser(path, 'bob', { password: 'x' })).rejects.toMatchObject({ code });
    }),
  );
});

describe('scrypt', () => {
  test('vector of RFC 7914 section 12', async () => {
    const hash = await createScrypt()(
      'pleaseletmein',
      Buffer.from('SodiumChloride'),
      { n: 16_384, r: 8, p: 1 },
      64,
    );
    expect(Buffer.from(hash).toString('hex')).toBe(
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    );
  });

  test('a storm of logins is turned away beyond a bound, and everybody else is served', async () => {
    const scrypt = createScrypt();
    const cheap = { n: 2, r: 1, p: 1 };
    const all = await Promise.allSettled(
      Array.from({ length: 300 }, () => scrypt('x', Buffer.from('salt'), cheap, 32)),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(258);
    expect(all.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'too-many-logins' },
    });
    await expect(scrypt('x', Buffer.from('salt'), cheap, 32)).resolves.toHaveLength(32);
  });
});
