import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { requestedFilter } from '../../src/netconf/filter/filter-parameter.ts';
import type { FindDataNode } from '../../src/netconf/schema-nodes.ts';
import type { XmlElement } from '../../src/xml/element.ts';
import { root } from '../support/paths.ts';
import { leaf, parse } from './protocol-fixture.ts';

interface Vector {
  readonly section: string;
  readonly data: string;
  readonly subtree?: string;
  readonly xpath?: string;
  readonly selects: string;
}

const file = join(root, 'fixtures', 'netconf', 'rfc6241-filters.json');
const vectors: { readonly data: Record<string, string>; readonly cases: readonly Vector[] } = JSON.parse(
  readFileSync(file, 'utf8'),
);

const dataNode: FindDataNode = () => ({
  kind: 'container',
  name: 'top',
  children: [
    {
      kind: 'container',
      name: 'users',
      children: [{ kind: 'list', name: 'user', keys: ['name'], children: [leaf('name')] }],
    },
  ],
});

const scope = 'xmlns:t="http://example.com/schema/1.2/config" xmlns:s="http://example.com/schema/1.2/stats"';
const xpathFilter = (select: string): XmlElement =>
  parse(`<filter ${scope} type="xpath" select="${select}"/>`);

/** Without what declarations leave in `scope`. */
function plain({ name, namespace, attributes, children }: XmlElement): unknown {
  const inner = children.map((child) => (typeof child === 'string' ? child : plain(child)));
  return { name, namespace, attributes, children: inner };
}

describe.each(vectors.cases)('RFC 6241 $section', ({ data, subtree, xpath, selects }) => {
  const all = parse(vectors.data[data] ?? '');
  const expected = selects === '' ? [] : [plain(selects === 'all' ? all : parse(selects))];
  const selected = (filter: XmlElement | undefined): unknown =>
    (requestedFilter(filter, dataNode)?.apply([all]) ?? [all]).map(plain);

  if (subtree === undefined && xpath === undefined)
    test('selects all', () => expect(selected(undefined)).toEqual(expected));
  if (subtree !== undefined)
    test('by subtree', () =>
      expect(selected(parse(`<filter type="subtree">${subtree}</filter>`))).toEqual(expected));
  if (xpath !== undefined) test('by XPath', () => expect(selected(xpathFilter(xpath))).toEqual(expected));
});
