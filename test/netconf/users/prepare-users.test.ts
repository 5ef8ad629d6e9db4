import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UnavailableError } from '../../../src/base/errors.ts';
import { bridgeNamespace } from '../../../src/netconf/namespaces.ts';
import { prepareUsers } from '../../../src/netconf/users/prepare-users.ts';
import { usersOf } from '../../../src/netconf/users/user-config.ts';
import type { PasswordRecord } from '../../../src/netconf/users/users.ts';
import { element } from '../../../src/xml/element.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import { newEd25519 } from '../adapters/ssh-fixture.ts';
import { userElement, usersConfig } from '../user-config-fixture.ts';

const cost = { n: 2, r: 1, p: 1 };

/** Not slow, and not secret. */
async function hash(password: string): Promise<PasswordRecord> {
  const hashed = new Uint8Array(32).map((_, i) => (password.codePointAt(i % password.length) ?? 0) ^ 0x5a);
  return { ...cost, salt: new Uint8Array(16), hash: hashed };
}

const key = newEd25519().public;

describe('a configuration with users, before it is kept', () => {
  test('is left as it is where there is nothing to hash', async () => {
    const tree = usersConfig(
      userElement(['name', 'alice'], ['authorized-key', key]),
      userElement(['name', 'bob']),
    );
    expect(await prepareUsers(tree, [], hash)).toBe(tree);
    expect(await prepareUsers([], [], hash)).toEqual([]);
  });

  test('has its clear passwords hashed, and nothing else changed', async () => {
    const tree = [
      element(bridgeNamespace, 'settings', 'x'),
      ...usersConfig(
        userElement(['name', 'alice'], ['password', '$0$wonderland'], ['authorized-key', key]),
        userElement(['name', 'bob']),
      ),
    ];
    const prepared = await prepareUsers(tree, [], hash);
    expect(prepared[0]).toBe(tree[0]);
    expect([...usersOf(prepared).values()]).toEqual([
      { name: 'alice', password: await hash('wonderland'), authorizedKeys: [key] },
      { name: 'bob', authorizedKeys: [] },
    ]);
  });

  test('is not looked at again where a user stayed as he was', async () => {
    const old = userElement(['name', 'alice'], ['authorized-key', 'of a type that was taken once']);
    const tree = usersConfig(old, userElement(['name', 'bob'], ['password', '$0$builder']));
    expect((await prepareUsers(tree, usersConfig(old), hash))[0]?.children[0]).toBe(old);
    await expect(prepareUsers(tree, [], hash)).rejects.toMatchObject({ tag: 'invalid-value' });
  });

  test('never holds a password in the clear', async () => {
    const password = fc.stringMatching(/^[!-~]{1,40}$/);
    await fc.assert(
      fc.asyncProperty(fc.array(password, { minLength: 1, maxLength: 5 }), async (passwords) => {
        const users = passwords.map((text, i) => userElement(['name', `u${i}`], ['password', `$0$${text}`]));
        const prepared = await prepareUsers(usersConfig(...users), [], hash);
        expect(prepared.map(writeXml).join('')).not.toContain('$0$');
        expect([...usersOf(prepared).values()].every((user) => user.password !== undefined)).toBe(true);
      }),
    );
  });

  test.each([
    ['a name of no user', [['name', '-rf']], '/mup:users/mup:user/mup:name'],
    [
      'a text that is no password',
      [
        ['name', 'eve'],
        ['password', 'secret'],
      ],
      "mup:user[mup:name='eve']/mup:password",
    ],
    [
      'another hash',
      [
        ['name', 'eve'],
        ['password', '$6$salt$hash'],
      ],
      "mup:user[mup:name='eve']/mup:password",
    ],
    [
      'an empty password',
      [
        ['name', 'eve'],
        ['password', '$0$'],
      ],
      "mup:user[mup:name='eve']/mup:password",
    ],
    [
      'a long password',
      [
        ['name', 'eve'],
        ['password', `$0$${'x'.repeat(1025)}`],
      ],
      '/mup:password',
    ],
    [
      'a control character',
      [
        ['name', 'eve'],
        ['password', '$0$x\u0007'],
      ],
      '/mup:password',
    ],
    [
      'a weak key',
      [
        ['name', 'eve'],
        ['authorized-key', 'ssh-dss AAAA'],
      ],
      '/mup:authorized-key',
    ],
    [
      'no key at all',
      [
        ['name', 'eve'],
        ['authorized-key', key],
        ['authorized-key', 'x'],
      ],
      '/mup:authorized-key',
    ],
  ] as const)('is refused with the place of %s, and without the secret', async (_what, leaves, path) => {
    const refused = await prepareUsers(usersConfig(userElement(...leaves)), [], hash).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({
      type: 'application',
      tag: 'invalid-value',
      fields: { path: expect.stringContaining(path), pathPrefixes: { mup: bridgeNamespace } },
    });
    expect(String(refused)).not.toMatch(/secret|xxx/);
  });

  test('may not bring more passwords than are hashed in seconds, nor endless keys', async () => {
    const many = Array.from({ length: 33 }, (_, i) => userElement(['name', `u${i}`], ['password', '$0$x']));
    await expect(prepareUsers(usersConfig(...many), [], hash)).rejects.toMatchObject({
      tag: 'resource-denied',
    });
    const keys = Array.from({ length: 101 }, () => ['authorized-key', key] as const);
    const user = userElement(['name', 'alice'], ...keys);
    await expect(prepareUsers(usersConfig(user), [], hash)).rejects.toMatchObject({ tag: 'resource-denied' });
  });

  test('is refused where it cannot be hashed', async () => {
    const busy = async (): Promise<PasswordRecord> => {
      throw new UnavailableError('scrypt-failed', 'a password cannot be hashed: out of memory');
    };
    const tree = usersConfig(userElement(['name', 'alice'], ['password', '$0$x']));
    await expect(prepareUsers(tree, [], busy)).rejects.toMatchObject({ tag: 'resource-denied' });
  });
});
