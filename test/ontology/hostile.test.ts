import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { unpack } from '../../src/ontology/adapters/inflate.ts';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import { parseDocument } from '../../src/ontology/json-document.ts';
import { context, describeDevice, id, operation, read, refusal, withInputs } from './support.ts';

const limits = { maxDepth: 32, maxNodes: 50_000 };
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const withContext = (more: unknown) => ({ ...describeDevice([]), '@context': more });

describe('a JSON-LD context is never fetched, imported, nested or listed', () => {
  test.each<[string, unknown]>([
    ['remote', 'http://127.0.0.1:1/context.jsonld'],
    ['listed', [context, 'http://127.0.0.1:1/context.jsonld']],
    ['imported', { ...context, '@import': 'http://127.0.0.1:1/context.jsonld' }],
    ['scoped to a property', { ...context, p: { '@id': 'myno:p', '@context': { x: 'myno:x' } } }],
    ['scoped to a type', { ...context, T: { '@id': 'myno:T', '@context': 'http://127.0.0.1:1/' } }],
    ['with a term called __proto__', JSON.parse('{"__proto__": "myno:x"}')],
    ['with a term called constructor', { constructor: 'myno:x' }],
    ['with another name for @graph', { g: '@graph' }],
    ['with another name for @reverse', { r: { '@id': '@reverse' } }],
    ['with reverse properties', { r: { '@reverse': 'myno:p' } }],
    ['with JSON literals', { j: { '@id': 'myno:j', '@type': '@json' } }],
    ['with language maps', { l: { '@id': 'myno:l', '@container': '@language' } }],
    ['of too many terms', Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`t${i}`, 'myno:x']))],
    ['that is null', null],
  ])('%s', async (_, more) => {
    const { code, findings } = await refusal(withContext(more));
    expect(code).toBe('description-malformed');
    expect(findings[0]?.node).toMatch(/^\/@context/);
  });

  test.each<[string, unknown]>([
    ['in a node', [{ '@context': context, ...id('x') }]],
    ['in a value', [{ ...id('x'), 'myno:p': { '@context': 'http://127.0.0.1:1/' } }]],
  ])('%s of the document', async (_, nodes) => {
    const { code, message } = await refusal(describeDevice(nodes as Record<string, unknown>[]));
    expect([code, message]).toEqual(['description-malformed', expect.stringContaining('@context')]);
  });

  test('in an expanded document', async () => {
    expect((await refusal([{ '@context': 'http://127.0.0.1:1/', '@id': 'x:y' }])).code).toBe(
      'description-malformed',
    );
  });
});

describe('a document is bounded before JSON-LD sees it', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['too deep', `{"@graph":${nested(40)}}`, 'description-too-big'],
    ['as deep as its size allows', nested(100_000), 'description-too-big'],
    ['with too many values', JSON.stringify(Array.from({ length: 50_001 }, () => 0)), 'description-too-big'],
    [
      'with a long array',
      JSON.stringify({ '@graph': [{ 'x:p': Array.from({ length: 2000 }, (_, i) => i) }] }),
      'description-too-big',
    ],
    [
      'with one individual spread over many objects',
      JSON.stringify(Array.from({ length: 100 }, (_, i) => ({ '@id': 'x:y', 'x:p': i }))),
      'description-too-big',
    ],
    [
      'with that under another name of @id',
      JSON.stringify({
        '@context': { id: '@id' },
        '@graph': Array.from({ length: 100 }, (_, i) => ({ id: 'x:y', 'x:p': i })),
      }),
      'description-too-big',
    ],
    ['not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 'description-malformed'],
    ['empty', '', 'description-malformed'],
    ['cut off', '{"@graph": [', 'description-malformed'],
    ['a scalar', '"@graph"', 'description-malformed'],
    ['null', 'null', 'description-malformed'],
    ['with a named graph', '{"@id":"x:g","@graph":[]}', 'description-malformed'],
    ['with a graph in a node', '{"@graph":[{"@id":"x:g","@graph":[]}]}', 'description-malformed'],
    ['with @included', '{"@included":[]}', 'description-malformed'],
    ['with the key __proto__', '{"@graph":[{"__proto__":{"polluted":true}}]}', 'description-malformed'],
    ['with the key constructor', '{"@graph":[{"constructor":{"prototype":{}}}]}', 'description-malformed'],
  ])('%s', (_, document, code) => {
    const parse = () => parseDocument(typeof document === 'string' ? utf8(document) : document, limits);
    expect(parse).toThrow(expect.objectContaining({ code }));
    expect({}).not.toHaveProperty('polluted');
  });

  test('any bytes and any JSON are parsed or refused', () => {
    const documents = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map(utf8),
      fc
        .object({ key: fc.constantFrom('@id', '@graph', '@list', '@context', '__proto__', 'a') })
        .map((value) => utf8(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(documents, (bytes) => {
        try {
          expect(typeof parseDocument(bytes, limits)).toBe('object');
        } catch (error) {
          expect(error).toBeInstanceOf(DescriptionError);
        }
      }),
    );
  });
});

describe('a packed description (mup-protocol §1)', () => {
  const inflate = { maxDescriptionBytes: 1000, maxInflateRatio: 20 };

  test('is unpacked', async () => {
    expect(await unpack(deflateSync(utf8('{"a":1}')), inflate)).toEqual(utf8('{"a":1}'));
  });

  test.each<[string, Uint8Array, string]>([
    ['a bomb', deflateSync(new Uint8Array(1_000_000)), 'description-too-big'],
    ['larger than its ratio allows', deflateSync(new Uint8Array(900)), 'description-too-big'],
    ['too big before it is unpacked', new Uint8Array(1001), 'description-too-big'],
    ['no zlib stream', Uint8Array.of(0x78, 1, 2, 3), 'description-malformed'],
    ['cut off', deflateSync(utf8('{"a":1}')).subarray(0, 8), 'description-malformed'],
  ])('%s is refused', async (_, bytes, code) => {
    await expect(unpack(bytes, inflate)).rejects.toMatchObject({ code });
  });
});

describe('names and texts that would break out of YANG, XML, SPARQL or a topic', () => {
  const names = [
    'a b',
    'a"b',
    'a;b',
    'a{b',
    '1a',
    'xmlFoo',
    'XML-x',
    'a}',
    "a' OR '",
    '<a>',
    '%s',
    'ü',
    '../a',
    'a'.repeat(65),
    '?x',
    'a\u0000',
  ]; // prettier-ignore
  test.each(names)('the name %j is refused or cut at its last separator', async (name) => {
    const input = { '@id': `urn:x#${name}` };
    const outcome = await read(withInputs([input])).catch((error: DescriptionError) => error);
    if (outcome instanceof DescriptionError) expect(outcome.code).toMatch(/^description-/);
    else
      expect(outcome.operations[0]?.inputs.map((field) => field.name)).toEqual(name === '../a' ? ['a'] : []);
  });

  test.each(['+', '#', 'a/+/b', '$SYS/x', 'a\u0000b', '/a', '', 'a\nb', 'a'.repeat(500)])(
    'the topic %j is refused where it stands',
    async (topic) => {
      const { code, findings } = await refusal(
        describeDevice(operation('call', { 'myno:mqttTopic': topic })),
      );
      expect([code, findings[0]?.node, findings[0]?.path]).toEqual([
        'description-invalid',
        'myno:op-call',
        'myno:mqttTopic',
      ]);
    },
  );

  test.each(['', 'A;B', 'A B', 'A\nB', 'ü', 'A'.repeat(65)])('the method %j is refused', async (method) => {
    const { findings } = await refusal(describeDevice(operation('call', { 'myno:mqttMethod': method })));
    expect(findings[0]?.path).toBe('myno:mqttMethod');
  });

  test.each(['', ' a', 'a\n', 'a\u0000b', '\u202ea', 'a'.repeat(129)])(
    'the enumerated value %j is refused',
    async (value) => {
      const input = { ...id('x'), 'onem2m:hasDataRestriction_pattern': { '@list': ['b', value] } };
      const { findings } = await refusal(withInputs([input]));
      expect(findings[0]?.path).toBe('onem2m:hasDataRestriction_pattern');
    },
  );

  test.each([
    '(a+)+',
    '(a|b)*',
    '((a{2,})x)+',
    '(a*)*',
    '(?=a)',
    '(a)\\1',
    '[',
    'a'.repeat(201),
    '(a{1,}){1000}',
  ])('the pattern %j, with which checking could take forever, is refused', async (pattern) => {
    const { findings } = await refusal(
      withInputs([{ ...id('x'), 'onem2m:hasDataRestriction_pattern': pattern }]),
    );
    expect(findings[0]?.path).toBe('onem2m:hasDataRestriction_pattern');
  });

  test.each(['[A-Za-z0-9._\\-]{1,32}', '([0-9a-f]{2}:){5}[0-9a-f]{2}', '\\(a\\)+', '[(+]*x+', '(a|b)c?'])(
    'the pattern %j is taken',
    async (pattern) => {
      const { operations } = await read(
        withInputs([{ ...id('x'), 'onem2m:hasDataRestriction_pattern': pattern }]),
      );
      expect(operations[0]?.inputs[0]?.type).toMatchObject({ patterns: [pattern] });
    },
  );
});

describe('graphs that would loop or explode', () => {
  test('a structure that holds itself is refused', async () => {
    const { findings } = await refusal(
      withInputs(
        [{ ...id('x'), 'onem2m:hasSubStructure': id('y') }],
        [{ ...id('y'), 'onem2m:hasSubStructure': id('x') }],
      ),
    );
    expect(findings[0]?.message).toBe('A structure cannot hold itself.');
  });

  test('shared structures cannot multiply without bound', async () => {
    const parts = (level: number) => Array.from({ length: 8 }, (_, i) => id(`p${level}-${i}`));
    const nodes = Array.from({ length: 6 }, (_, level) =>
      parts(level).map((part) => ({ ...part, 'onem2m:hasSubStructure': parts(level + 1) })),
    ).flat();
    const { findings } = await refusal(
      withInputs([{ ...id('x'), 'onem2m:hasSubStructure': parts(0) }], nodes),
    );
    expect(findings.map(({ expected }) => expected)).toEqual(['at most 8192']);
  });

  test('a text that hundreds of fields share cannot multiply without bound', async () => {
    const text = { ...id('text'), '@type': 'myno:YangDescription', 'onem2m:hasValue': 'x'.repeat(2000) };
    const inputs = Array.from({ length: 20 }, (_, i) => ({
      ...id(`f${i}`),
      'onem2m:hasThingProperty': id('text'),
    }));
    const references = inputs.map((_, i) => id(`f${i}`));
    const operations = Array.from({ length: 20 }, (_, i) =>
      operation(`call${i}`, { 'onem2m:hasInput': references }),
    ).flat();
    const document = describeDevice([...operations, ...inputs, text]);
    expect(JSON.stringify(document).length).toBeLessThan(30_000);
    expect((await refusal(document)).code).toBe('description-too-big');
  });

  test('a list that bites its tail ends', async () => {
    const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
    const nodes = [
      ...operation('call', { 'onem2m:hasInput': id('cell') }),
      { ...id('cell'), [`${rdf}first`]: id('x'), [`${rdf}rest`]: id('cell') },
    ];
    expect((await read(describeDevice(nodes))).operations[0]?.inputs.map(({ name }) => name)).toEqual(['x']);
  });
});

describe('findings say what is wrong, where, and what is expected', () => {
  test.each<[string, unknown, Record<string, unknown>]>([
    [
      'no device',
      { '@context': context, '@graph': [] },
      { node: 'the document', expected: 'one individual of the class onem2m:Device' },
    ],
    [
      'no value of the UUID',
      describeDevice([], { 'onem2m:hasThingProperty': [id('deviceCategory')] }),
      { node: 'myno:myDevice', path: 'onem2m:hasThingProperty', expected: 'myno:deviceUuid' },
    ],
    [
      'a device without class',
      describeDevice([], { '@type': [] }),
      { node: 'myno:myDevice', path: 'rdf:type', expected: 'onem2m:Device' },
    ],
    [
      'two devices',
      describeDevice([
        {
          ...id('other'),
          '@type': 'onem2m:Device',
          'onem2m:hasThingProperty': [id('deviceUuid'), id('deviceCategory')],
          'onem2m:hasService': id('service'),
        },
      ]),
      { node: 'the document', found: 'myno:myDevice, myno:other' },
    ],
    ['an unknown profile', describeDevice([], { 'mup:profile': 'x' }), { path: 'mup:profile', found: '"x"' }],
    [
      'two topics',
      describeDevice(operation('call', { 'myno:mqttTopic': ['a', 'b'] })),
      { node: 'myno:op-call', path: 'myno:mqttTopic', found: 'more than one value', expected: 'at most 1' },
    ],
    [
      'an unknown data type',
      withInputs([{ ...id('x'), 'onem2m:hasDataType': id('xsd:gYear') }]),
      { node: 'myno:x', path: 'onem2m:hasDataType', found: 'http://www.w3.org/2001/XMLSchema#gYear' },
    ],
    [
      'bounds that cross',
      withInputs([
        {
          ...id('x'),
          'onem2m:hasDataRestriction_minInclusive': 2,
          'onem2m:hasDataRestriction_maxInclusive': 1,
        },
      ]),
      { node: 'myno:x', message: 'No value lies between the bounds.' },
    ],
    [
      'a bound outside its type',
      withInputs([
        { ...id('x'), 'onem2m:hasDataType': id('xsd:byte'), 'onem2m:hasDataRestriction_maxInclusive': 300 },
      ]),
      {
        node: 'myno:x',
        path: 'onem2m:hasDataRestriction_maxInclusive',
        found: '300',
        expected: 'a value of xsd:byte',
      },
    ],
    [
      'a bound that is no number',
      withInputs([{ ...id('x'), 'onem2m:hasDataRestriction_maxInclusive': 'much' }]),
      { node: 'myno:x', found: '"much"', expected: 'one number' },
    ],
    [
      'a default outside its range',
      withInputs([
        {
          ...id('x'),
          'onem2m:hasDataType': id('xsd:int'),
          'onem2m:hasDataRestriction_maxInclusive': 5,
          'mup:default': 6,
        },
      ]),
      { node: 'myno:x', path: 'mup:default', found: '"6"' },
    ],
    [
      'two RPCs of one name',
      describeDevice([
        ...operation('call'),
        { '@id': 'urn:other#call', 'onem2m:hasCommand': id('cmd2') },
        {
          ...id('op2'),
          '@type': 'onem2m:Operation',
          'onem2m:exposesCommand': id('cmd2'),
          'myno:mqttMethod': 'M',
          'myno:mqttTopic': 't',
        },
      ]),
      {
        path: '@id',
        found: '"call"',
        message: 'Two neighbours would have the same name in the YANG module.',
      },
    ],
    [
      'a reserved name',
      withInputs([{ '@id': 'urn:x#uuidInput', 'mup:represents': id('mup:DeviceUuid') }]),
      { found: '"uuidInput"' },
    ],
    [
      'two token operations',
      describeDevice(
        ['a', 'b'].flatMap((name) =>
          operation(name, { '@type': ['onem2m:Operation', 'mup:TokenOperation'] }),
        ),
      ),
      { message: 'A device has one token operation.', found: 'a, b' },
    ],
    [
      'an unknown role',
      withInputs([{ ...id('x'), 'mup:represents': id('mup:Nonsense') }]),
      { path: 'mup:represents', found: 'mup:Nonsense' },
    ],
    [
      'an input without @id',
      describeDevice(operation('call', { 'onem2m:hasInput': { 'mup:order': 1 } })),
      { node: 'a node without @id' },
    ],
  ])('%s', async (_, document, finding) => {
    const error = await refusal(document);
    expect(error.code).toBe('description-invalid');
    expect(error.findings).toContainEqual(expect.objectContaining(finding));
  });

  test('all at once, and a message that names the first and the place', async () => {
    const { findings, message, where } = await refusal(
      describeDevice(operation('call', { 'myno:mqttTopic': '+', 'myno:mqttMethod': ';' })),
    );
    expect(findings).toHaveLength(2);
    expect(where).toBe('myno:op-call myno:mqttMethod');
    expect(message).toContain('Found ";"');
    expect(message).toContain('(and 1 more)');
  });

  test('bounded, and without what a terminal would obey', async () => {
    const { message, findings } = await refusal(
      describeDevice(operation('call', { 'myno:mqttTopic': `\u001b[2J+${'x'.repeat(100_000)}` })),
    );
    expect(message.length).toBeLessThan(1500);
    expect(JSON.stringify(findings)).not.toContain('\u001b');
  });
});
