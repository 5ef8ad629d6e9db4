import { timingSafeEqual } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { ConfigTree } from '../../../src/netconf/datastore/config-view.ts';
import { createAuthenticator } from '../../../src/netconf/users/config-authenticator.ts';
import { formatPassword } from '../../../src/netconf/users/password-text.ts';
import type { Scrypt } from '../../../src/netconf/users/users.ts';
import { newEd25519, publicBlob } from '../adapters/ssh-fixture.ts';
import { userElement, usersConfig } from '../user-config-fixture.ts';

const key = newEd25519('alice').public;

/** As many octets as asked for, of the password's first character. */
const fill: Scrypt = async (password, _salt, _cost, length) =>
  new Uint8Array(length).fill(password.codePointAt(0) ?? 0);

const withPassword = (letter: string): ConfigTree =>
  usersConfig(
    userElement(
      ['name', 'alice'],
      [
        'password',
        formatPassword({
          ...{ n: 2, r: 1, p: 1, salt: new Uint8Array(16) },
          hash: new Uint8Array(32).fill(letter.codePointAt(0) ?? 0),
        }),
      ],
      ['authorized-key', key],
    ),
  );

describe('logins by the running configuration', () => {
  function setUp(scrypt: Scrypt = fill) {
    const config = { tree: withPassword('a') };
    const authenticator = createAuthenticator(
      { running: () => config.tree },
      { scrypt, constantTimeEqual: timingSafeEqual },
    );
    return { config, authenticator };
  }

  test('let in by password or key, and nobody else', async () => {
    const { authenticator } = setUp();
    expect(await authenticator.checkPassword('alice', 'a')).toBe(true);
    expect(await authenticator.checkPassword('alice', 'b')).toBe(false);
    expect(await authenticator.checkPassword('bob', 'a')).toBe(false);
    expect(await authenticator.mayUseKey('alice', publicBlob(key))).toBe(true);
    expect(await authenticator.mayUseKey('bob', publicBlob(key))).toBe(false);
    expect(await authenticator.mayUseKey('alice', publicBlob(newEd25519().public))).toBe(false);
  });

  test('go by what is in force at the moment', async () => {
    const { config, authenticator } = setUp();
    expect(await authenticator.checkPassword('alice', 'a')).toBe(true);
    config.tree = withPassword('b');
    expect(await authenticator.checkPassword('alice', 'a')).toBe(false);
    expect(await authenticator.checkPassword('alice', 'b')).toBe(true);
    config.tree = [];
    expect(await authenticator.checkPassword('alice', 'b')).toBe(false);
    expect(await authenticator.mayUseKey('alice', publicBlob(key))).toBe(false);
  });

  test.each([
    ['was removed', []],
    ['has got another password', withPassword('b')],
  ])('of a user who %s while the password was hashed fail', async (_what, after) => {
    let hashed = (): void => {};
    const slow: Scrypt = async (...args) => {
      await new Promise<void>((resolve) => {
        hashed = resolve;
      });
      return fill(...args);
    };
    const { config, authenticator } = setUp(slow);
    const answer = authenticator.checkPassword('alice', 'a');
    config.tree = after;
    hashed();
    expect(await answer).toBe(false);
  });
});
