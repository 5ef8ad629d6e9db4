import { describe, expect, test } from '@jest/globals';
import { moduleSchema } from '../../src/yang/module-schema.ts';
import { parseModule } from '../../src/yang/parser.ts';
import type { ModuleSchema, YangType } from '../../src/yang/schema.ts';
import { checkValue } from '../../src/yang/value-check.ts';

function schema(body: string, imported = ''): ModuleSchema {
  const header = 'namespace "urn:m"; prefix m;';
  const other = parseModule(`module other { namespace "urn:o"; prefix o; ${imported} }`);
  return moduleSchema(parseModule(`module m { ${header} ${body} }`), (name) =>
    name === 'other' ? other : undefined,
  );
}

function typeOf(type: string, definitions = '', imported = ''): YangType {
  const [leaf] = schema(
    `import other { prefix p; } ${definitions} leaf l { config false; type ${type} }`,
    imported,
  ).data;
  if (leaf?.kind !== 'leaf') throw new Error('no leaf');
  return leaf.type;
}

describe('types (RFC 6020 §9)', () => {
  test.each<[string, string, object]>([
    ['string;', '', { base: 'string', lengths: [], patterns: [] }],
    [
      'string { length "1|3 .. 5|9..max"; pattern a; pattern b; }',
      '',
      {
        lengths: [
          { low: '1', high: '1' },
          { low: '3', high: '5' },
          { low: '9', high: '18446744073709551615' },
        ],
        patterns: ['a', 'b'],
      },
    ],
    [
      'int8 { range "min..-1 | 1..max"; }',
      '',
      {
        base: 'int8',
        ranges: [
          { low: '-128', high: '-1' },
          { low: '1', high: '127' },
        ],
      },
    ],
    [
      'decimal64 { fraction-digits 2; range "-1.50 .. 2"; }',
      '',
      { fractionDigits: 2, ranges: [{ low: '-1.5', high: '2.0' }] },
    ],
    ['enumeration { enum a; enum "b c"; }', '', { names: ['a', 'b c'] }],
    ['bits { bit a { position 5; } bit b { position 1; } bit c; }', '', { names: ['b', 'a', 'c'] }],
    [
      'union { type int8; type union { type boolean; } }',
      '',
      { members: [{ base: 'int8' }, { members: [{ base: 'boolean' }] }] },
    ],
    ['leafref { path "../x"; }', '', { base: 'string' }],
    ['identityref { base i; }', '', { base: 'string' }],
    [
      't { range "2..3"; }',
      'typedef t { type m:u { range "1..5|7"; } } typedef u { type uint8; }',
      { base: 'uint8', ranges: [{ low: '2', high: '3' }] },
    ],
    [
      't { range "min..max"; }',
      'typedef t { type int8 { range "1..5"; } }',
      { ranges: [{ low: '1', high: '5' }] },
    ],
    [
      't { pattern b; length 2; }',
      'typedef t { type string { pattern a; length "1..5"; } }',
      { patterns: ['a', 'b'], lengths: [{ low: '2', high: '2' }] },
    ],
    ['p:t;', 'typedef u { type int8; }', { base: 'boolean' }],
  ])('%s', (type, definitions, expected) => {
    expect(typeOf(type, definitions, 'typedef t { type u; } typedef u { type boolean; }')).toMatchObject(
      expected,
    );
  });

  test.each([
    ['t;', ''],
    ['q:t;', ''],
    ['toString;', ''],
    ['t;', 'typedef t { type t; }'],
    ['t;', 'typedef t { type u; } typedef u { type t; }'],
    ['t;', 'typedef t { description x; }'],
    ['union { }', ''],
    ['union { type t; }', 'typedef t { type union { type t; } }'],
    ['enumeration;', ''],
    ['enumeration { enum a; enum a; }', ''],
    ['bits { bit a; bit a; }', ''],
    ['decimal64;', ''],
    ['decimal64 { fraction-digits 19; }', ''],
    ['int8 { range "1..300"; }', ''],
    ['int8 { range "3..1"; }', ''],
    ['int8 { range "3|1"; }', ''],
    ['int8 { range "1..3|3"; }', ''],
    ['int8 { range "1..2..3"; }', ''],
    ['int8 { range "a"; }', ''],
    ['int8 { range ""; }', ''],
    ['int8 { range "1.5"; }', ''],
    ['decimal64 { fraction-digits 1; range "0.25"; }', ''],
    ['string { length "-1"; }', ''],
    ['t { range "1..6"; }', 'typedef t { type int8 { range "1..5"; } }'],
    ['t { range "4..8"; }', 'typedef t { type int8 { range "1..5|7..9"; } }'],
  ])('%s %s is refused', (type, definitions) => {
    expect(() => typeOf(type, definitions)).toThrow(expect.objectContaining({ code: 'bad-yang' }));
  });

  test('an inner typedef hides an outer one (§5.5), and stays inside', () => {
    const { data } = schema(
      'typedef t { type int8; } container c { typedef t { type boolean; } leaf a { type t; } } leaf b { type t; }',
    );
    expect(data).toMatchObject([{ children: [{ type: { base: 'boolean' } }] }, { type: { base: 'int8' } }]);
  });

  test('a grouping sees the typedefs where it is defined', () => {
    const body = 'import other { prefix p; } typedef t { type int8; } container c { uses p:g; }';
    const imported = 'typedef t { type boolean; } grouping g { leaf a { type t; } }';
    expect(schema(body, imported).data).toMatchObject([
      { children: [{ name: 'a', type: { base: 'boolean' } }] },
    ]);
  });
});

describe('nodes (RFC 6020 §7)', () => {
  test('all kinds, and what belongs to the schema only by its name', () => {
    const { data, revision } = schema(`
      revision 2020-01-01; revision 2021-01-01;
      feature f; identity i; extension e; m:e;
      container c { presence x; description d; anyxml any { config false; } leaf a { type int8; mandatory true; } }
      list l { key "k1  k2"; leaf k1 { type int8; } leaf k2 { type int8; } leaf-list ll { type string; } }
      notification n { leaf a { type int8; } }
      choice ch { mandatory true; case one { leaf a1 { type int8; } leaf a2 { type int8; } } leaf two { type int8; } container three; }
    `);
    expect(revision).toBe('2021-01-01');
    expect(data).toMatchObject([
      { kind: 'container', name: 'c', presence: true, children: [{ name: 'a', mandatory: true }] },
      {
        kind: 'list',
        keys: ['k1', 'k2'],
        children: [{ name: 'k1' }, { name: 'k2' }, { kind: 'leaf-list', name: 'll' }],
      },
      {
        kind: 'choice',
        mandatory: true,
        cases: [[{ name: 'a1' }, { name: 'a2' }], [{ name: 'two' }], [{ kind: 'container' }]],
      },
    ]);
    expect(data).toHaveLength(3);
  });

  test('an rpc may lack input and output', () => {
    const { rpcs } = schema(
      'rpc a; rpc b { input { leaf x { type int8; } } output { leaf y { type int8; } } }',
    );
    expect(rpcs.get('a')).toEqual({ name: 'a', input: [], output: [] });
    expect(rpcs.get('b')).toMatchObject({ input: [{ name: 'x' }], output: [{ name: 'y' }] });
  });

  test.each([
    ['int8', '0x1F', '31'],
    ['int8', '-017', '-15'],
    ['int8', '200', undefined],
    ['decimal64 { fraction-digits 2; }', '1', '1.0'],
    ['boolean', 'true', 'true'],
    ['boolean', 'yes', undefined],
  ])('the default of a leaf of %s, %s, is %s', (type, text, expected) => {
    const read = () =>
      schema(`leaf a { type ${type.endsWith('}') ? type : `${type};`} default "${text}"; }`).data[0];
    if (expected === undefined) expect(read).toThrow(expect.objectContaining({ code: 'bad-yang' }));
    else expect(read()).toMatchObject({ default: expected });
  });

  test('§7.3.4: the default of a typedef is the leaf’s, unless the leaf is mandatory or has its own', () => {
    const { data } = schema(
      `typedef t { type u; } typedef u { type int8; default 1; }
       leaf a { type t; } leaf b { type t; mandatory true; } leaf c { type t; default 2; }`,
    );
    expect(data.map((node) => node.kind === 'leaf' && node.default)).toEqual(['1', undefined, '2']);
  });

  test.each([
    ['leaf a;'],
    ['uses g;'],
    ['grouping g { uses g; } uses g;'],
    ['grouping g { uses h; } grouping h { container c { uses g; } } uses g;'],
    ['grouping g { leaf a { type int8; } } uses g { refine a { mandatory true; } }'],
    ['import missing { prefix x; } leaf a { type x:t; }'],
    [
      'container c { '.repeat(62) +
        'uses g;' +
        ' }'.repeat(62) +
        'grouping g { container a { container b { container c; } } }',
    ],
  ])('%s is refused', (body) => {
    expect(() => schema(body)).toThrow(expect.objectContaining({ code: 'bad-yang' }));
  });

  test('a module without namespace or prefix is refused', () => {
    expect(() => moduleSchema(parseModule('module m { prefix m; }'), () => undefined)).toThrow(
      'no namespace',
    );
    expect(() => moduleSchema(parseModule('module m { namespace m; }'), () => undefined)).toThrow(
      'no prefix',
    );
  });

  test('values are checked with what was resolved', () => {
    const type = typeOf('t { range "1..5"; }', 'typedef t { type uint8 { range "0..9"; } }');
    expect(checkValue(type, '5')).toBe('5');
    expect(() => checkValue(type, '6')).toThrow('1 to 5');
  });
});

describe('what a server has to know of data (RFC 6020 §7)', () => {
  test('§7.19.1: state is what says so, and all below it', () => {
    const { data } = schema(
      `container c { leaf a { type int8; } container s { config false; list l { leaf b { type int8; } } } }
       choice ch { config false; leaf d { type int8; } }`,
    );
    expect(data).toEqual([
      {
        kind: 'container',
        name: 'c',
        children: [
          expect.not.objectContaining({ config: expect.anything() }),
          {
            kind: 'container',
            name: 's',
            config: false,
            children: [
              {
                kind: 'list',
                name: 'l',
                config: false,
                keys: [],
                children: [expect.objectContaining({ name: 'b', config: false })],
              },
            ],
          },
        ],
      },
      expect.objectContaining({ config: false, cases: [[expect.objectContaining({ config: false })]] }),
    ]);
  });

  test('input, output and notifications are neither configuration nor state', () => {
    const { rpcs, notifications } = schema(
      `rpc r { input { leaf a { type leafref { path "/x"; } } } }
       notification n { leaf b { type int8; when "../c"; must "../c"; } }`,
    );
    expect(rpcs.get('r')?.input[0]).not.toHaveProperty('config');
    expect(notifications?.get('n')).toMatchObject({ name: 'n', children: [{ name: 'b' }] });
    expect(notifications?.get('n')?.children[0]).not.toHaveProperty('config');
  });

  test('§7.7.3 to §7.7.5: how many entries, and who orders them', () => {
    const { data } = schema(
      `list l { key k; min-elements 1; max-elements 5; ordered-by user; leaf k { type int8; } }
       leaf-list ll { type int8; min-elements 0; max-elements unbounded; ordered-by system; }`,
    );
    expect(data[0]).toMatchObject({ minElements: 1, maxElements: 5, orderedBy: 'user' });
    expect(Object.keys(data[1] ?? {}).sort()).toEqual(['kind', 'name', 'type']);
  });

  test('§7.9.3: the default case of a choice, by its name', () => {
    const { data } = schema(
      'choice ch { default two; case one { leaf a { type int8; } } leaf two { type int8; } }',
    );
    expect(data).toMatchObject([{ default: 'two', caseNames: ['one', 'two'] }]);
  });

  test('RFC 7950 §7.1.2: the version of YANG', () => {
    expect(schema('yang-version 1.1;').yangVersion).toBe('1.1');
    expect(schema('yang-version 1;').yangVersion).toBeUndefined();
    expect(schema('').yangVersion).toBeUndefined();
  });

  test.each([
    'list l { key k; leaf k { type int8; } max-elements many; }',
    'choice ch { default three; leaf two { type int8; } }',
    'container c { must "a"; }',
    'leaf a { type int8; when "../b"; }',
    'leaf-list a { type int8; must "."; }',
    'list l { key k; unique b; leaf k { type int8; } leaf b { type int8; } }',
    'grouping g { leaf a { type int8; } } uses g { when "b"; }',
    'choice ch { case one { when "b"; leaf a { type int8; } } }',
    'anyxml a;',
    'leaf a { type leafref { path "/b"; } }',
    'leaf a { type identityref { base b; } }',
    'leaf a { type instance-identifier; }',
    'typedef t { type union { type int8; type leafref { path "/b"; } } } leaf-list a { type t; }',
  ])('%s is refused: as configuration nobody would enforce it', (body) => {
    expect(() => schema(body)).toThrow(expect.objectContaining({ code: 'bad-yang' }));
    if (!body.includes('default') && !body.includes('many'))
      expect(() => schema(`container state { config false; ${body} }`)).not.toThrow();
  });
});

describe('what access control refuses by default (RFC 8341 §3.2.1)', () => {
  const acm = parseModule('module ietf-netconf-acm { namespace "urn:acm"; prefix nacm; }');

  function guarded(body: string): ModuleSchema {
    const text = `module m { namespace "urn:m"; prefix m; import ietf-netconf-acm { prefix guard; } ${body} }`;
    return moduleSchema(parseModule(text), () => acm);
  }

  test('is said with whatever prefix the module gives ietf-netconf-acm, of nodes, RPCs and notifications', () => {
    const { data, rpcs, notifications } = guarded(
      `container c { guard:default-deny-all; } leaf l { type int8; guard:default-deny-write; }
       rpc r { guard:default-deny-all; } notification n { guard:default-deny-all; } rpc open;`,
    );
    expect(data).toMatchObject([{ access: 'deny-all' }, { access: 'deny-write' }]);
    expect(rpcs.get('r')).toMatchObject({ access: 'deny-all' });
    expect(rpcs.get('open')).not.toHaveProperty('access');
    expect(notifications?.get('n')).toMatchObject({ access: 'deny-all' });
  });

  test('holds for all that is below, the stricter one first', () => {
    const { data } = guarded(
      `container all { guard:default-deny-all; leaf a { type int8; guard:default-deny-write; } }
       container write { guard:default-deny-write; leaf b { type int8; } leaf c { type int8; guard:default-deny-all; } }
       leaf d { type int8; }`,
    );
    expect(data).toMatchObject([
      { children: [{ access: 'deny-all' }] },
      { children: [{ access: 'deny-write' }, { access: 'deny-all' }] },
      { name: 'd' },
    ]);
    expect(data[2]).not.toHaveProperty('access');
  });

  test('an extension of another module, or of no module, is not it', () => {
    const other = `module m { namespace "urn:m"; prefix m; extension default-deny-all;
      container c { m:default-deny-all; } leaf l { type int8; x:default-deny-all; } }`;
    const { data } = moduleSchema(parseModule(other), () => undefined);
    for (const node of data) expect(node).not.toHaveProperty('access');
  });
});
