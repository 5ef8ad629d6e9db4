import fc from 'fast-check';

/**
 * JSON-LD documents drawn at random from the vocabulary, for `onem2m:`, `myno:`, `mup:` and `om-2:` terms: what
 * authors write, in all the ways in which JSON-LD lets them, and what they get wrong. Each input of an
 * operation comes with what it allows, said without any of the code under test.
 */

export type Node = Record<string, unknown>;

/** An input that a document describes, and what it allows. */
export interface Described {
  readonly name: string;
  readonly nodes: readonly Node[];
  /** Values, and whether the description allows them. */
  readonly probes: readonly (readonly [text: string, isAllowed: boolean])[];
}

export interface ArbitraryDocument {
  readonly document: Node;
  /** Whether its author has made no mistake, so that each input allows what it is said to. */
  readonly isRight: boolean;
  readonly calls: readonly { readonly name: string; readonly inputs: readonly Described[] }[];
}

const ref = (name: string): Node => ({ '@id': name.includes(':') ? name : `myno:${name}` });
const restriction = (name: string): string => `onem2m:hasDataRestriction_${name}`;

/** A value as authors write it: alone, in an array, as a plain or a typed literal. */
function written(value: string, type?: string): fc.Arbitrary<unknown> {
  return fc.constantFrom<unknown>(
    value,
    [value],
    { '@value': value },
    ...(type === undefined ? [] : [{ '@value': value, '@type': type }]),
  );
}

interface TypeSpec {
  /** Members of the node that has the type. */
  readonly members: Node;
  readonly probes: Described['probes'];
}

const integers: readonly (readonly [string, bigint, bigint])[] = [
  ['byte', -128n, 127n],
  ['unsignedByte', 0n, 255n],
  ['short', -32768n, 32767n],
  ['int', -(2n ** 31n), 2n ** 31n - 1n],
  ['unsignedInt', 0n, 2n ** 32n - 1n],
  ['long', -(2n ** 63n), 2n ** 63n - 1n],
  ['unsignedLong', 0n, 2n ** 64n - 1n],
];

const integer: fc.Arbitrary<TypeSpec> = fc
  .constantFrom(...integers)
  .chain(([name, min, max]) =>
    fc.record({
      name: fc.constant(name),
      min: fc.constant(min),
      max: fc.constant(max),
      bounds: fc.tuple(fc.bigInt({ min, max }), fc.bigInt({ min, max })),
      low: fc.constantFrom('minInclusive', 'minExclusive', undefined),
      high: fc.constantFrom('maxInclusive', 'maxExclusive', undefined),
    }),
  )
  .chain(({ name, min, max, bounds: [a, b], low, high }) => {
    const [first, last] = a < b ? [a, b] : [b, a];
    const lowest = low === undefined ? min : low === 'minInclusive' ? first : first + 1n;
    const highest = high === undefined ? max : high === 'maxInclusive' ? last : last - 1n;
    const probes = [lowest - 1n, lowest, highest, highest + 1n, min - 1n, max + 1n].map(
      (value) => [String(value), value >= lowest && value <= highest] as const,
    );
    return fc
      .tuple(written(String(first), `xsd:${name}`), written(String(last), 'xsd:integer'))
      .map(([lowText, highText]) => ({
        members: {
          'onem2m:hasDataType': ref(`xsd:${name}`),
          ...(low === undefined ? {} : { [restriction(low)]: lowText }),
          ...(high === undefined ? {} : { [restriction(high)]: highText }),
        },
        probes: [...probes, ['1.5', false], ['', false], ['one', false]] as const,
      }));
  });

const decimal: fc.Arbitrary<TypeSpec> = fc
  .record({
    digits: fc.integer({ min: 1, max: 6 }),
    low: fc.integer({ min: -1000, max: 1000 }),
    width: fc.nat(1000),
  })
  .map(({ digits, low, width }) => {
    const high = low + width;
    const step = `0.${'0'.repeat(digits - 1)}1`;
    return {
      members: {
        'onem2m:hasDataType': ref('xsd:decimal'),
        'mup:fractionDigits': digits,
        [restriction('minInclusive')]: low,
        [restriction('maxInclusive')]: String(high),
      },
      probes: [
        [String(low), true],
        [String(high), true],
        [String(low - 1), false],
        [String(high + 1), false],
        [`${high}${step.slice(1)}`, high < 0 && width > 0],
        ['x', false],
      ],
    };
  });

const text: fc.Arbitrary<TypeSpec> = fc
  .record({ shortest: fc.nat(20), more: fc.nat(20), pattern: fc.constantFrom(undefined, '[a-z]*') })
  .map(({ shortest, more, pattern }) => {
    const longest = shortest + more;
    return {
      members: {
        'onem2m:hasDataType': ref('xsd:string'),
        [restriction('minLength')]: shortest,
        [restriction('maxLength')]: longest,
        ...(pattern === '[a-z]*' ? { [restriction('pattern')]: pattern } : {}),
      },
      probes: [
        ['a'.repeat(shortest), true],
        ['a'.repeat(longest), true],
        ['a'.repeat(longest + 1), false],
        ...(shortest > 0 ? [['a'.repeat(shortest - 1), false] as const] : []),
        ...(shortest > 0 ? [['A'.repeat(shortest), pattern !== '[a-z]*'] as const] : []),
      ],
    };
  });

const binary: fc.Arbitrary<TypeSpec> = fc.nat(8).map((length) => ({
  members: { 'onem2m:hasDataType': ref('xsd:hexBinary'), [restriction('length')]: length },
  probes: [
    ['0a'.repeat(length), true],
    ['0a'.repeat(length + 1), false],
    [`${'0a'.repeat(length)}0`, false],
    ['xy'.repeat(length), length === 0],
  ],
}));

const enumeration: fc.Arbitrary<TypeSpec> = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom('10_OK', 'eco', '>= 5', 'it is', 'a"b', 'ü', '12_ERROR', '{x}'), {
      minLength: 2,
    }),
    fc.boolean(),
  )
  .map(([values, isListed]) => ({
    members: { [restriction('pattern')]: isListed ? { '@list': values } : values },
    probes: [...values.map((value) => [value, true] as const), ['something else', false], ['', false]],
  }));

const boolean: fc.Arbitrary<TypeSpec> = fc.constant({
  members: { 'onem2m:hasDataType': ref('xsd:boolean') },
  probes: [
    ['true', true],
    ['false', true],
    ['yes', false],
    ['', false],
  ],
});

const type = fc.oneof(integer, decimal, text, binary, enumeration, boolean);

const description = fc.constantFrom<unknown>(
  undefined,
  'What it is.',
  '"; } rpc evil { description "x',
  '</data><ok/>',
  { '@value': 'Wozu?', '@language': 'de' },
  ['one', 'two'],
);

/** An input, with its type on itself or on a thing property. */
function input(name: string): fc.Arbitrary<Described> {
  return fc
    .record({ spec: type, isApart: fc.boolean(), text: description, isVariable: fc.boolean() })
    .map(({ spec, isApart, text: said, isVariable }) => {
      const about =
        said === undefined
          ? {}
          : {
              'onem2m:hasThingProperty': {
                ...ref(`desc-${name}`),
                '@type': ['owl:NamedIndividual', 'myno:YangDescription'],
                'onem2m:hasValue': said,
              },
            };
      const node = {
        ...ref(name),
        '@type': isVariable ? 'onem2m:Variable' : 'onem2m:OperationInput',
        ...about,
      };
      const nodes = isApart
        ? [
            { ...node, 'onem2m:hasInput': ref(`prop-${name}`) },
            { ...ref(`prop-${name}`), ...spec.members },
          ]
        : [{ ...node, ...spec.members }];
      return { name, nodes, probes: spec.probes };
    });
}

const asItIs = (graph: Node[]): Node[] => graph;

/** What authors get wrong; most of it is refused, and all of it must be survived. */
const mistake: fc.Arbitrary<(graph: Node[]) => Node[]> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(asItIs) },
  {
    weight: 1,
    arbitrary: fc.nat().map((n) => (graph: Node[]) => graph.filter((_, i) => i !== n % graph.length)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.nat(),
        fc.constantFrom(
          'onem2m:hasDataType',
          'myno:mqttTopic',
          'mup:default',
          'om-2:hasUnit',
          'onem2m:hasInput',
        ),
        fc.constantFrom<unknown>('+', ref('myDevice'), [1, 2], '', { '@list': [ref('x'), 'y'] }, true),
      )
      .map(
        ([n, key, value]) =>
          (graph: Node[]) =>
            graph.map((node, i) => (i === n % graph.length ? { ...node, [key]: value } : node)),
      ),
  },
  { weight: 1, arbitrary: fc.constant((graph: Node[]) => [...graph, ...graph]) },
);

/** A device with some operations, each with some inputs. */
export const arbitraryDocument: fc.Arbitrary<ArbitraryDocument> = fc
  .record({
    sizes: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
    isOrdered: fc.boolean(),
    isNested: fc.boolean(),
    namespace: fc.constantFrom(
      'https://www.cs.uni-potsdam.de/bs/research/myno#',
      'http://yang-netconf-mqtt#',
    ),
    category: fc.constantFrom('LAMP', '%s-Lamp', 'Lamp 5 (new)', 'x.y'),
    mistake,
  })
  .chain(({ sizes, ...rest }) =>
    fc
      .tuple(
        ...sizes.map((size, call) =>
          fc.tuple(...Array.from({ length: size }, (_, i) => input(`in${call}-${i}`))),
        ),
      )
      .map((inputs) => ({ inputs, ...rest })),
  )
  .map(({ inputs, isOrdered, isNested, namespace, category, mistake: mistaken }) => {
    const calls = inputs.map((all, i) => ({ name: `call${i}`, inputs: all }));
    const operations = calls.map(({ name }) => ref(`op-${name}`));
    const graph: Node[] = [
      {
        ...ref('myDevice'),
        '@type': ['owl:NamedIndividual', 'onem2m:Device'],
        'onem2m:hasThingProperty': [ref('deviceUuid'), ref('deviceCategory')],
        'onem2m:hasService': ref('service'),
      },
      { ...ref('deviceUuid'), 'onem2m:hasValue': '%s' },
      { ...ref('deviceCategory'), 'onem2m:hasValue': category },
      {
        ...ref('service'),
        '@type': 'onem2m:Service',
        ...(isNested
          ? { 'onem2m:hasSubService': { ...ref('inner'), 'onem2m:hasOperation': operations } }
          : { 'onem2m:hasOperation': operations }),
      },
      ...calls.flatMap(({ name, inputs: all }) => {
        const references = all.map((one) => ref(one.name));
        return [
          {
            ...ref(name),
            '@type': 'onem2m:ControllingFunctionality',
            'onem2m:hasCommand': ref(`cmd-${name}`),
          },
          {
            ...ref(`op-${name}`),
            '@type': 'onem2m:Operation',
            'onem2m:exposesCommand': ref(`cmd-${name}`),
            'onem2m:hasInput': isOrdered ? { '@list': references } : references,
            'myno:mqttMethod': name.toUpperCase(),
            'myno:mqttTopic': `topic/${name}`,
          },
          ...all.flatMap(({ nodes }) => nodes),
        ];
      }),
    ];
    const document = {
      '@context': {
        owl: 'http://www.w3.org/2002/07/owl#',
        xsd: 'http://www.w3.org/2001/XMLSchema#',
        onem2m: 'http://www.onem2m.org/ontology/Base_Ontology/base_ontology#',
        'om-2': 'http://www.ontology-of-units-of-measure.org/resource/om-2/',
        mup: 'urn:mup:ontology#',
        myno: namespace,
      },
      '@graph': mistaken(graph),
    };
    return { document, isRight: mistaken === asItIs, calls };
  });
