import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Datatype, ScalarType } from '../../src/base/description.ts';
import { Scope } from '../../src/yang/scope.ts';
import { describeText, typeStatement } from '../../src/yang/type-mapping.ts';
import { resolveType } from '../../src/yang/types.ts';
import { checkValue, ValueError } from '../../src/yang/value-check.ts';

type Restrictions = Omit<ScalarType, 'kind' | 'datatype'>;

function accepts(datatype: Datatype, restrictions: Restrictions, text: string): boolean {
  const type = typeStatement({ kind: 'scalar', datatype, ...restrictions });
  try {
    checkValue(resolveType(type, new Scope(type, () => undefined)).type, text);
    return true;
  } catch (error) {
    if (error instanceof ValueError) return false;
    throw error;
  }
}

function range(datatype: Datatype, restrictions: Restrictions): string | undefined {
  const type = typeStatement({ kind: 'scalar', datatype, ...restrictions });
  return type.substatements.find(({ keyword }) => keyword === 'range')?.argument;
}

/** Thousandths as a decimal text. */
function decimal(thousandths: bigint): string {
  const digits = (thousandths < 0n ? -thousandths : thousandths).toString().padStart(4, '0');
  return `${thousandths < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

describe('XSD data types in YANG', () => {
  test.each<[Datatype, Restrictions, readonly string[], readonly string[]]>([
    ['byte', {}, ['-128', '127'], ['128', '1.5', '']],
    ['short', {}, ['-32768', '32767'], ['32768']],
    ['int', {}, ['-2147483648', '2147483647'], ['2147483648']],
    ['long', {}, ['-9223372036854775808', '9223372036854775807'], ['9223372036854775808']],
    ['unsignedByte', {}, ['0', '255'], ['256', '-1']],
    ['unsignedShort', {}, ['65535'], ['65536']],
    ['unsignedInt', {}, ['4294967295'], ['4294967296']],
    ['unsignedLong', {}, ['18446744073709551615'], ['18446744073709551616']],
    ['boolean', {}, ['true', 'false'], ['1', '0']],
    ['decimal', {}, ['0', '-1.5', '0.000001'], ['0.0000001', '1e3', 'INF']],
    ['decimal', { fractionDigits: 2 }, ['0.25'], ['0.125']],
    ['double', {}, ['21.5', '-9223372036854.775808'], ['9223372036854.775808', 'NaN']],
    ['string', {}, ['', 'ü 😀', 'a\nb'], ['\u0000']],
    ['string', { minLength: 1, maxLength: 2 }, ['😀😀'], ['', 'abc']],
    ['string', { patterns: ['[a-z]+', '.*x.*'] }, ['axb'], ['ab', 'xX']],
    ['hexBinary', {}, ['', '00fF'], ['0', '0g']],
    ['hexBinary', { minLength: 1, maxLength: 2 }, ['00', '0011'], ['', '001122']],
    ['base64Binary', {}, ['', 'AAAA'], ['AAA']],
    ['base64Binary', { minLength: 2, maxLength: 3 }, ['AAA=', 'AAAA'], ['AA==', 'AAAAAA==']],
    ['anyURI', {}, ['urn:x', 'http://a/b?c#d', ''], ['a b']],
    [
      'dateTime',
      {},
      ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5-01:00'],
      ['2026-01-01T00:00:00', '2026-01-01'],
    ],
    ['date', {}, ['2026-01-01', '2026-01-01Z', '2026-01-01+01:00'], ['2026-1-1']],
    ['duration', {}, ['P1D', '-P1Y2M3DT4H5M6.7S', 'PT0S'], ['P', 'PT', 'P1DT', '1D', 'P1S']],
    ['long', { minInclusive: '-INF', maxInclusive: 'INF' }, ['-1', '1'], []],
    ['int', { minExclusive: '0.5', maxExclusive: '3.0' }, ['1', '2'], ['0', '3']],
    ['int', { minInclusive: '+1.0E1', maxInclusive: '.2e2' }, ['10', '20'], ['9', '21']],
    ['decimal', { minExclusive: '0', fractionDigits: 1 }, ['0.1'], ['0', '0.0']],
  ])('%s %j', (datatype, restrictions, good, bad) => {
    expect(good.filter((text) => !accepts(datatype, restrictions, text))).toEqual([]);
    expect(bad.filter((text) => accepts(datatype, restrictions, text))).toEqual([]);
  });

  test.each<[Datatype, Restrictions, string | undefined]>([
    ['int', {}, undefined],
    ['unsignedByte', { minInclusive: '0', maxInclusive: '255' }, undefined],
    ['int', { minInclusive: '-99999999999', maxInclusive: '5' }, 'min .. 5'],
    ['int', { minInclusive: '5', maxInclusive: '5' }, '5'],
    ['int', { minInclusive: '5', minExclusive: '7' }, '8 .. max'],
    ['decimal', { minInclusive: '-1.5', maxInclusive: '1e3' }, '-1.5 .. 1000.0'],
    ['double', { maxInclusive: '1e300' }, undefined],
  ])('the range of %s %j', (datatype, restrictions, expected) => {
    expect(range(datatype, restrictions)).toBe(expected);
  });

  test.each<[Restrictions, string]>([
    [{}, '6'],
    [{ minInclusive: '0.12345678' }, '8'],
    [{ maxInclusive: '1e15' }, '3'],
    [{ maxInclusive: '922337203685477580.7' }, '1'],
    [{ maxInclusive: '1e30' }, '1'],
    [{ minInclusive: '1e-30' }, '18'],
  ])('a decimal64 for %j has %s fraction digits', (restrictions, digits) => {
    const type = typeStatement({ kind: 'scalar', datatype: 'double', ...restrictions });
    expect(type.substatements[0]).toMatchObject({ keyword: 'fraction-digits', argument: digits });
  });

  test('bounds of both kinds are exact, for integers and decimals', () => {
    const thousandths = fc.bigInt({ min: -5000n, max: 5000n });
    const bound = fc.option(thousandths, { nil: undefined });
    fc.assert(
      fc.property(
        bound,
        bound,
        bound,
        bound,
        thousandths,
        fc.boolean(),
        (minI, maxI, minX, maxX, value, whole) => {
          const restrictions = Object.fromEntries(
            Object.entries({ minInclusive: minI, maxInclusive: maxI, minExclusive: minX, maxExclusive: maxX })
              .filter((entry): entry is [string, bigint] => entry[1] !== undefined)
              .map(([key, units]) => [key, decimal(units)]),
          );
          const tested = whole ? (value / 1000n) * 1000n : value;
          const allowed =
            (minI === undefined || tested >= minI) &&
            (maxI === undefined || tested <= maxI) &&
            (minX === undefined || tested > minX) &&
            (maxX === undefined || tested < maxX);
          const text = whole ? (tested / 1000n).toString() : decimal(tested);
          try {
            expect(accepts(whole ? 'int' : 'decimal', restrictions, text)).toBe(allowed);
          } catch (error) {
            if ((error as { code?: unknown }).code !== 'bad-type') throw error;
            expect(allowed).toBe(false);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each<[Datatype, Restrictions, string]>([
    ['int', { minInclusive: 'x' }, 'bad-type'],
    ['int', { minInclusive: '' }, 'bad-type'],
    ['int', { minInclusive: 'NaN' }, 'bad-type'],
    ['int', { minInclusive: 'INF' }, 'bad-type'],
    ['int', { minInclusive: '--1' }, 'bad-type'],
    ['int', { minInclusive: '1e9999' }, 'bad-type'],
    ['int', { minInclusive: '9'.repeat(1000) }, 'bad-type'],
    ['int', { minInclusive: '2', maxInclusive: '1' }, 'bad-type'],
    ['int', { minExclusive: '1', maxExclusive: '2' }, 'bad-type'],
    ['byte', { minInclusive: '200' }, 'bad-type'],
    ['int', { minLength: 1 }, 'bad-type'],
    ['int', { patterns: ['1'] }, 'bad-type'],
    ['boolean', { minInclusive: '1' }, 'bad-type'],
    ['string', { minInclusive: '1' }, 'bad-type'],
    ['string', { minLength: -1 }, 'bad-type'],
    ['string', { minLength: 1.5 }, 'bad-type'],
    ['string', { minLength: 2, maxLength: 1 }, 'bad-type'],
    ['string', { maxLength: Number.NaN }, 'bad-type'],
    ['string', { patterns: Array(9).fill('a') }, 'bad-type'],
    ['string', { patterns: ['('] }, 'bad-pattern'],
    ['string', { patterns: ['a\u001b'] }, 'bad-pattern'],
    ['base64Binary', { patterns: ['a'] }, 'bad-type'],
    ['decimal', { fractionDigits: 0 }, 'bad-type'],
    ['decimal', { fractionDigits: 19 }, 'bad-type'],
    ['decimal', { fractionDigits: 18, minInclusive: '10' }, 'bad-type'],
  ])('%s %j is refused as %s', (datatype, restrictions, code) => {
    expect(() => typeStatement({ kind: 'scalar', datatype, ...restrictions })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('RFC 6020 §9.6.4: an enumeration lists each value once, with its text', () => {
    const values = [{ name: '10_OK', text: 'fine' }, { name: '>= 5' }, { name: '10_OK', text: 'again' }];
    const type = typeStatement({ kind: 'enumeration', values });
    expect(type.substatements.map((sub) => [sub.argument, sub.substatements[0]?.argument])).toEqual([
      ['10_OK', 'fine'],
      ['>= 5', 'The value ">= 5".'],
    ]);
  });

  test.each(['', ' a', 'a ', '\u00a0a', 'a\nb', 'a\tb', 'a\u0000', '\u202ea', '\ud800', 'x'.repeat(257)])(
    'the enumeration value %j is refused',
    (name) => {
      expect(() => typeStatement({ kind: 'enumeration', values: [{ name }] })).toThrow(
        expect.objectContaining({ code: 'bad-name' }),
      );
    },
  );

  test('an enumeration without values is refused', () => {
    expect(() => typeStatement({ kind: 'enumeration', values: [] })).toThrow(
      expect.objectContaining({ code: 'bad-type' }),
    );
  });
});

describe('texts', () => {
  test.each<[string | undefined, string]>([
    [undefined, 'otherwise'],
    ['  ', 'otherwise'],
    ['a\u001b[31m\u202eb', 'a\uFFFD[31m\uFFFDb'],
    ['a\r\nb\rc', 'a\nb\nc'],
    [`${'word '.repeat(15)}end`, `${'word '.repeat(13).trim()}\nword word end`],
    ['x'.repeat(100), 'x'.repeat(100)],
  ])('%j becomes %j', (text, expected) => expect(describeText(text, 'otherwise')).toBe(expected));

  test('a long text is cut', () => {
    expect(describeText('x'.repeat(100_000), '').length).toBe(4001);
  });
});
