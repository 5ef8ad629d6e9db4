import { describe, expect, test } from '@jest/globals';
import { generatePassword, hashPassword, passwordCrypto } from '../../../src/netconf/adapters/passwords.ts';
import { createScrypt } from '../../../src/netconf/adapters/scrypt.ts';
import { defaultCost, verifyPassword } from '../../../src/netconf/users/users.ts';

describe('passwords', () => {
  test('are hashed with a salt of their own, so that equal ones do not look equal', async () => {
    const [one, other] = [await hashPassword('wonderland'), await hashPassword('wonderland')];
    expect(one).toMatchObject(defaultCost);
    expect(one.hash).not.toEqual(other.hash);
    const { scrypt, constantTimeEqual } = passwordCrypto;
    expect(await verifyPassword(one, 'wonderland', scrypt, constantTimeEqual)).toBe(true);
    expect(await verifyPassword(one, 'Wonderland', scrypt, constantTimeEqual)).toBe(false);
  });

  test('that nobody can have are not hashed', async () => {
    await expect(hashPassword('')).rejects.toMatchObject({ code: 'bad-password' });
  });

  test('that are generated have 100 random bits and no look-alikes', () => {
    expect(generatePassword()).toMatch(/^(?:[a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}$/);
    expect(generatePassword()).not.toBe(generatePassword());
  });
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

  test('more at once than may run wait for their turn', async () => {
    const scrypt = createScrypt();
    const cheap = { n: 2, r: 1, p: 1 };
    const all = await Promise.all(
      Array.from({ length: 300 }, () => scrypt('x', Buffer.from('salt'), cheap, 32)),
    );
    expect(new Set(all.map((hash) => Buffer.from(hash).toString('hex'))).size).toBe(1);
  });
});
