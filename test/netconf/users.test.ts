import { timingSafeEqual } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MupError } from '../../src/base/errors.ts';
import {
  checkNewPassword,
  checkUserName,
  defaultCost,
  hasKey,
  isUserName,
  type PasswordRecord,
  type Scrypt,
  type ScryptCost,
  type UserRecord,
  verifyPassword,
} from '../../src/netconf/users.ts';
import { formatUsers, parseUsers } from '../../src/netconf/users-file.ts';
import { newEd25519 } from './adapters/ssh-fixture.ts';

const keyLine = newEd25519('alice@example').public;
const keyBlob = Buffer.from(keyLine.split(' ')[1] ?? '', 'base64');

const passwordRecord: PasswordRecord = {
  n: 1024,
  r: 8,
  p: 1,
  salt: new Uint8Array(16).fill(1),
  hash: new Uint8Array(32).fill(2),
};

const userName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/);
const record: fc.Arbitrary<UserRecord> = fc
  .record({
    name: userName,
    withPassword: fc.boolean(),
    salt: fc.uint8Array({ minLength: 8, maxLength: 64 }),
  })
  .map(({ name, withPassword, salt }) => ({
    name,
    ...(withPassword ? { password: { ...passwordRecord, salt } } : {}),
    authorizedKeys: [keyLine],
  }));

describe('names and passwords', () => {
  test.each(['alice', '_svc', 'a', 'Alice.B-c_9', 'a'.repeat(32)])('%s can be a name', (name) => {
    expect(checkUserName(name)).toBe(name);
  });

  test.each(['', '-rf', '.hidden', '9lives', 'a b', 'a/b', 'a\n', 'ä', 'a'.repeat(33), '__proto__ '])(
    '%j cannot be a name',
    (name) => {
      expect(isUserName(name)).toBe(false);
      expect(() => checkUserName(name)).toThrow(expect.objectContaining({ code: 'bad-user-name' }));
    },
  );

  test.each(['', 'x'.repeat(1025), 'line\nfeed', 'nul\0'])('%j cannot be a password', (password) => {
    expect(() => checkNewPassword(password)).toThrow(expect.objectContaining({ code: 'bad-password' }));
  });
});

describe('verifying a password', () => {
  const costs: ScryptCost[] = [];
  /** The first octets of the password, as a stand-in for the slow function. */
  const scrypt: Scrypt = async (password, _salt, { n, r, p }, length) => {
    costs.push({ n, r, p });
    return new Uint8Array(length).fill(password === 'right' ? 2 : 3);
  };

  test('accepts the right one and no other', async () => {
    expect(await verifyPassword(passwordRecord, 'right', scrypt, timingSafeEqual)).toBe(true);
    expect(await verifyPassword(passwordRecord, 'wrong', scrypt, timingSafeEqual)).toBe(false);
  });

  test('does the work of a real check for a user who does not exist, and says no', async () => {
    costs.length = 0;
    const zero: Scrypt = async (_password, _salt, { n, r, p }, length) => {
      costs.push({ n, r, p });
      return new Uint8Array(length);
    };
    expect(await verifyPassword(undefined, 'right', zero, timingSafeEqual)).toBe(false);
    expect(costs).toEqual([defaultCost]);
  });

  test('does not hash a password that nobody can have', async () => {
    costs.length = 0;
    expect(await verifyPassword(passwordRecord, 'x'.repeat(1025), scrypt, timingSafeEqual)).toBe(false);
    expect(costs).toEqual([]);
  });

  test('a key is found by its blob, whatever the comment', () => {
    const user = { name: 'alice', authorizedKeys: [keyLine] };
    expect(hasKey(user, keyBlob)).toBe(true);
    expect(hasKey(user, keyBlob.subarray(1))).toBe(false);
    expect(hasKey(undefined, keyBlob)).toBe(false);
  });
});

describe('the users file', () => {
  test('holds what was put in', () => {
    fc.assert(
      fc.property(fc.uniqueArray(record, { selector: ({ name }) => name }), (users) => {
        expect(parseUsers(formatUsers(users))).toEqual(users);
      }),
    );
  });

  const good = JSON.parse(
    formatUsers([{ name: 'alice', password: passwordRecord, authorizedKeys: [keyLine] }]),
  );
  const user = good.users[0];
  const withUser = (change: object): unknown => ({ ...good, users: [{ ...user, ...change }] });
  const withPassword = (change: object): unknown => withUser({ password: { ...user.password, ...change } });

  test.each([
    ['/', '{'],
    ['/', 'null'],
    ['/', '[]'],
    ['/version', JSON.stringify({ ...good, version: 2 })],
    ['/admin', JSON.stringify({ ...good, admin: true })],
    ['/users', JSON.stringify({ version: 1 })],
    ['/users', JSON.stringify({ version: 1, users: {} })],
    ['/users/0', JSON.stringify({ version: 1, users: ['alice'] })],
    ['/users/1/name', JSON.stringify({ ...good, users: [user, user] })],
    ['/users/0/name', JSON.stringify(withUser({ name: '../root' }))],
    ['/users/0/name', JSON.stringify(withUser({ name: 7 }))],
    ['/users/0/shell', JSON.stringify(withUser({ shell: '/bin/sh' }))],
    ['/users/0/authorizedKeys', JSON.stringify(withUser({ authorizedKeys: keyLine }))],
    ['/users/0/authorizedKeys/0', JSON.stringify(withUser({ authorizedKeys: ['ssh-dss AAAA'] }))],
    ['/users/0/authorizedKeys/0', JSON.stringify(withUser({ authorizedKeys: [1] }))],
    ['/users/0/password/kdf', JSON.stringify(withPassword({ kdf: 'md5' }))],
    ['/users/0/password/n', JSON.stringify(withPassword({ n: 1000 }))],
    ['/users/0/password/n', JSON.stringify(withPassword({ n: 2 ** 25 }))],
    ['/users/0/password', JSON.stringify(withPassword({ n: 2 ** 24, r: 2 ** 20 }))],
    ['/users/0/password', JSON.stringify(withPassword({ p: 17 }))],
    ['/users/0/password/r', JSON.stringify(withPassword({ r: 0.5 }))],
    ['/users/0/password/salt', JSON.stringify(withPassword({ salt: '' }))],
    ['/users/0/password/hash', JSON.stringify(withPassword({ hash: '????' }))],
  ])('is refused as a whole for a fault at %s', (where, text) => {
    expect(() => parseUsers(text)).toThrow(expect.objectContaining({ code: 'bad-users-file', where }));
  });

  test('no text makes reading it fail in another way', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ version: 1, users: [value] })),
        ),
        (text) => {
          try {
            parseUsers(text);
          } catch (error) {
            expect(error).toBeInstanceOf(MupError);
          }
        },
      ),
    );
  });
});
