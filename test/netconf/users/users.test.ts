import { timingSafeEqual } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  checkNewPassword,
  checkUserName,
  defaultCost,
  hasKey,
  isUserName,
  type PasswordRecord,
  type Scrypt,
  type ScryptCost,
  verifyPassword,
} from '../../../src/netconf/users/users.ts';
import { newEd25519 } from '../adapters/ssh-fixture.ts';

const keyLine = newEd25519('alice@example').public;
const keyBlob = Buffer.from(keyLine.split(' ')[1] ?? '', 'base64');

const passwordRecord: PasswordRecord = {
  n: 1024,
  r: 8,
  p: 1,
  salt: new Uint8Array(16).fill(1),
  hash: new Uint8Array(32).fill(2),
};

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
