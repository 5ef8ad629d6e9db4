import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DataFilter } from '../../../src/netconf/filter/data-filter.ts';
import { requestedFilter } from '../../../src/netconf/filter/filter-parameter.ts';
import { SubtreeFilter } from '../../../src/netconf/filter/subtree-filter.ts';
import { XPathFilter } from '../../../src/netconf/filter/xpath-filter.ts';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import type { FindDataNode } from '../../../src/netconf/schema-nodes.ts';
import { childElements, element, textOf, type XmlElement } from '../../../src/xml/element.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import type { SchemaNode } from '../../../src/yang/schema.ts';
import {
  arbitraryDownwardXPath,
  arbitraryTree,
  arbitraryXPath,
  prefixes,
} from '../../xml/xpath/arbitrary-xpath.ts';
import { leaf, parse } from '../protocol-fixture.ts';

const device = (uuid: string, presence: string): string =>
  `<device><uuid>${uuid}</uuid><presence>${presence}</presence><field><leaf>x</leaf></field></device>`;
const devices = parse(
  `<devices xmlns="urn:m">${device('A', 'online')}${device('B', 'offline')}${device('C', 'online')}</devices>`,
);
const statistics = parse('<statistics xmlns="urn:m"><rpcs>1</rpcs></statistics>');
const other = parse('<other xmlns="urn:o" a="1"><x>A</x></other>');
const data = [devices, statistics, other];

const schema: SchemaNode = {
  kind: 'container',
  name: 'devices',
  children: [
    {
      kind: 'list',
      name: 'device',
      keys: ['uuid'],
      children: [
        leaf('uuid'),
        leaf('presence'),
        { kind: 'container', name: 'field', children: [leaf('leaf')] },
      ],
    },
  ],
};
const dataNode: FindDataNode = (_, name) => (name === 'devices' ? schema : undefined);
const scope = new Map([
  ['m', 'urn:m'],
  ['o', 'urn:o'],
]);

const filterOf = (select: string): XPathFilter => new XPathFilter(select, scope, dataNode);
const select = (expression: string): string => filterOf(expression).apply(data).map(writeXml).join('');

describe('the result of an XPath filter (RFC 6241 §8.9.5)', () => {
  test('holds the nodes with what is below them, what holds them, and the keys of list entries', () => {
    expect(select('/m:devices/m:device/m:presence[. = "offline"]')).toBe(
      '<devices xmlns="urn:m"><device><uuid>B</uuid><presence>offline</presence></device></devices>',
    );
    expect(select('//m:device[m:uuid="C"]')).toBe(
      `<devices xmlns="urn:m">${device('C', 'online')}</devices>`,
    );
    expect(select('//m:leaf[../../m:uuid="A"]')).toBe(
      '<devices xmlns="urn:m"><device><uuid>A</uuid><field><leaf>x</leaf></field></device></devices>',
    );
  });

  test('is in the order of the data and holds nothing twice', () => {
    expect(select('/o:other | //m:rpcs | /m:statistics | /m:statistics/m:rpcs/text()')).toBe(
      writeXml(statistics) + writeXml(other),
    );
  });

  test('of the root is everything, of nothing nothing', () => {
    expect(filterOf('/').apply(data)).toEqual(data);
    expect(select('/m:nothing')).toBe('');
    expect(select('/*[false()]')).toBe('');
  });

  test('takes the leaf of a text, and the bare element of an attribute', () => {
    expect(select('//m:rpcs/text()')).toBe(writeXml(statistics));
    expect(select('//@a')).toBe('<other xmlns="urn:o" a="1"/>');
  });

  test('is found by a namespace as libnetconf2 asks for it, and without prefixes', () => {
    expect(select('/o:*')).toBe(writeXml(other));
    expect(select('/statistics')).toBe(writeXml(statistics));
    expect(select("/devices/device[uuid='B']/presence")).toContain('<uuid>B</uuid><presence>offline');
  });

  test('of a relative path is that of the same path from the root: the root is the context', () => {
    expect(select('m:statistics')).toBe(writeXml(statistics));
    expect(select('current()/o:other')).toBe(writeXml(other));
  });
});

describe('what is refused', () => {
  const refusal = (run: () => unknown): RpcError => {
    try {
      run();
    } catch (error) {
      if (error instanceof RpcError) return error;
      throw error;
    }
    throw new Error('it was not refused');
  };

  test.each(['1', '"a"', 'count(//*)', '/a = /b', 'true()', '', '/a[', '/z:a', '$a', 'foo()', '/a/'])(
    'invalid-value: %s',
    (expression) => {
      expect(refusal(() => filterOf(expression))).toMatchObject({
        type: 'application',
        tag: 'invalid-value',
      });
    },
  );

  test('too-big: an expression that is too long, or takes too much work', () => {
    expect(refusal(() => filterOf(`/a${'/a'.repeat(3000)}`))).toMatchObject({ tag: 'too-big' });
    const list = element(
      'urn:m',
      'l',
      Array.from({ length: 3000 }, () => element('urn:m', 'e', 'x')),
    );
    const hostile = filterOf('//*[following::*[following::*]]');
    expect(refusal(() => hostile.apply([list]))).toMatchObject({ type: 'application', tag: 'too-big' });
  });

  test('missing-attribute: a filter of type xpath without select', () => {
    const filter = parse('<filter type="xpath"/>');
    expect(refusal(() => requestedFilter(filter, dataNode))).toMatchObject({ tag: 'missing-attribute' });
  });

  test('prefixes are those in scope at the filter element', () => {
    const inner = parse('<get xmlns:p="urn:o"><filter type="xpath" select="/p:other"/></get>');
    const [filter] = childElements(inner);
    expect(requestedFilter(filter, dataNode)?.apply(data)).toEqual([other]);
  });
});

describe('which entries it can look at', () => {
  const keysOf = (expression: string): readonly string[] | undefined => {
    const keys = filterOf(expression).keys(['devices', 'device'], 'uuid');
    return keys === undefined ? undefined : [...keys];
  };

  test.each<[string, readonly string[]]>([
    ["/m:devices/m:device[m:uuid='A']", ['A']],
    ["/devices/device['A'=uuid]/presence", ['A']],
    ["/m:devices/m:device[m:uuid='A'][m:presence='online'][1]", ['A']],
    ["/m:devices/m:device[m:presence='online' and m:uuid='A']", ['A']],
    ["/m:devices/m:device[m:uuid='A' or m:uuid='B']", ['A', 'B']],
    ["/m:devices/m:device[m:uuid='A'] | /m:devices/m:device[m:uuid='B']//m:leaf", ['A', 'B']],
    ["/*/m:device[m:uuid='A']", ['A']],
    ["/m:devices/m:device[m:uuid='A'][/m:statistics/m:rpcs > 0]", ['A']],
    ['/m:statistics', []],
  ])('%s: those', (expression, keys) => {
    expect(keysOf(expression)).toEqual(keys);
  });

  test.each([
    '/',
    '//m:device[m:uuid="A"]',
    '/m:devices',
    '/m:*',
    '/m:devices/m:device',
    '/m:devices/m:device[1]',
    '/m:devices/m:device[1][m:uuid="A"]',
    '/m:devices/m:device[m:uuid="A" and position()=1]',
    '/m:devices/m:device[m:uuid="A" or m:presence="online"]',
    '/m:devices/m:device[not(m:uuid="A")]',
    '/m:devices/m:device[m:uuid!="A"]',
    '/m:devices/m:device[m:uuid="A"]/..',
    '/m:devices/m:device[m:uuid="A"]/following-sibling::*',
    '/m:devices[m:device]/m:device[m:uuid="A"]',
    '/m:devices[contains(., "A")]/m:device[m:uuid="A"]',
    '/m:devices[string() = "A"]/m:device[m:uuid="A"]',
    '/m:devices/m:device[m:uuid="A"][count(/m:devices/m:device) > 1]',
    '/m:devices/m:device[m:uuid="A"] | /m:devices/m:device[2]',
    '/m:devices/m:device[m:uuid=/o:other/o:x]',
  ])('%s: any', (expression) => {
    expect(keysOf(expression)).toBeUndefined();
  });

  test('of top-level nodes: those it names, and those of its namespace', () => {
    const may = (expression: string) =>
      [data, [devices]]
        .flat()
        .filter(({ namespace, name }) => filterOf(expression).maySelect(namespace, name)).length;
    expect(may('/o:*')).toBe(1);
    expect(may('/m:statistics[/o:other]')).toBe(2);
    expect(may('/*')).toBe(4);
    expect(may('//x')).toBe(4);
    expect(may('/m:statistics/..')).toBe(4);
    expect(may('/m:none')).toBe(0);
  });
});

describe('properties', () => {
  const filterFor = (expression: string): DataFilter => new XPathFilter(expression, prefixes);
  const paths = (node: XmlElement, path: string): string[] => [
    `${path}/${node.name}#${node.attributes[0]?.value}`,
    ...childElements(node).flatMap((child) => paths(child, `${path}/${node.name}`)),
  ];

  test('what is selected is a part of the data', () => {
    fc.assert(
      fc.property(arbitraryTree, arbitraryXPath, (tree, expression) => {
        const known = new Set(paths(tree, ''));
        for (const top of filterFor(expression).apply([tree]))
          for (const path of paths(top, '')) expect(known).toContain(path);
      }),
    );
  });

  test('RFC 8526 §3.1.1: a depth beyond all levels changes nothing', () => {
    fc.assert(
      fc.property(fc.array(arbitraryTree, { maxLength: 3 }), arbitraryDownwardXPath, (trees, expression) => {
        const filter = filterFor(expression);
        expect(filter.apply(trees, { depth: 65535 })).toEqual(filter.apply(trees));
      }),
    );
  });

  test('selecting by a plain path again changes nothing', () => {
    const step = fc.constantFrom('p:a', 'q:a', 'p:b', '*', 'p:*');
    const plain = fc.array(step, { minLength: 1, maxLength: 4 }).map((steps) => `/${steps.join('/')}`);
    fc.assert(
      fc.property(arbitraryTree, plain, (tree, expression) => {
        const selected = filterFor(expression).apply([tree]);
        expect(filterFor(expression).apply(selected)).toEqual(selected);
      }),
    );
  });

  test('what it says it does not look at can be left out', () => {
    fc.assert(
      fc.property(fc.array(arbitraryTree, { maxLength: 4 }), arbitraryDownwardXPath, (trees, expression) => {
        const filter = filterFor(expression);
        const left = trees.filter(({ namespace, name }) => filter.maySelect(namespace, name));
        expect(filter.apply(left)).toEqual(filter.apply(trees));
        for (const [top, entry, key] of [
          ['a', 'a', 'a'],
          ['a', 'b', 'a'],
          ['b', 'a', 'b'],
        ] as const) {
          const keys = filter.keys([top, entry], key);
          if (keys === undefined) continue;
          const cut = left.map((tree) => (tree.name === top ? withEntries(tree, entry, key, keys) : tree));
          expect(told(filter.apply(cut))).toEqual(told(filter.apply(left)));
        }
      }),
      { numRuns: 2000 },
    );
  });

  /** The tree without the entries that have none of the keys. */
  function withEntries(tree: XmlElement, entry: string, key: string, keys: ReadonlySet<string>): XmlElement {
    const isKept = (child: XmlElement): boolean =>
      child.name !== entry || childElements(child).some((one) => one.name === key && keys.has(textOf(one)));
    const children = tree.children.filter((child) => typeof child === 'string' || isKept(child));
    return { ...tree, children };
  }

  const told = (selected: readonly XmlElement[]): string[] => selected.flatMap((top) => paths(top, ''));

  test('a subtree filter and the XPath that says the same agree', () => {
    interface Shape {
      readonly namespace: string;
      readonly name: string;
      readonly content: string | readonly Shape[];
    }
    const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
      shape: fc.record({
        namespace: fc.constantFrom('urn:p', 'urn:p', 'urn:q', ''),
        name: fc.constantFrom('a', 'b'),
        content: fc.oneof(
          { depthSize: 'small' },
          fc.constantFrom('', '', '1', '2'),
          fc.array(tie('shape'), { minLength: 1, maxLength: 3 }),
        ),
      }),
    }));
    const build = ({ namespace, name, content }: Shape): XmlElement =>
      element(
        namespace,
        name,
        typeof content === 'string' ? [content].filter((one) => one !== '') : content.map(build),
      );
    const prefixOf: Record<string, string> = { 'urn:p': 'p:', 'urn:q': 'q:', '': '' };
    const nameOf = ({ namespace, name }: Shape): string => `${prefixOf[namespace]}${name}`;
    const isLeaf = 'not(*)';
    const test = (one: Shape): string =>
      `${nameOf(one)}[${isLeaf} and normalize-space(.)='${String(one.content)}']`;
    /** RFC 6241 §6.2.3 to §6.2.5 as location paths. */
    const pathsOf = (one: Shape, base: string): string[] => {
      const here = `${base}/${nameOf(one)}`;
      if (one.content === '') return [here];
      if (typeof one.content === 'string') return [`${base}/${test(one)}`];
      const isTest = (child: Shape): boolean => typeof child.content === 'string' && child.content !== '';
      const tests = one.content.filter(isTest);
      const parts = one.content.filter((child) => !isTest(child));
      const passed = `${here}${tests.map((child) => `[${test(child)}]`).join('')}`;
      if (parts.length === 0) return [passed];
      const inner = parts.flatMap((child) => pathsOf(child, passed));
      // Content match nodes come along where something beside them is selected, or are all there is.
      return [...inner, ...tests.map((child) => `${passed}/${test(child)}`)];
    };
    fc.assert(
      fc.property(arbitraryTree, fc.array(shape, { minLength: 1, maxLength: 3 }), (tree, shapes) => {
        const subtree = new SubtreeFilter(element('', 'filter', shapes.map(build)));
        const xpath = filterFor(shapes.flatMap((one) => pathsOf(one, '')).join(' | '));
        expect(told(subtree.apply([tree]))).toEqual(told(xpath.apply([tree])));
      }),
      { numRuns: 1000 },
    );
  });
});
