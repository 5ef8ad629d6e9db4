import { nacmNamespace } from '../../src/netconf/namespaces.ts';
import type { XmlElement } from '../../src/xml/element.ts';
import type { ModuleSchema, SchemaNode } from '../../src/yang/schema.ts';
import { leaf, parse } from './protocol-fixture.ts';

/** A configuration that holds `nacm` with this content, as one writes it. */
export function nacm(content: string): readonly XmlElement[] {
  return [parse(`<nacm xmlns="${nacmNamespace}">${content}</nacm>`)];
}

/** One group with one rule list for it. */
export function rulesFor(user: string, ...rules: string[]): string {
  return `<groups><group><name>g</name><user-name>${user}</user-name></group></groups>${ruleList('l', 'g', ...rules)}`;
}

export function ruleList(name: string, group: string, ...rules: string[]): string {
  return `<rule-list><name>${name}</name><group>${group}</group>${rules.join('')}</rule-list>`;
}

let rules = 0;

/** A rule: `rule('permit', '<path>…</path>')`. */
export function rule(action: 'permit' | 'deny', content = ''): string {
  rules += 1;
  return `<rule><name>r${rules}</name>${content}<action>${action}</action></rule>`;
}

export const acme = 'http://example.com/ns/itf';

const configuration: readonly SchemaNode[] = [
  {
    kind: 'container',
    name: 'interfaces',
    children: [
      {
        kind: 'list',
        name: 'interface',
        keys: ['name'],
        children: [
          leaf('name'),
          leaf('mtu'),
          { kind: 'leaf-list', name: 'address', type: leaf('').type },
          { kind: 'container', name: 'link', presence: true, children: [leaf('speed')] },
        ],
      },
      {
        kind: 'list',
        name: 'route',
        keys: ['to', 'metric'],
        orderedBy: 'user',
        children: [leaf('to'), leaf('metric'), leaf('via')],
      },
    ],
  },
  {
    kind: 'container',
    name: 'secrets',
    access: 'deny-all',
    children: [leaf('key', undefined, { access: 'deny-all' })],
  },
  {
    kind: 'container',
    name: 'system',
    children: [
      leaf('hostname'),
      leaf('clock', undefined, { access: 'deny-write' }),
      leaf('seed', undefined, { access: 'deny-all' }),
    ],
  },
];

/** The interfaces of RFC 8341 Appendix A.4, and nodes with each of the extensions of §3.2.1. */
export const acmeSchema: ModuleSchema = {
  name: 'acme-itf',
  namespace: acme,
  prefix: 'acme',
  revision: '2026-01-01',
  rpcs: new Map([
    ['ping', { name: 'ping', input: [], output: [] }],
    ['wipe', { name: 'wipe', input: [], output: [], access: 'deny-all' }],
  ]),
  notifications: new Map([
    ['link-up', { name: 'link-up', children: [] }],
    ['intrusion', { name: 'intrusion', children: [], access: 'deny-all' }],
  ]),
  data: configuration,
};
