import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ScalarType } from '../../src/base/description.ts';
import { compareDecimals, formatDecimal, parseDecimal } from '../../src/ontology/decimal.ts';
import { acceptsDefault } from '../../src/ontology/default-value.ts';
import { fieldNames, isIdentifier, orderInName } from '../../src/ontology/names.ts';
import { namedTerms } from '../../src/ontology/queries.ts';

const parsed = (text: string) => parseDecimal(text) ?? { digits: -1n, scale: -1 };

describe('decimals', () => {
  test('are exact beyond what a JavaScript number holds', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }), (value) => {
        expect(formatDecimal(parsed(String(value)))).toBe(String(value));
      }),
    );
  });

  test('compare as numbers do', () => {
    const numbers = fc.tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(numbers, numbers, ([a, i], [b, j]) => {
        const [left, right] = [(a / 10 ** i).toFixed(i), (b / 10 ** j).toFixed(j)];
        expect(Math.sign(compareDecimals(parsed(left), parsed(right)))).toBe(
          Math.sign(Number(left) - Number(right)),
        );
      }),
    );
  });

  test.each([
    ['+007.50', '7.5'],
    ['5.0E-1', '0.5'],
    ['1.5E3', '1500'],
    ['-0', '0'],
    ['-0.5', '-0.5'],
    ['5.', '5'],
  ])('%s is %s', (text, plain) => expect(formatDecimal(parsed(text))).toBe(plain));

  test.each(['', '.', '.5', 'x', '1e999', 'INF', 'NaN', '1 ', '9'.repeat(41)])('%j is none', (text) =>
    expect(parseDecimal(text)).toBeUndefined(),
  );
});

describe('a default is a value of its type', () => {
  const scalar = (datatype: ScalarType['datatype'], more: Partial<ScalarType> = {}): ScalarType => ({
    kind: 'scalar',
    datatype,
    ...more,
  });

  test.each<[ScalarType, string, boolean]>([
    [scalar('unsignedByte'), '255', true],
    [scalar('unsignedByte'), '256', false],
    [scalar('int'), '1.5', false],
    [scalar('int', { minExclusive: '0' }), '0', false],
    [scalar('int', { maxExclusive: '5' }), '4', true],
    [scalar('decimal', { fractionDigits: 1 }), '0.55', false],
    [scalar('double'), '1e3', false],
    [scalar('boolean'), 'true', true],
    [scalar('boolean'), '1', false],
    [scalar('string', { patterns: ['a+'], maxLength: 2 }), 'aa', true],
    [scalar('string', { patterns: ['a+'], maxLength: 2 }), 'aaa', false],
    [scalar('string', { patterns: ['a+'] }), 'ba', false],
    [scalar('hexBinary', { minLength: 2, maxLength: 2 }), 'beef', true],
    [scalar('hexBinary', { minLength: 2 }), 'be', false],
    [scalar('base64Binary'), 'AA==', true],
    [scalar('base64Binary'), '?', false],
    [scalar('date'), '2026-01-01', false],
  ])('%j, %j: %s', (type, text, accepted) => expect(acceptsDefault(type, text)).toBe(accepted));
});

describe('names', () => {
  const node = (name: string) => ({ termType: 'NamedNode' as const, value: `urn:x#${name}` });

  test('an identifier of YANG 1 does not begin with xml (RFC 6020 §12)', () => {
    expect(['a', '_a.b-c', 'relay_1'].every(isIdentifier)).toBe(true);
    expect(['', '1a', 'xml', 'XMLa', 'a b', 'ä', 'a'.repeat(65)].some(isIdentifier)).toBe(false);
  });

  test('only input and output number their names: led_1_red is a name', () => {
    expect(fieldNames([node('led_1_red'), node('output_2_x')])).toEqual(['led_1_red', 'x']);
    expect([orderInName('led_1_red'), orderInName('input_12_x')]).toEqual([undefined, 12]);
  });
});

test('the terms of a query are those in its patterns, in full or with a prefix, not in comments and texts', () => {
  const text = `# a:no
BASE <urn:base:no>
PREFIX a: <urn:a:x#>
PREFIX : <urn:b:x#>
SELECT * { ?s a:yes/:short <urn:a:full> ; a:with.dot "a:no" , 'a:no' , <relative> . ?s ?p a:end. FILTER(?s<5) }`;
  expect([...namedTerms(text)].sort()).toEqual([
    ...['urn:a:full', 'urn:a:x#end', 'urn:a:x#with.dot', 'urn:a:x#yes', 'urn:b:x#short'],
  ]);
});
