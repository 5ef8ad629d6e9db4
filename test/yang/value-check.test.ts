import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { YangType } from '../../src/yang/schema.ts';
import { checkValue, ValueError } from '../../src/yang/value-check.ts';

const string: YangType = { base: 'string', lengths: [], patterns: [] };

describe('RFC 6020 §9: lexical and canonical forms', () => {
  test.each<[YangType, string, string]>([
    [{ base: 'int8', ranges: [] }, '+012', '12'],
    [{ base: 'int8', ranges: [] }, '-0', '0'],
    [{ base: 'int64', ranges: [] }, '-9223372036854775808', '-9223372036854775808'],
    [{ base: 'uint64', ranges: [] }, '18446744073709551615', '18446744073709551615'],
    [
      {
        base: 'uint8',
        ranges: [
          { low: '1', high: '2' },
          { low: '7', high: '7' },
        ],
      },
      '7',
      '7',
    ],
    [{ base: 'decimal64', fractionDigits: 2, ranges: [] }, '1', '1.0'],
    [{ base: 'decimal64', fractionDigits: 2, ranges: [] }, '-00.500', '-0.5'],
    [{ base: 'decimal64', fractionDigits: 2, ranges: [] }, '-0.00', '0.0'],
    [{ base: 'decimal64', fractionDigits: 18, ranges: [] }, '-9.223372036854775808', '-9.223372036854775808'],
    [{ base: 'boolean' }, 'true', 'true'],
    [{ base: 'empty' }, '', ''],
    [{ base: 'binary', lengths: [{ low: '2', high: '2' }] }, ' AA\nA= ', 'AAA='],
    [{ base: 'binary', lengths: [] }, '', ''],
    [{ base: 'enumeration', names: ['10 >= x', 'b'] }, '10 >= x', '10 >= x'],
    [{ base: 'bits', names: ['a', 'b', 'c'] }, ' c\ta ', 'a c'],
    [{ base: 'bits', names: ['a'] }, '', ''],
    [{ base: 'string', lengths: [{ low: '2', high: '2' }], patterns: ['.*', '[^x]*'] }, '😀é', '😀é'],
    [{ base: 'union', members: [{ base: 'uint8', ranges: [] }, { base: 'boolean' }] }, '007', '7'],
    [{ base: 'union', members: [{ base: 'uint8', ranges: [] }, string] }, '300', '300'],
  ])('%j takes %j as %j', (type, text, canonical) => {
    expect(checkValue(type, text)).toBe(canonical);
    expect(checkValue(type, canonical)).toBe(canonical);
  });

  test.each<[YangType, string, string]>([
    [{ base: 'int8', ranges: [] }, '128', 'expected a whole number -128 to 127'],
    [{ base: 'int8', ranges: [] }, '1.0', 'whole number'],
    [{ base: 'int8', ranges: [] }, '0x10', 'whole number'],
    [{ base: 'int8', ranges: [] }, '', 'whole number'],
    [{ base: 'int8', ranges: [] }, ' 1', 'whole number'],
    [{ base: 'int8', ranges: [] }, '1e1', 'whole number'],
    [{ base: 'int8', ranges: [] }, '+-1', 'whole number'],
    [{ base: 'int8', ranges: [] }, '١', 'whole number'],
    [
      {
        base: 'uint8',
        ranges: [
          { low: '1', high: '2' },
          { low: '7', high: '7' },
        ],
      },
      '6',
      '1 to 2 or 7',
    ],
    [{ base: 'uint64', ranges: [] }, '18446744073709551616', '0 to 18446744073709551615'],
    [{ base: 'uint64', ranges: [] }, '9'.repeat(100_000), 'whole number'],
    [{ base: 'decimal64', fractionDigits: 2, ranges: [] }, '0.001', 'at most 2 fraction digits'],
    [{ base: 'decimal64', fractionDigits: 2, ranges: [] }, '.5', 'at most 2 fraction digits'],
    [{ base: 'decimal64', fractionDigits: 2, ranges: [] }, '5.', 'at most 2 fraction digits'],
    [{ base: 'decimal64', fractionDigits: 2, ranges: [] }, 'NaN', 'at most 2 fraction digits'],
    [{ base: 'decimal64', fractionDigits: 18, ranges: [] }, '9.223372036854775808', '9.223372036854775807'],
    [{ base: 'decimal64', fractionDigits: 1, ranges: [{ low: '0.1', high: '0.2' }] }, '0.3', '0.1 to 0.2'],
    [{ base: 'boolean' }, 'TRUE', 'true or false'],
    [{ base: 'empty' }, 'x', 'empty'],
    [{ base: 'binary', lengths: [] }, 'AAA', 'base64'],
    [{ base: 'binary', lengths: [] }, 'AA-_', 'base64'],
    [{ base: 'binary', lengths: [] }, 'AB==', 'base64'],
    [{ base: 'binary', lengths: [] }, 'AAB=', 'base64'],
    [{ base: 'binary', lengths: [] }, '=AAA', 'base64'],
    [{ base: 'binary', lengths: [] }, 'A===', 'base64'],
    [{ base: 'binary', lengths: [{ low: '1', high: '2' }] }, 'AAAA', '1 to 2 octets, not 3'],
    [{ base: 'enumeration', names: ['a', 'b'] }, 'A', 'one of "a", "b"'],
    [{ base: 'enumeration', names: ['a'] }, 'a ', 'one of "a"'],
    [{ base: 'bits', names: ['a', 'b'] }, 'a a', 'once each'],
    [{ base: 'bits', names: ['a', 'b'] }, 'c', 'any of "a", "b"'],
    [string, '\u0000', 'XML'],
    [string, '\ud800', 'XML'],
    [string, '\uffff', 'XML'],
    [{ base: 'string', lengths: [{ low: '2', high: '3' }], patterns: [] }, '😀', '2 to 3 characters, not 1'],
    [{ base: 'string', lengths: [], patterns: ['[0-9]+'] }, 'x', 'pattern [0-9]+'],
    [
      { base: 'union', members: [{ base: 'boolean' }, { base: 'enumeration', names: ['x: y'] }] },
      'z',
      'expected true or false, or expected one of "x: y"',
    ],
  ])('%j refuses %j', (type, text, reason) => {
    expect(() => checkValue(type, text)).toThrow(ValueError);
    expect(() => checkValue(type, text)).toThrow(reason);
  });

  test('an error shows the beginning of a long value only', () => {
    const check = () => checkValue({ base: 'boolean' }, 'x'.repeat(1_000_000));
    expect(check).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{0,200}$/) }));
  });

  test('every 64-bit integer keeps its value', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(checkValue({ base: 'int64', ranges: [] }, value.toString())).toBe(value.toString());
      }),
    );
  });

  test('decimal64 keeps every digit, and takes exactly the 64-bit counts of its unit', () => {
    const units = fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n });
    fc.assert(
      fc.property(units, fc.integer({ min: 1, max: 18 }), (value, fractionDigits) => {
        const digits = (value < 0n ? -value : value).toString().padStart(fractionDigits + 1, '0');
        const text = `${value < 0n ? '-' : ''}${digits.slice(0, -fractionDigits)}.${digits.slice(-fractionDigits)}`;
        const type: YangType = { base: 'decimal64', fractionDigits, ranges: [] };
        if (BigInt.asIntN(64, value) !== value) expect(() => checkValue(type, text)).toThrow(ValueError);
        else expect(checkValue(type, text)).toBe(text.replace(/(\.\d+?)0*$/, '$1'));
      }),
    );
  });

  test('base64 takes what Buffer writes, and the length counts octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const length = { low: `${bytes.length}`, high: `${bytes.length}` };
        const text = Buffer.from(bytes).toString('base64');
        expect(checkValue({ base: 'binary', lengths: [length] }, text)).toBe(text);
      }),
    );
  });

  test('any text is taken or refused, by every type', () => {
    const types: YangType[] = [
      string,
      { base: 'int32', ranges: [] },
      { base: 'decimal64', fractionDigits: 3, ranges: [] },
      { base: 'binary', lengths: [] },
      { base: 'bits', names: ['a', 'b'] },
    ];
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...types), (text, type) => {
        try {
          const canonical = checkValue(type, text);
          expect(checkValue(type, canonical)).toBe(canonical);
        } catch (error) {
          expect(error).toBeInstanceOf(ValueError);
        }
      }),
    );
  });
});
