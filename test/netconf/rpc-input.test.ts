import { describe, expect, test } from '@jest/globals';
import type { RpcInput } from '../../src/netconf/backend.ts';
import { RpcError } from '../../src/netconf/rpc-error.ts';
import { checkInput } from '../../src/netconf/rpc-input.ts';
import type { ModuleSchema, RpcSchema, SchemaNode } from '../../src/yang/schema.ts';
import { leaf, parse } from './protocol-fixture.ts';

const number = { base: 'uint8', ranges: [{ low: '0', high: '255' }] } as const;

const input: readonly SchemaNode[] = [
  leaf('id', undefined, { mandatory: true }),
  leaf('level', number, { default: '7' }),
  { kind: 'leaf-list', name: 'tag', type: number },
  {
    kind: 'container',
    name: 'box',
    children: [leaf('w', number), leaf('h', number, { default: '1' })],
  },
  { kind: 'list', name: 'step', keys: ['n'], children: [leaf('n', number), leaf('what')] },
  {
    kind: 'choice',
    name: 'how',
    mandatory: true,
    cases: [
      [leaf('fast'), leaf('speed', number, { default: '9' })],
      [leaf('slow', undefined, { mandatory: true }), leaf('why')],
      [{ kind: 'choice', name: 'inner', mandatory: false, cases: [[leaf('x')], [leaf('y')]] }],
    ],
  },
];
const module: ModuleSchema = {
  name: 'm',
  namespace: 'urn:m',
  prefix: 'm',
  revision: '2026-01-01',
  rpcs: new Map(),
  data: [],
};

function check(content: string, nodes: readonly SchemaNode[] = input): RpcInput {
  const rpc: RpcSchema = { name: 'go', input: nodes, output: [] };
  return checkInput(parse(`<go xmlns="urn:m">${content}</go>`), rpc, module);
}

function refusal(content: string, nodes = input): RpcError {
  try {
    check(content, nodes);
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('what is accepted (RFC 6020 §7.13.2)', () => {
  test('values by name, canonical, with defaults filled in', () => {
    expect(check('<fast/><level>+08</level><id>a b</id>')).toEqual({
      id: 'a b',
      level: '8',
      box: { h: '1' },
      fast: '',
      speed: '9',
    });
  });

  test('containers, lists and leaf-lists in the order given, in any order of names', () => {
    expect(
      check(
        '<tag>2</tag><x/><tag>1</tag><step><what>b</what><n>2</n></step><id/><box><w>3</w></box><step><n>1</n></step>',
      ),
    ).toEqual({
      id: '',
      level: '7',
      tag: ['2', '1'],
      box: { w: '3', h: '1' },
      step: [{ n: '2', what: 'b' }, { n: '1' }],
      x: '',
    });
  });

  test('a leaf of the name __proto__ is a leaf like others', () => {
    const given = check('<__proto__>1</__proto__>', [leaf('__proto__')]);
    expect(Object.entries(given)).toEqual([['__proto__', '1']]);
  });

  test('attributes and comments mean nothing here', () => {
    expect(check('<!-- c --><id lang="x">1</id><x/>')).toMatchObject({ id: '1' });
  });
});

describe('what is refused', () => {
  const rows: Record<string, [string, Partial<RpcError>, string | undefined, string]> = {
    'a missing leaf': ['<x/>', { type: 'protocol', tag: 'missing-element' }, '/nc:rpc/m:go/m:id', 'id'],
    'a missing choice': [
      '<id/>',
      { tag: 'missing-element', message: '<go> needs <fast> or <slow> or <x> or <y>' },
      '/nc:rpc/m:go',
      'fast',
    ],
    'a missing leaf of a chosen case': [
      '<id/><why/>',
      { tag: 'missing-element' },
      '/nc:rpc/m:go/m:slow',
      'slow',
    ],
    'a missing key': [
      '<id/><x/><step><n>1</n></step><step/>',
      { tag: 'missing-element' },
      '/nc:rpc/m:go/m:step[2]',
      'n',
    ],
    'an unknown leaf': [
      '<id/><x/><z/>',
      { type: 'application', tag: 'unknown-element' },
      '/nc:rpc/m:go',
      'z',
    ],
    'the name of a choice': ['<id/><how/>', { tag: 'unknown-element' }, '/nc:rpc/m:go', 'how'],
    'an unknown leaf in a container': [
      '<id/><x/><box><d/></box>',
      { tag: 'unknown-element' },
      '/nc:rpc/m:go/m:box',
      'd',
    ],
    'an element in a leaf': ['<id><b/></id><x/>', { tag: 'unknown-element' }, '/nc:rpc/m:go/m:id', 'b'],
    'another namespace': ['<id xmlns="urn:x"/>', { tag: 'unknown-namespace' }, '/nc:rpc/m:go', 'id'],
    'no namespace': ['<id xmlns=""/>', { tag: 'unknown-namespace' }, '/nc:rpc/m:go', 'id'],
    'a value outside its range': [
      '<id/><x/><level>256</level>',
      { type: 'application', tag: 'invalid-value' },
      '/nc:rpc/m:go/m:level',
      'level',
    ],
    'a value of a leaf-list': [
      '<id/><x/><tag>1</tag><tag>x</tag>',
      { tag: 'invalid-value' },
      '/nc:rpc/m:go/m:tag[2]',
      'tag',
    ],
    'a value in a list': [
      '<id/><x/><step><n>1</n></step><step><n/></step>',
      { tag: 'invalid-value' },
      '/nc:rpc/m:go/m:step[2]/m:n',
      'n',
    ],
    'a leaf given twice': ['<id/><id/><x/>', { tag: 'bad-element' }, '/nc:rpc/m:go/m:id', 'id'],
    'a container given twice': ['<id/><x/><box/><box/>', { tag: 'bad-element' }, '/nc:rpc/m:go/m:box', 'box'],
    'two entries with one key': [
      '<id/><x/><step><n>1</n></step><step><n>01</n></step>',
      { tag: 'bad-element' },
      '/nc:rpc/m:go/m:step[2]',
      'step',
    ],
    'two cases of a choice': ['<id/><fast/><slow/>', { tag: 'bad-element' }, '/nc:rpc/m:go/m:slow', 'slow'],
    'two cases of an inner choice': ['<id/><x/><y/>', { tag: 'bad-element' }, '/nc:rpc/m:go/m:y', 'y'],
    'text beside elements': ['<id/>text<x/>', { tag: 'bad-element' }, '/nc:rpc/m:go', 'go'],
  };

  test.each(Object.entries(rows))('%s', (_, [content, expected, path, bad]) => {
    const error = refusal(content);
    expect(error).toMatchObject(expected);
    expect(error.fields.path).toBe(path);
    expect(error.fields.pathPrefixes).toEqual({
      nc: 'urn:ietf:params:xml:ns:netconf:base:1.0',
      m: 'urn:m',
    });
    expect(error.fields.info?.[0]).toMatchObject({ name: 'bad-element', children: [bad] });
  });

  test('an absent presence container asks for nothing, a given one for what is mandatory (RFC 6020 §7.5.1)', () => {
    const nodes: readonly SchemaNode[] = [
      { kind: 'container', name: 'c', presence: true, children: [leaf('m', undefined, { mandatory: true })] },
    ];
    expect(check('', nodes)).toEqual({});
    expect(() => check('<c/>', nodes)).toThrow(RpcError);
  });

  test('a mandatory leaf in an absent container is missing (RFC 6020 §7.6.5)', () => {
    const nodes: SchemaNode[] = [
      { kind: 'container', name: 'c', children: [leaf('m', undefined, { mandatory: true })] },
    ];
    expect(refusal('', nodes)).toMatchObject({ tag: 'missing-element', message: '<c> needs <m>' });
  });
});
