import fc from 'fast-check';
import type {
  DataPoint,
  DeviceDescription,
  EnumerationType,
  Field,
  Operation,
  ScalarType,
  StructureType,
  ValueType,
} from '../../src/base/description.ts';

/** Texts with all that could break out of YANG, XML, SPARQL, a log line or a terminal. */
export const hostileText = fc.oneof(
  fc.constantFrom(
    '"; } rpc evil { description "x',
    "'; }",
    '\\',
    '\\"',
    'a\\nb',
    '/* comment',
    '// comment */',
    '{ } ;',
    '"a" + "b"',
    ']]>]]>',
    '</data><ok/>',
    '\n##\n',
    'first\n  second\t\n\n third ',
    '\u0000\u0007\u001b[31mred',
    '\r\nforged log line',
    '\u202egnol\u2066',
    '\ud800',
    '\ufffe\u{1ffff}',
    'Grüße, 世界, 😀',
    '%s $(x) `x` &amp;',
    'word '.repeat(60),
    'x'.repeat(300),
    ' ',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

const identifier = fc
  .stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,12}$/)
  .filter((name) => !/^xml/i.test(name) && name !== 'telemetry');

const enumName = fc.oneof(
  identifier,
  fc.constantFrom(
    '10_OK',
    '>= 5',
    '21_WRONG-APP-ID',
    'a "b" {c};',
    "it's",
    'back\\slash',
    'ü 😀',
    '//',
    '+',
    '1',
  ),
);

function optional<T>(key: string, value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc.option(
    value.map((one) => ({ [key]: one })),
    { nil: {} },
  );
}

function merged<T>(...parts: fc.Arbitrary<object>[]): fc.Arbitrary<T> {
  return fc.tuple(...parts).map((all) => Object.assign({}, ...all) as T);
}

const constant = (value: object): fc.Arbitrary<object> => fc.constant(value);

function ordered(low: string, high: string, values: fc.Arbitrary<bigint>, text: (value: bigint) => string) {
  return fc.tuple(values, values, fc.constantFrom('both', 'low', 'high', 'none')).map(([a, b, which]) => {
    const [first, last] = a < b ? [a, b] : [b, a];
    return {
      ...(which === 'both' || which === 'low' ? { [low]: text(first) } : {}),
      ...(which === 'both' || which === 'high' ? { [high]: text(last) } : {}),
    };
  });
}

const whole = (value: bigint): string => value.toString();
const thousandths = (value: bigint): string =>
  `${value < 0n ? '-' : ''}${(value < 0n ? -value : value) / 1000n}.${String((value < 0n ? -value : value) % 1000n).padStart(3, '0')}`;

const integer: fc.Arbitrary<ScalarType> = fc
  .constantFrom(
    ['byte', -128n, 127n] as const,
    ['short', -32768n, 32767n] as const,
    ['int', -(2n ** 31n), 2n ** 31n - 1n] as const,
    ['long', -(2n ** 63n), 2n ** 63n - 1n] as const,
    ['unsignedByte', 0n, 255n] as const,
    ['unsignedShort', 0n, 65535n] as const,
    ['unsignedInt', 0n, 2n ** 32n - 1n] as const,
    ['unsignedLong', 0n, 2n ** 64n - 1n] as const,
  )
  .chain(([datatype, min, max]) =>
    merged<ScalarType>(
      constant({ kind: 'scalar', datatype }),
      ordered('minInclusive', 'maxInclusive', fc.bigInt({ min, max }), whole),
    ),
  );

const decimal: fc.Arbitrary<ScalarType> = merged<ScalarType>(
  fc.constantFrom('decimal', 'double').map((datatype) => ({ kind: 'scalar', datatype })),
  ordered('minInclusive', 'maxInclusive', fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }), thousandths),
);

const patterns = fc.array(
  fc.constantFrom(
    '[a-z"]*',
    "it's|.*",
    '\\S+',
    '[^"\\\\;]*',
    '(a|b){2,3}',
    '[\\-x]?',
    '\\p{L}*',
    '.*//.*|',
    'a^b',
  ),
  { maxLength: 2 },
);

const text: fc.Arbitrary<ScalarType> = merged<ScalarType>(
  fc
    .constantFrom('string', 'hexBinary', 'anyURI', 'dateTime', 'date', 'duration')
    .map((datatype) => ({ kind: 'scalar', datatype })),
  ordered('minLength', 'maxLength', fc.bigInt({ min: 0n, max: 2000n }), whole).map((lengths) =>
    Object.fromEntries(Object.entries(lengths).map(([key, value]) => [key, Number(value)])),
  ),
  optional('patterns', patterns),
);

const other: fc.Arbitrary<ScalarType> = fc.constantFrom(
  { kind: 'scalar', datatype: 'boolean' },
  { kind: 'scalar', datatype: 'base64Binary' },
  { kind: 'scalar', datatype: 'base64Binary', minLength: 1, maxLength: 16 },
);

export const arbitraryScalar: fc.Arbitrary<ScalarType> = fc.oneof(integer, decimal, text, other);

export const arbitraryEnumeration: fc.Arbitrary<EnumerationType> = fc
  .uniqueArray(
    merged<{ name: string }>(
      enumName.map((name) => ({ name })),
      optional('text', hostileText),
    ),
    {
      minLength: 1,
      maxLength: 5,
      selector: ({ name }) => name,
    },
  )
  .map((values) => ({ kind: 'enumeration', values }));

/** Names that a device may give its fields: identifiers, and what has to be made one. */
const fieldName = fc.oneof(
  { weight: 3, arbitrary: identifier },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'xmlThing',
      'uuidInput',
      'retval',
      '9 lives',
      'ü',
      'a b',
      'value',
      'x'.repeat(80),
    ),
  },
);

const { field } = fc.letrec<{ field: Field; type: ValueType; structure: StructureType }>((tie) => ({
  type: fc.oneof({ maxDepth: 2 }, arbitraryScalar, arbitraryEnumeration, tie('structure')),
  structure: fc.array(tie('field'), { maxLength: 3 }).map((fields) => ({ kind: 'structure', fields })),
  field: merged<Field>(
    fc.record({ name: fieldName, type: tie('type'), mandatory: fc.boolean() }),
    optional('text', hostileText),
    optional('units', hostileText),
  ),
}));

export const arbitraryField: fc.Arbitrary<Field> = field;

const operation: fc.Arbitrary<Operation> = merged<Operation>(
  fc.record({
    name: identifier,
    inputs: fc.array(field, { maxLength: 4 }),
    outputs: fc.array(field, { maxLength: 3 }),
    states: fc.oneof(
      fc.constant([]),
      arbitraryEnumeration.map(({ values }) => values),
    ),
  }),
  optional('text', hostileText),
  constant({
    role: 'generic',
    mqttMethod: 'METHOD',
    topic: 'device/dev-1',
    answerTopic: 'mup/response/dev-1',
  }),
);

const dataPoint: fc.Arbitrary<DataPoint> = merged<DataPoint>(
  fc.record({ name: fieldName, type: fc.oneof(arbitraryScalar, arbitraryEnumeration) }),
  optional('text', hostileText),
  optional('units', hostileText),
  constant({ topic: 'telemetry/dev-1' }),
);

/**
 * Descriptions that the ontology's shapes let pass, with texts and names that are anything: each can be
 * said in YANG.
 */
export const arbitraryDescription: fc.Arbitrary<DeviceDescription> = merged<DeviceDescription>(
  fc.record({
    category: fc.oneof(identifier, hostileText),
    operations: fc.uniqueArray(operation, { maxLength: 4, selector: ({ name }) => name }),
    dataPoints: fc.array(dataPoint, { maxLength: 3 }),
  }),
  optional('text', hostileText),
  constant({ uuid: 'dev-1', profile: 'mup', remarks: [] }),
);
