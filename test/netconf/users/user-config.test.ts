import { describe, expect, test } from '@jest/globals';
import { groupsOf, removedUsers, usersOf } from '../../../src/netconf/users/user-config.ts';
import { userAdditions, userRemoval } from '../../../src/netconf/users/user-edits.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import { newEd25519 } from '../adapters/ssh-fixture.ts';
import { groupsConfig, userElement, usersConfig } from '../user-config-fixture.ts';

const key = newEd25519('alice@example').public;
const hashed = '$scrypt$ln=15,r=8,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI';
const alice = userElement(['name', 'alice'], ['password', hashed], ['authorized-key', key]);
const bob = userElement(['name', 'bob']);
const password = {
  n: 32_768,
  r: 8,
  p: 1,
  salt: new Uint8Array(16).fill(1),
  hash: new Uint8Array(32).fill(2),
};

describe('the users of a configuration', () => {
  test('are its entries of users/user', () => {
    expect(usersOf([])).toEqual(new Map());
    expect(usersOf(usersConfig(alice, bob))).toEqual(
      new Map([
        ['alice', { name: 'alice', password, authorizedKeys: [key] }],
        ['bob', { name: 'bob', authorizedKeys: [] }],
      ]),
    );
  });

  test('are not let in by what cannot be understood, nor by a password in the clear', () => {
    const users = usersConfig(
      userElement(['name', 'carol'], ['password', '$0$wonderland'], ['authorized-key', 'ssh-dss AAAA']),
    );
    expect(usersOf(users).get('carol')).toEqual({ name: 'carol', authorizedKeys: [] });
  });

  test('that an edit has removed are known by name', () => {
    expect(removedUsers(usersConfig(bob), usersConfig(alice, bob))).toEqual(['alice']);
    expect(removedUsers([], usersConfig(alice, bob))).toEqual(['alice', 'bob']);
    expect(removedUsers(usersConfig(alice, bob), usersConfig(bob))).toEqual([]);
  });
});

describe('the groups of access control', () => {
  test('are those of nacm/groups, RFC 8341 section 3.2.1', () => {
    const groups = groupsOf(groupsConfig({ admin: ['alice'], guests: [] }));
    expect(groups).toEqual(
      new Map([
        ['admin', ['alice']],
        ['guests', []],
      ]),
    );
    expect(groupsOf(usersConfig(alice))).toEqual(new Map());
  });
});

describe('edits of users', () => {
  const written = (edit: ReturnType<typeof userRemoval>): string => edit.map(writeXml).join('');
  const mup = 'xmlns="urn:mup:yang:mup-bridge"';
  const nacm = 'xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-acm"';
  const remove = 'xmlns:ns1="urn:ietf:params:xml:ns:netconf:base:1.0" ns1:operation="remove"';

  test('add what is given, and nothing else', () => {
    expect(written(userAdditions([], [{ name: 'bob', password }]))).toBe(
      `<users ${mup}><user><name>bob</name><password>${hashed}</password></user></users>`,
    );
    expect(written(userAdditions([], [{ name: 'bob', authorizedKey: `${key}\n` }, { name: 'eve' }]))).toBe(
      `<users ${mup}><user><name>bob</name><authorized-key>${key}</authorized-key></user><user><name>eve</name></user></users>`,
    );
    expect(written(userAdditions([], [{ name: 'bob', groups: ['a', 'b'] }]))).toBe(
      `<users ${mup}><user><name>bob</name></user></users><nacm ${nacm}><groups>` +
        '<group><name>a</name><user-name>bob</user-name></group><group><name>b</name><user-name>bob</user-name></group>' +
        '</groups></nacm>',
    );
  });

  test('do not add a key again that the user has, whatever its comment', () => {
    const again = { name: 'alice', authorizedKey: key.replace('alice@example', 'laptop') };
    expect(written(userAdditions(usersConfig(alice), [again]))).not.toContain('authorized-key');
    expect(written(userAdditions(usersConfig(bob), [again]))).toContain('laptop');
  });

  test('take a removed user out of every group', () => {
    const config = [
      ...usersConfig(alice, bob),
      ...groupsConfig({ admin: ['alice', 'bob'], guests: ['bob'] }),
    ];
    const edit = written(userRemoval(config, 'alice'));
    expect(edit).toBe(
      `<users ${mup}><user ${remove}><name>alice</name></user></users><nacm ${nacm}><groups>` +
        `<group><name>admin</name><user-name ${remove}>alice</user-name></group></groups></nacm>`,
    );
    expect(written(userRemoval(usersConfig(alice), 'alice'))).not.toContain('nacm');
  });
});
