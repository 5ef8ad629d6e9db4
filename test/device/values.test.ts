import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { datatypes, type EnumValue, type Operation, type ScalarType } from '../../src/base/description.ts';
import { leaves } from '../../src/base/leaves.ts';
import { stateOf } from '../../src/device/fields.ts';
import { inputFault } from '../../src/device/input-check.ts';
import { sampleValue } from '../../src/device/sample-value.ts';

function operation(type: ScalarType, states: readonly EnumValue[] = []): Operation {
  return {
    name: 'x',
    role: 'generic',
    mqttMethod: 'X',
    topic: 't',
    answerTopic: 'a',
    inputs: [{ name: 'value', type, mandatory: true }],
    outputs: [],
    states,
  };
}

function fits(type: ScalarType, value: string): boolean {
  return inputFault(operation(type), [value]) === undefined;
}

const scalar = (datatype: ScalarType['datatype'], facets: Partial<ScalarType> = {}): ScalarType => ({
  kind: 'scalar',
  datatype,
  ...facets,
});

const position = fc.double({ min: 0, max: 0.999_999, noNaN: true });

describe('sample values', () => {
  const now = Date.UTC(2026, 0, 1);

  test('a sample of any datatype is of that datatype', () => {
    fc.assert(
      fc.property(fc.constantFrom(...datatypes), position, (datatype, at) => {
        const value = sampleValue({ type: scalar(datatype) }, at, now);
        expect([datatype, value, fits(scalar(datatype), value)]).toEqual([datatype, value, true]);
      }),
    );
  });

  test('a sample lies within the bounds of an integer, whichever are given', () => {
    const bounds = fc
      .tuple(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: 2, max: 100_000 }))
      .map(([low, span]) => [low, low + span] as const);
    fc.assert(
      fc.property(bounds, fc.boolean(), fc.nat(3), position, ([low, high], exclusive, given, at) => {
        const type = scalar('int', {
          ...(given & 1 ? { [exclusive ? 'minExclusive' : 'minInclusive']: String(low) } : {}),
          ...(given & 2 ? { [exclusive ? 'maxExclusive' : 'maxInclusive']: String(high) } : {}),
        });
        const value = sampleValue({ type }, at, now);
        expect([value, fits(type, value)]).toEqual([value, true]);
      }),
    );
  });

  test('a sample lies within the bounds of a decimal, with its number of digits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 1, max: 6 }),
        position,
        (low, digits, at) => {
          const type = scalar('decimal', {
            minInclusive: String(low),
            maxInclusive: String(low + 10),
            fractionDigits: digits,
          });
          const value = sampleValue({ type }, at, now);
          expect(value.split('.')[1]).toHaveLength(digits);
          expect([value, fits(type, value)]).toEqual([value, true]);
        },
      ),
    );
  });

  test.each([
    { minInclusive: '0.001', maxInclusive: '0.005' },
    { minExclusive: '0', maxExclusive: '0.01' },
    { minExclusive: '-0.5', maxInclusive: '-0.4999' },
  ])('a sample lies within bounds that are close together, whatever its number of digits: %j', (facets) => {
    for (const at of [0, 0.3, 0.5, 0.999_999])
      for (const datatype of ['decimal', 'double'] as const) {
        const type = scalar(datatype, facets);
        const value = sampleValue({ type }, at, now);
        expect([datatype, value, fits(type, value)]).toEqual([datatype, value, true]);
      }
  });

  test('64-bit bounds stay exact', () => {
    const highest = '18446744073709551615';
    const type = scalar('unsignedLong', { minInclusive: highest });
    expect(sampleValue({ type }, 0.5, now)).toBe(highest);
    expect(fits(type, '18446744073709551614')).toBe(false);
    expect(fits(type, '18446744073709551616')).toBe(false);
  });

  test('lengths are kept, and a length that nobody needs is not filled', () => {
    for (const datatype of ['string', 'hexBinary', 'base64Binary'] as const)
      for (const minLength of [0, 1, 9]) {
        const type = scalar(datatype, { minLength, maxLength: 10 });
        expect(fits(type, sampleValue({ type }, 0, now))).toBe(true);
      }
    expect(sampleValue({ type: scalar('string', { minLength: 1e9 }) }, 0, now).length).toBeLessThan(1000);
  });
});

describe('checking of inputs', () => {
  test.each([
    ['boolean', 'yes'],
    ['int', '1.0'],
    ['int', '2147483648'],
    ['int', ' 1'],
    ['int', `1${'0'.repeat(10_000)}`],
    ['unsignedByte', '-1'],
    ['decimal', '1e3'],
    ['decimal', ''],
    ['double', '1e'],
    ['hexBinary', 'abc'],
    ['base64Binary', 'a-b_'],
    ['dateTime', '2026-01-01'],
    ['date', 'today'],
    ['duration', '1S'],
  ] as const)('%s does not take %j', (datatype, value) => {
    expect(fits(scalar(datatype), value)).toBe(false);
  });

  test.each([
    ['boolean', '1'],
    ['int', '-0'],
    ['double', '-1.5E-3'],
    ['double', 'NaN'],
    ['string', ';%\u0000'],
    ['hexBinary', 'aAfF'],
    ['dateTime', '2026-01-01T00:00:00.5+01:00'],
  ] as const)('%s takes %j', (datatype, value) => {
    expect(fits(scalar(datatype), value)).toBe(true);
  });

  test('a value beyond its bounds or length is refused', () => {
    expect(fits(scalar('decimal', { maxExclusive: '1.5' }), '1.5')).toBe(false);
    expect(fits(scalar('double', { minExclusive: '0' }), 'NaN')).toBe(false);
    expect(fits(scalar('string', { maxLength: 2 }), '😀😀')).toBe(true);
    expect(fits(scalar('string', { maxLength: 1 }), '😀😀')).toBe(false);
    expect(fits(scalar('hexBinary', { minLength: 2 }), 'ab')).toBe(false);
  });

  test('no text makes the check throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...datatypes),
        fc.array(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.integer().map(String)), {
          maxLength: 3,
        }),
        (datatype, inputs) => {
          const type = scalar(datatype, { minInclusive: '1', maxExclusive: '9', minLength: 1 });
          const fault = inputFault(operation(type), inputs);
          if (inputs.length !== 1) expect(fault).toBeDefined();
        },
      ),
    );
  });
});

describe('fields and states', () => {
  test('leaves of a sub-structure follow one another, and are optional where it is', () => {
    const part = { type: scalar('int'), mandatory: true };
    const fields = leaves([
      { name: 'a', ...part },
      {
        name: 'b',
        mandatory: false,
        type: {
          kind: 'structure',
          fields: [
            { name: 'c', ...part },
            { name: 'd', ...part },
          ],
        },
      },
    ]);
    expect(fields.map(({ name, mandatory }) => [name, mandatory])).toEqual([
      ['a', true],
      ['c', false],
      ['d', false],
    ]);
  });

  test.each([
    [[], '10_OK'],
    [['10_OK', '12_ERROR'], '10_OK'],
    [['1_OFF', '10 successful', '100_OTHER'], '10 successful'],
    [['ERROR', 'OK'], 'OK'],
    [['ok'], 'ok'],
    [['DONE'], '10_OK'],
  ])('of the states %j, %s means success', (names, expected) => {
    const states = names.map((name) => ({ name }));
    expect(stateOf(operation(scalar('int'), states), '10_OK')).toBe(expected);
  });
});
