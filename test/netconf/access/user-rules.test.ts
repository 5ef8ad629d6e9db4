import { describe, expect, test } from '@jest/globals';
import { baseNamespace, monitoringNamespace } from '../../../src/netconf/namespaces.ts';
import { element, type XmlElement } from '../../../src/xml/element.ts';
import { acme, rule, ruleList, rulesFor } from '../access-fixture.ts';
import { interfaces, names, path, tops, user } from './user-rules-fixture.ts';

describe('protocol operations (RFC 8341 §3.4.4)', () => {
  test.each<[string, string, string, string, boolean]>([
    ['exec-default permits', '', baseNamespace, 'get', true],
    ['exec-default denies', '<exec-default>deny</exec-default>', baseNamespace, 'get', false],
    ['step 3: close-session', '<exec-default>deny</exec-default>', baseNamespace, 'close-session', true],
    ['step 3: whatever the rules say', rulesFor('u', rule('deny')), baseNamespace, 'close-session', true],
    ['step 10: default-deny-all', '', acme, 'wipe', false],
    ['step 7: a rule before that', rulesFor('u', rule('permit')), acme, 'wipe', true],
    ['step 11: kill-session', '', baseNamespace, 'kill-session', false],
    ['step 11: delete-config', '', baseNamespace, 'delete-config', false],
    ['a lock for who may change nothing', '', baseNamespace, 'lock', false],
    ['unlock, which needs a lock', '', baseNamespace, 'unlock', true],
    [
      'a lock for who may write by default',
      '<write-default>permit</write-default>',
      baseNamespace,
      'lock',
      true,
    ],
    [
      'a lock for who may write something',
      rulesFor('u', rule('permit', `<access-operations>update</access-operations>${path('/acme:x')}`)),
      baseNamespace,
      'lock',
      true,
    ],
    [
      'a lock for who may only read something',
      rulesFor('u', rule('permit', `<access-operations>read</access-operations>${path('/acme:x')}`)),
      baseNamespace,
      'lock',
      false,
    ],
    [
      'a lock by a rule',
      rulesFor('u', rule('permit', '<rpc-name>lock</rpc-name>')),
      baseNamespace,
      'lock',
      true,
    ],
    ['an RPC of that name elsewhere', '', acme, 'kill-session', true],
    ['step 1: disabled', '<enable-nacm>false</enable-nacm>', baseNamespace, 'kill-session', true],
    [
      'step 1: disabled, with rules',
      `<enable-nacm>false</enable-nacm>${rulesFor('u', rule('deny'))}`,
      acme,
      'wipe',
      true,
    ],
    [
      'module of the rule',
      rulesFor('u', rule('deny', '<module-name>acme-itf</module-name>')),
      acme,
      'ping',
      false,
    ],
    ['another module', rulesFor('u', rule('deny', '<module-name>other</module-name>')), acme, 'ping', true],
    ['rpc-name', rulesFor('u', rule('deny', '<rpc-name>ping</rpc-name>')), acme, 'ping', false],
    ['another rpc-name', rulesFor('u', rule('deny', '<rpc-name>pong</rpc-name>')), acme, 'ping', true],
    ['rpc-name *', rulesFor('u', rule('deny', '<rpc-name>*</rpc-name>')), acme, 'ping', false],
    [
      'a notification-name is no rpc',
      rulesFor('u', rule('deny', '<notification-name>*</notification-name>')),
      acme,
      'ping',
      true,
    ],
    ['a path is no rpc', rulesFor('u', rule('deny', '<path>/</path>')), acme, 'ping', true],
    [
      'other operations',
      rulesFor('u', rule('deny', '<access-operations>read update</access-operations>')),
      acme,
      'ping',
      true,
    ],
    [
      'exec among others',
      rulesFor('u', rule('deny', '<access-operations>read exec</access-operations>')),
      acme,
      'ping',
      false,
    ],
    [
      'the first rule wins',
      rulesFor('u', rule('permit', '<rpc-name>ping</rpc-name>'), rule('deny')),
      acme,
      'ping',
      true,
    ],
    ['the first rule wins, denying', rulesFor('u', rule('deny'), rule('permit')), acme, 'ping', false],
    ['who is in no group has no rules', rulesFor('v', rule('deny')), acme, 'ping', true],
    ['group * is every group', `${rulesFor('u')}${ruleList('m', '*', rule('deny'))}`, acme, 'ping', false],
    ['step 5: but not none', `${rulesFor('v')}${ruleList('m', '*', rule('deny'))}`, acme, 'ping', true],
    [
      'a module that is not served',
      rulesFor('u', rule('deny', '<module-name>*</module-name>')),
      'urn:none',
      'x',
      false,
    ],
  ])('%s', (_, content, namespace, operation, permitted) => {
    expect(user('u', content).mayCall(namespace, operation)).toBe(permitted);
  });
});

describe('data (RFC 8341 §3.4.5)', () => {
  test('read-default permits, but not what is default-deny-all', () => {
    const all = tops(
      '<interfaces/><secrets><key>k</key></secrets><system><hostname>h</hostname><seed>s</seed></system>',
    );
    expect(user('u', '').readable(all)).toEqual(tops('<interfaces/><system><hostname>h</hostname></system>'));
    expect(user('u', rulesFor('u', rule('permit'))).readable(all)).toBe(all);
    expect(user('u', '<enable-nacm>false</enable-nacm>').readable(all)).toBe(all);
  });

  test('read-default denies, and takes along what is below', () => {
    const content = `<read-default>deny</read-default>${rulesFor('u', rule('permit', path('/acme:interfaces/acme:interface')))}`;
    expect(user('u', content).readable(interfaces)).toEqual([]);
  });

  test('a group that sees one entry of a list', () => {
    const rules = user(
      'u',
      rulesFor(
        'u',
        rule('permit', path("/acme:interfaces/acme:interface[acme:name='eth0']")),
        rule('deny', path('/acme:interfaces/acme:interface')),
      ),
    );
    expect(names(rules.readable(interfaces))).toEqual(['eth0']);
    const entry = (name: string) => [
      { namespace: acme, name: 'interfaces' },
      { namespace: acme, name: 'interface', keys: { name } },
    ];
    expect([rules.mayRead(entry('eth0')), rules.mayRead(entry('dummy'))]).toEqual([true, false]);
    expect(rules.mayRead([...entry('eth0'), { namespace: acme, name: 'mtu' }])).toBe(true);
    expect(rules.mayRead([...entry('dummy'), { namespace: acme, name: 'mtu' }])).toBe(false);
  });

  test('$USER is who asks', () => {
    const content = rulesFor(
      'eth0',
      rule('permit', path('/acme:interfaces/acme:interface[acme:name=$USER]')),
      rule('deny', path('/acme:interfaces/acme:interface')),
    );
    expect(names(user('eth0', content).readable(interfaces))).toEqual(['eth0']);
  });

  test('leaves and leaf-list entries are nodes too', () => {
    const rules = user(
      'u',
      rulesFor(
        'u',
        rule('deny', path("/acme:interfaces/acme:interface/acme:address[.='192.0.2.1']")),
        rule('deny', path("/acme:interfaces/acme:interface[acme:name='eth0']/acme:mtu")),
      ),
    );
    const given = tops(
      '<interfaces><interface><name>eth0</name><mtu>9000</mtu><address>192.0.2.1</address><address>192.0.2.2</address></interface></interfaces>',
    );
    expect(rules.readable(given)).toEqual(
      tops('<interfaces><interface><name>eth0</name><address>192.0.2.2</address></interface></interfaces>'),
    );
  });

  test('an entry whose key may not be read is left out', () => {
    const rules = user('u', rulesFor('u', rule('deny', path('/acme:interfaces/acme:interface/acme:name'))));
    expect(rules.readable(interfaces)).toEqual(tops('<interfaces/>'));
  });

  test('a deny that cannot be understood denies everything, a permit nothing', () => {
    expect(user('u', rulesFor('u', rule('deny', '<path>/what:ever</path>'))).readable(interfaces)).toEqual(
      [],
    );
    const nothing = rulesFor('u', rule('permit', '<path>/what:ever</path>'), rule('deny'));
    expect(user('u', nothing).readable(interfaces)).toEqual([]);
  });
});

describe('notifications (RFC 8341 §3.4.6)', () => {
  const linkUp = element(acme, 'link-up');
  const replayComplete = element('urn:ietf:params:xml:ns:netmod:notification', 'replayComplete');
  test.each<[string, string, XmlElement, boolean]>([
    ['read-default permits', '', linkUp, true],
    ['read-default denies', '<read-default>deny</read-default>', linkUp, false],
    ['step 3: replayComplete', rulesFor('u', rule('deny')), replayComplete, true],
    ['default-deny-all', '', element(acme, 'intrusion'), false],
    ['a rule before that', rulesFor('u', rule('permit')), element(acme, 'intrusion'), true],
    [
      'notification-name',
      rulesFor('u', rule('deny', '<notification-name>link-up</notification-name>')),
      linkUp,
      false,
    ],
    [
      'another one',
      rulesFor('u', rule('deny', '<notification-name>link-down</notification-name>')),
      linkUp,
      true,
    ],
    ['rpc-name', rulesFor('u', rule('deny', '<rpc-name>*</rpc-name>')), linkUp, true],
    [
      'exec is not read',
      rulesFor('u', rule('deny', '<access-operations>exec</access-operations>')),
      linkUp,
      true,
    ],
  ])('%s', (_, content, notification, permitted) => {
    expect(user('u', content).mayReceive(notification)).toBe(permitted);
  });
});

describe('the examples of RFC 8341 Appendix A', () => {
  const groups =
    '<groups><group><name>admin</name><user-name>admin</user-name><user-name>andy</user-name></group>' +
    '<group><name>limited</name><user-name>wilma</user-name><user-name>bam-bam</user-name></group>' +
    '<group><name>guest</name><user-name>guest</user-name></group></groups>';
  const exec = '<access-operations>exec</access-operations>';
  const of = (name: string): string => `<module-name>${name}</module-name>`;
  const rpc = (name: string): string => `${of('ietf-netconf')}<rpc-name>${name}</rpc-name>${exec}`;

  test('A.2: module rules', () => {
    const lists =
      ruleList('guest-acl', 'guest', rule('deny', of('ietf-netconf-monitoring'))) +
      ruleList(
        'limited-acl',
        'limited',
        rule('permit', `${of('ietf-netconf-monitoring')}<access-operations>read</access-operations>`),
        rule('permit', `${of('*')}${exec}`),
      ) +
      ruleList('admin-acl', 'admin', rule('permit', of('*')));
    const state = [element(monitoringNamespace, 'netconf-state')];
    const seen = (name: string): number => user(name, groups + lists).readable(state).length;
    expect([seen('guest'), seen('wilma'), seen('andy')]).toEqual([0, 1, 1]);
    const calls = (name: string): boolean =>
      user(name, groups + lists).mayCall(monitoringNamespace, 'get-schema');
    expect([calls('guest'), calls('wilma'), calls('andy')]).toEqual([false, true, true]);
  });

  test('A.3: protocol operation rules', () => {
    const shared = '<group>limited</group><group>guest</group>';
    const lists =
      `<rule-list><name>guest-limited-acl</name>${shared}${rule('deny', rpc('kill-session'))}${rule('deny', rpc('delete-config'))}</rule-list>` +
      ruleList('limited-acl', 'limited', rule('permit', rpc('edit-config')));
    const may = (name: string, operation: string): boolean =>
      user(name, `<exec-default>deny</exec-default>${groups}${lists}`).mayCall(baseNamespace, operation);
    expect([may('wilma', 'edit-config'), may('guest', 'edit-config')]).toEqual([true, false]);
    expect([may('wilma', 'kill-session'), may('guest', 'delete-config')]).toEqual([false, false]);
  });

  test('A.4: data node rules', () => {
    const rw = '<access-operations>read update</access-operations>';
    const lists =
      ruleList(
        'guest-limited-acl',
        'limited',
        rule('permit', `${path("\n /acme:interfaces/acme:interface[acme:name='dummy']\n ")}${rw}`),
      ) + ruleList('admin-acl', 'admin', rule('permit', path('/acme:interfaces/acme:interface')));
    const [top] = interfaces;
    const [dummy, eth0] = (top?.children ?? []) as readonly XmlElement[];
    const may = (name: string, operation: 'create' | 'update' | 'delete', entry: XmlElement | undefined) =>
      user(name, groups + lists).mayWrite(
        operation,
        [top, entry].filter((one) => one !== undefined),
      );
    expect([may('wilma', 'update', dummy), may('wilma', 'update', eth0)]).toEqual([true, false]);
    expect([may('wilma', 'delete', dummy), may('andy', 'delete', dummy)]).toEqual([false, true]);
    expect([may('andy', 'create', eth0), may('guest', 'update', dummy)]).toEqual([true, false]);
  });

  test('A.5: notification rules', () => {
    const lists = ruleList(
      'sys-acl',
      'limited',
      rule(
        'deny',
        '<notification-name>link-up</notification-name><access-operations>read</access-operations>',
      ),
    );
    const receives = (name: string): boolean =>
      user(name, groups + lists).mayReceive(element(acme, 'link-up'));
    expect([receives('wilma'), receives('andy')]).toEqual([false, true]);
  });
});
