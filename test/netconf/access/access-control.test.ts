import { describe, expect, test } from '@jest/globals';
import { AccessControl } from '../../../src/netconf/access/access-control.ts';
import { checkAccessRules } from '../../../src/netconf/access/access-rules.ts';
import type { ServedModule } from '../../../src/netconf/backend.ts';
import type { ConfigTree } from '../../../src/netconf/datastore/config-view.ts';
import { baseNamespace } from '../../../src/netconf/namespaces.ts';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import { element, type XmlElement } from '../../../src/xml/element.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import { cpuMsOf } from '../../support/cpu-time.ts';
import { acme, acmeSchema, nacm, rule, rulesFor } from '../access-fixture.ts';

const acmeModule: ServedModule = { schema: acmeSchema, conformance: 'implement', text: async () => '' };

/** Access control whose rules and modules a test changes. */
function controlled() {
  const state: { config: ConfigTree; modules: readonly ServedModule[] } = {
    config: [],
    modules: [acmeModule],
  };
  const access = new AccessControl({
    config: { running: () => state.config },
    backend: { modules: () => state.modules },
  });
  return { state, access };
}

describe('access control', () => {
  test('goes by the rules of the moment, also for who asked before', () => {
    const { state, access } = controlled();
    const user = access.forUser('u');
    expect(user.mayCall(acme, 'ping')).toBe(true);
    state.config = nacm(rulesFor('u', rule('deny')));
    expect(user.mayCall(acme, 'ping')).toBe(false);
    state.config = [...state.config, element('urn:other', 'other')];
    expect(user.mayCall(acme, 'ping')).toBe(false);
    state.config = [];
    expect(user.mayCall(acme, 'ping')).toBe(true);
  });

  test('goes by the modules of the moment', () => {
    const { state, access } = controlled();
    const user = access.forUser('u');
    expect(user.mayCall(acme, 'wipe')).toBe(false);
    state.modules = [];
    expect(user.mayCall(acme, 'wipe')).toBe(true);
    state.modules = [{ ...acmeModule, conformance: 'import' }];
    expect(user.mayCall(acme, 'wipe')).toBe(true);
    state.modules = [acmeModule];
    expect(user.mayCall(acme, 'wipe')).toBe(false);
  });

  test('refuses writes by write-default, default-deny-write and default-deny-all', () => {
    const { state, access } = controlled();
    const user = access.forUser('u');
    const system = (name: string) => [element(acme, 'system', [element(acme, name, 'x')])];
    const refused = (name: string) => user.refusedWrite([], system(name))?.at(-1)?.name;
    expect(['hostname', 'clock', 'seed'].map(refused)).toEqual(['hostname', 'clock', 'seed']);
    state.config = nacm('<write-default>permit</write-default>');
    expect(['hostname', 'clock', 'seed'].map(refused)).toEqual([undefined, 'clock', 'seed']);
    state.config = nacm(rulesFor('u', rule('permit')));
    expect(['hostname', 'clock', 'seed'].map(refused)).toEqual([undefined, undefined, undefined]);
  });

  test('counts what was denied (RFC 8341 §9: denied-operations and its siblings)', () => {
    const { state, access } = controlled();
    const user = access.forUser('u');
    user.mayCall(baseNamespace, 'kill-session');
    user.mayCall(baseNamespace, 'get');
    user.refusedWrite([], [element(acme, 'system', [element(acme, 'hostname', 'x')])]);
    user.refusedWrite([], []);
    user.mayReceive(element(acme, 'intrusion'));
    user.mayReceive(element(acme, 'intrusion'));
    state.config = nacm(rulesFor('u', rule('deny')));
    user.readable([element(acme, 'system')]);
    expect(writeXml(access.state.build())).toBe(
      '<nacm xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-acm"><denied-operations>1</denied-operations>' +
        '<denied-data-writes>1</denied-data-writes><denied-notifications>2</denied-notifications></nacm>',
    );
  });

  test('ten thousand devices are filtered fast for who sees half of them', () => {
    const { state, access } = controlled();
    const paths = Array.from({ length: 5000 }, (_, i) =>
      rule('permit', `<path xmlns:a="${acme}">/a:interfaces/a:interface[a:name='${2 * i}']</path>`),
    );
    const rest = rule('deny', `<path xmlns:a="${acme}">/a:interfaces/a:interface</path>`);
    state.config = nacm(rulesFor('u', ...paths, rest));
    const entry = (i: number) =>
      element(acme, 'interface', [element(acme, 'name', String(i)), element(acme, 'mtu', '1500')]);
    const all = [
      element(
        acme,
        'interfaces',
        Array.from({ length: 10_000 }, (_, i) => entry(i)),
      ),
    ];
    const user = access.forUser('u');
    user.readable(all);
    let seen: XmlElement | undefined;
    // Some 20 ms: 5000 rules cost one look-up each entry. Rule by rule it would be 25 million comparisons.
    expect(
      cpuMsOf(() => {
        [seen] = user.readable(all);
      }),
    ).toBeLessThan(1000);
    expect(seen?.children).toHaveLength(5000);
  });
});

describe('rules whose path can match nothing', () => {
  test.each(['/x', 'x', '/acme:interfaces/*', '/un:declared', "/acme:a[acme:k='1'"])('%s', (path) => {
    const config = nacm(
      rulesFor('u', rule('permit'), rule('deny', `<path xmlns:acme="${acme}">${path}</path>`)),
    );
    let thrown: unknown;
    try {
      checkAccessRules(config);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(RpcError);
    const { tag, fields } = thrown as RpcError;
    expect([tag, fields.path]).toEqual([
      'invalid-value',
      expect.stringMatching(
        /^\/nacm:nacm\/nacm:rule-list\[nacm:name='l'\]\/nacm:rule\[nacm:name='r\d+'\]\/nacm:path$/,
      ),
    ]);
  });

  test('others pass', () => {
    const path = `<path xmlns:acme="${acme}">/acme:interfaces/acme:interface[acme:name=$USER]</path>`;
    checkAccessRules(nacm(rulesFor('u', rule('permit', path), rule('deny', '<path>/</path>'))));
    checkAccessRules([]);
  });
});
