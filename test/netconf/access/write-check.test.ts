import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WriteCheck } from '../../../src/netconf/access/write-check.ts';
import type { DataPath } from '../../../src/netconf/data-path.ts';
import { findNode } from '../../../src/netconf/schema-nodes.ts';
import { childElements, element, textOf, type XmlElement } from '../../../src/xml/element.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import { acme, acmeSchema } from '../access-fixture.ts';
import { parse } from '../protocol-fixture.ts';

const tree = (content: string): readonly XmlElement[] =>
  childElements(parse(`<config xmlns="${acme}">${content}</config>`));

const shown = (path: DataPath): string =>
  path
    .map(({ name, keys }) => `/${name}${keys === undefined ? '' : JSON.stringify(Object.values(keys))}`)
    .join('');

/** Everything that is asked for, in order: `operation name`. */
function asked(before: readonly XmlElement[], after: readonly XmlElement[]): string[] {
  const questions: string[] = [];
  const check = new WriteCheck(
    (operation, chain) => {
      const node = chain.at(-1);
      const key = node === undefined ? undefined : childElements(node)[0];
      const label = key === undefined ? (node === undefined ? '' : textOf(node)) : textOf(key);
      questions.push(`${operation} ${node?.name} ${label}`);
      return true;
    },
    (_, name) => findNode(acmeSchema.data, name),
  );
  expect(check.refused(before, after)).toBeUndefined();
  return questions;
}

const eth = (name: string, more = ''): string => `<interface><name>${name}</name>${more}</interface>`;
const routes = (...to: string[]): string =>
  `<interfaces>${to.map((one) => `<route><to>${one}</to><metric>1</metric></route>`).join('')}</interfaces>`;

describe('what an edit asks of access control (RFC 8341 §3.2.2)', () => {
  test.each<[string, string, string, string[]]>([
    ['nothing', routes('a'), routes('a'), []],
    ['a leaf is created', '<system/>', '<system><hostname>h</hostname></system>', ['create hostname h']],
    [
      'a leaf is updated',
      '<system><hostname>g</hostname></system>',
      '<system><hostname>h</hostname></system>',
      ['update hostname h'],
    ],
    ['a leaf is deleted', '<system><hostname>h</hostname></system>', '<system/>', ['delete hostname h']],
    [
      'a container without presence is nothing by itself',
      '',
      '<system><hostname>h</hostname></system>',
      ['create hostname h'],
    ],
    [
      'an entry, with all in it',
      '',
      `<interfaces>${eth('eth0', '<mtu>1</mtu>')}</interfaces>`,
      ['create interface eth0', 'create name eth0', 'create mtu 1'],
    ],
    [
      'an entry goes, another stays',
      `<interfaces>${eth('eth0')}${eth('eth1')}</interfaces>`,
      `<interfaces>${eth('eth1')}</interfaces>`,
      ['delete interface eth0', 'delete name eth0'],
    ],
    [
      'a key is no leaf that is updated: the entry is another one',
      `<interfaces>${eth('eth0')}</interfaces>`,
      `<interfaces>${eth('eth1')}</interfaces>`,
      ['delete interface eth0', 'delete name eth0', 'create interface eth1', 'create name eth1'],
    ],
    [
      'a presence container',
      `<interfaces>${eth('eth0')}</interfaces>`,
      `<interfaces>${eth('eth0', '<link/>')}</interfaces>`,
      ['create link '],
    ],
    [
      'entries of a leaf-list',
      `<interfaces>${eth('eth0', '<address>a</address><address>b</address>')}</interfaces>`,
      `<interfaces>${eth('eth0', '<address>b</address><address>c</address>')}</interfaces>`,
      ['delete address a', 'create address c'],
    ],
    [
      'order that means nothing',
      `<interfaces>${eth('eth0')}${eth('eth1')}</interfaces>`,
      `<interfaces>${eth('eth1')}${eth('eth0')}</interfaces>`,
      [],
    ],
    [
      'order that does (RFC 6020 §7.7.5)',
      routes('a', 'b', 'c'),
      routes('a', 'c', 'b'),
      ['update route c', 'update route b'],
    ],
    [
      'an entry that comes does not move the others',
      routes('a', 'c'),
      routes('a', 'b', 'c'),
      ['create route b', 'create to b', 'create metric 1'],
    ],
  ])('%s', (_, before, after, questions) => {
    expect(asked(tree(before), tree(after))).toEqual(questions);
  });

  test('a path whose prefix comes to mean something else is updated', () => {
    const of = (namespace: string) => [
      element(acme, 'system', [{ ...element(acme, 'hostname', '/p:x'), scope: new Map([['p', namespace]]) }]),
    ];
    expect(asked(of('urn:a'), of('urn:b'))).toEqual(['update hostname /p:x']);
    expect(asked(of('urn:a'), of('urn:a'))).toEqual([]);
  });

  test('entries that an edit shares with what was there are not looked at, however many there are', () => {
    const untouched = (name: string): XmlElement => ({
      ...element(acme, 'interface'),
      get children(): never {
        throw new TypeError(`${name} was looked at`);
      },
    });
    const [first, last] = [untouched('the first'), untouched('the last')];
    const interfaces = (...between: XmlElement[]): XmlElement[] => [
      element(acme, 'interfaces', [first, ...between, last]),
    ];
    const [one] = tree(eth('eth1'));
    if (one === undefined) throw new TypeError('no element');
    expect(asked(interfaces(), interfaces(one))).toEqual(['create interface eth1', 'create name eth1']);
    expect(asked(interfaces(one), interfaces())).toEqual(['delete interface eth1', 'delete name eth1']);
  });

  test('the path names the node that is refused, by its keys', () => {
    const refused = (name: string, before: string, after: string): string => {
      const check = new WriteCheck(
        (_, chain) => chain.at(-1)?.name !== name,
        (_, top) => findNode(acmeSchema.data, top),
      );
      return shown(check.refused(tree(before), tree(after)) ?? []);
    };
    const one = `<interfaces>${eth('eth0', '<address>a</address>')}</interfaces>`;
    expect(refused('address', '', one)).toBe('/interfaces/interface["eth0"]/address["a"]');
    expect(refused('route', '', routes('a'))).toBe('/interfaces/route["a","1"]');
    expect(refused('name', one, '')).toBe('/interfaces/interface["eth0"]/name');
  });

  test('whatever differs is asked for', () => {
    const name = fc.constantFrom('eth0', 'eth1', 'eth2');
    const address = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'));
    const entry = fc.record({ name, mtu: fc.constantFrom('', '1', '2'), address, link: fc.boolean() });
    const list = fc.uniqueArray(entry, { selector: ({ name: key }) => key });
    const order = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'));
    const config = fc.record({ list, order });
    type Config = typeof config extends fc.Arbitrary<infer T> ? T : never;
    const write = ({ list: entries, order: to }: Config): string => {
      const interfaces = entries.map(({ name: key, mtu, address: all, link }) =>
        eth(
          key,
          `${mtu && `<mtu>${mtu}</mtu>`}${all.map((one) => `<address>${one}</address>`).join('')}${link ? '<link/>' : ''}`,
        ),
      );
      return `<interfaces>${interfaces.join('')}${to.map((one) => `<route><to>${one}</to><metric>1</metric></route>`).join('')}</interfaces>`;
    };
    /** What of a configuration means something: entries and addresses in any order, routes in theirs. */
    const meaning = ({ list: entries, order: to }: Config): string =>
      JSON.stringify([
        [...entries]
          .sort((a, b) => (a.name < b.name ? -1 : 1))
          .map(({ name: key, mtu, address: all, link }) => [key, mtu, [...all].sort(), link]),
        to,
      ]);
    fc.assert(
      fc.property(config, config, (before, after) => {
        const questions = asked(tree(write(before)), tree(write(after)));
        expect(questions.length === 0).toBe(meaning(before) === meaning(after));
        const [old] = tree(write(before));
        const [now] = tree(write(after));
        // As an edit makes it: what it does not change is the same element.
        const known = new Map(old?.children.map((child) => [writeXml(child as XmlElement), child]));
        const shared = now?.children.map((child) => known.get(writeXml(child as XmlElement)) ?? child) ?? [];
        expect(
          asked(old === undefined ? [] : [old], now === undefined ? [] : [{ ...now, children: shared }]),
        ).toEqual(questions);
      }),
      { numRuns: 500 },
    );
  });
});
