import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Constant, Datatype, Field, ValueType } from '../../src/base/description.ts';
import { writeJson } from '../../src/base/json-value.ts';
import { decodeJson, encodeJson, parsePayload } from '../../src/mqtt/json-codec.ts';
import { field } from '../support/example-description.ts';

const scalar = (datatype: Datatype): ValueType => ({ kind: 'scalar', datatype });
const optional = (name: string, type: ValueType, more: Partial<Field> = {}): Field =>
  field(name, type, { mandatory: false, ...more });
const encode = (fields: readonly Field[], values: readonly string[], constants: readonly Constant[] = []) =>
  writeJson(encodeJson(fields, constants, values));
const decode = (fields: readonly Field[], json: string) => decodeJson(fields, parsePayload(json));

const color = field(
  'color',
  { kind: 'structure', fields: [field('x', scalar('decimal')), field('y', scalar('decimal'))] },
  { mandatory: false },
);

describe('requests in JSON', () => {
  test.each<[string, ValueType, string, string]>([
    ['an integer', scalar('int'), '-7', '{"v":-7}'],
    ['a 64-bit integer', scalar('unsignedLong'), '18446744073709551615', '{"v":18446744073709551615}'],
    ['a decimal', scalar('decimal'), '21.5', '{"v":21.5}'],
    ['a boolean', scalar('boolean'), 'true', '{"v":true}'],
    ['a text', scalar('string'), 'a"b\n;', '{"v":"a\\"b\\n;"}'],
    ['a text of digits', scalar('string'), '7', '{"v":"7"}'],
    ['binary', scalar('base64Binary'), 'AA==', '{"v":"AA=="}'],
    ['a word of a set', { kind: 'enumeration', values: [{ name: 'ON' }] }, 'ON', '{"v":"ON"}'],
    ['a number of a set', { kind: 'enumeration', datatype: 'int', values: [{ name: '1' }] }, '1', '{"v":1}'],
    [
      'a boolean of a set',
      { kind: 'enumeration', datatype: 'boolean', values: [{ name: 'true' }] },
      'true',
      '{"v":true}',
    ],
  ])('%s', (_, type, value, json) => {
    expect(encode([field('v', type)], [value])).toBe(json);
    expect(decode([field('v', type)], json)).toEqual([value]);
  });

  test('stand at their pointers, beside the constants', () => {
    const fields = [
      field('level', scalar('int'), { pointer: '/light/level' }),
      optional('time', scalar('int'), { pointer: '/a~1b/0' }),
    ];
    const constants = [
      { pointer: '/light/mode', value: '"dim"' },
      { pointer: '/a~1b', value: '[null]' },
    ];
    expect(encode(fields, ['5', '3'], constants)).toBe('{"light":{"mode":"dim","level":5},"a/b":[3]}');
    expect(encode(fields, ['5', ''], constants)).toBe('{"light":{"mode":"dim","level":5},"a/b":[null]}');
  });

  test('are the value itself where its pointer is empty', () => {
    expect(encode([field('v', scalar('int'), { pointer: '' })], ['5'])).toBe('5');
    expect(encode([], [])).toBe('{}');
    expect(encode([], [], [{ pointer: '', value: '"toggle"' }])).toBe('"toggle"');
  });

  test('leave out what is not given, sub-structures included', () => {
    expect(encode([color, optional('name', scalar('string'))], ['', '', ''])).toBe('{}');
    expect(encode([color], ['0.5', '0.25'])).toBe('{"color":{"x":0.5,"y":0.25}}');
    expect(encode([field('name', scalar('string'))], [''])).toBe('{"name":""}');
  });

  test('refuse what is no number of JSON', () => {
    for (const value of ['NaN', 'INF', '0x10', '1;2', '+1', '01'])
      expect(() => encode([field('v', scalar('double'))], [value])).toThrow(
        expect.objectContaining({ code: 'bad-value' }),
      );
  });
});

describe('values in JSON messages', () => {
  test('are found at their pointers, one after the other as on the wire', () => {
    const fields = [
      field('state', scalar('string')),
      color,
      optional('lqi', scalar('int'), { pointer: '/l/0' }),
    ];
    expect(decode(fields, '{"color":{"y":0.2,"x":0.1},"state":"ON","l":[88]}')).toEqual([
      'ON',
      '0.1',
      '0.2',
      '88',
    ]);
    expect(decode(fields, '{"state":"ON","color":null}')).toEqual(['ON', '', '', '']);
  });

  test('a message with none of them is about something else', () => {
    expect(decode([field('POWER', scalar('string'))], '{"Dimmer":5}')).toBeUndefined();
    expect(decode([field('POWER', scalar('string'))], '[]')).toBeUndefined();
    expect(decode([], '{"anything":1}')).toEqual([]);
  });

  test('one without a mandatory one of them is no answer', () => {
    expect(() => decode([field('a', scalar('int')), field('b', scalar('int'))], '{"a":1}')).toThrow(
      expect.objectContaining({ code: 'bad-response' }),
    );
  });

  test('an object or array is no value', () => {
    for (const json of ['{"v":{}}', '{"v":[1]}'])
      expect(() => decode([field('v', scalar('int'))], json)).toThrow(
        expect.objectContaining({ code: 'bad-response' }),
      );
  });

  test.each([
    ['1.0', '1'],
    ['2.5e1', '25'],
    ['1E3', '1000'],
    ['125e-2', '1.25'],
    ['-0.5', '-0.5'],
    ['5e-3', '0.005'],
    ['0', '0'],
    ['100', '100'],
    ['9007199254740993', '9007199254740993'],
    ['1e41', '1e41'],
    ['1e999999999', '1e999999999'],
  ])('the number %s is %s in YANG', (json, text) => {
    expect(decode([field('v', scalar('decimal'))], `{"v":${json}}`)).toEqual([text]);
  });

  test.each([
    ['21.400000000000002', '21.4'],
    ['-0.04', '0'],
    ['-0.05', '-0.1'],
    ['9.96', '10.0'],
    ['99999999999999999999.95', '100000000000000000000.0'],
    ['2e-3', '0'],
    ['21.5', '21.5'],
  ])('the number %s, of one fraction digit, is meant to be %s', (json, text) => {
    const type: ValueType = { kind: 'scalar', datatype: 'decimal', fractionDigits: 1 };
    expect(Number(decode([field('v', type)], `{"v":${json}}`)?.[0])).toBe(Number(text));
    expect(decode([field('v', type)], `{"v":${json}}`)?.[0]).toMatch(/^-?[0-9]+(\.[0-9])?$/);
  });

  test('every number means the same in YANG, as far as its fraction digits go', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.nat(3), (value, digits) => {
        for (const json of [String(value).replace('+', ''), value.toExponential(digits)]) {
          const [text = ''] = decode([field('v', scalar('double'))], `{"v":${json}}`) ?? [];
          expect(Math.abs(Number(text) - Number(json))).toBeLessThan(5.1e-7);
        }
      }),
    );
  });
});
