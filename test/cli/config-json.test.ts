import { describe, expect, test } from '@jest/globals';
import { configJson } from '../../src/cli/config-json.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import type { LeafNode, ModuleSchema, YangType } from '../../src/yang/schema.ts';

const namespace = 'urn:lamp';
const leaf = (name: string, type: YangType): LeafNode => ({ kind: 'leaf', name, type, mandatory: false });
const text: YangType = { base: 'string', lengths: [], patterns: [] };

const lamp: ModuleSchema = {
  name: 'lamp',
  namespace,
  prefix: 'l',
  revision: '2026-01-01',
  rpcs: new Map(),
  data: [
    {
      kind: 'container',
      name: 'lamps',
      children: [
        leaf('count', { base: 'uint8', ranges: [] }),
        leaf('octets', { base: 'uint64', ranges: [] }),
        leaf('ratio', { base: 'decimal64', fractionDigits: 2, ranges: [] }),
        leaf('lit', { base: 'boolean' }),
        leaf('broken', { base: 'empty' }),
        { kind: 'leaf-list', name: 'tag', type: text },
        {
          kind: 'choice',
          name: 'way',
          mandatory: false,
          cases: [[leaf('wire', text)], [leaf('radio', { base: 'int32', ranges: [] })]],
        },
        { kind: 'list', name: 'lamp', keys: ['name'], children: [leaf('name', text)] },
      ],
    },
  ],
};

const lamps = (...leaves: readonly (readonly [name: string, content: string | XmlElement[]])[]): XmlElement =>
  element(
    namespace,
    'lamps',
    leaves.map(([name, content]) => element(namespace, name, content)),
  );
const json = (one: XmlElement): unknown => Object(configJson([one], [lamp]))['lamp:lamps'];

describe('configuration as JSON (RFC 7951)', () => {
  test.each([
    ['section 6.1: 32-bit integers are numbers', ['count', '7'], { count: 7 }],
    [
      'section 6.1: 64-bit integers are strings',
      ['octets', '18446744073709551615'],
      { octets: '18446744073709551615' },
    ],
    ['section 6.1: decimals are strings', ['ratio', '1.50'], { ratio: '1.50' }],
    ['section 6.3: booleans', ['lit', 'true'], { lit: true }],
    ['section 6.9: empty is [null]', ['broken', ''], { broken: [null] }],
    ['section 5.3: a leaf-list is an array, of one too', ['tag', 'x'], { tag: ['x'] }],
    ['choices and cases are not in the data', ['radio', '-3'], { radio: -3 }],
  ] as const)('%s', (_rule, [name, content], expected) => {
    expect(json(lamps([name, content]))).toEqual(expected);
  });

  test('section 5.4: a list is an array of objects, of one too', () => {
    const entry = (name: string): readonly [string, XmlElement[]] => [
      'lamp',
      [element(namespace, 'name', name)],
    ];
    expect(json(lamps(entry('a')))).toEqual({ lamp: [{ name: 'a' }] });
    expect(json(lamps(entry('a'), ['count', '2'], entry('b')))).toEqual({
      lamp: [{ name: 'a' }, { name: 'b' }],
      count: 2,
    });
  });

  test('section 4: top-level names are those of their module; what is of no module is left out', () => {
    expect(configJson([lamps(), element('urn:other', 'x', 'y')], [lamp])).toEqual({ 'lamp:lamps': {} });
  });
});
