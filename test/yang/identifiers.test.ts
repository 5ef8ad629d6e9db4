import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maxVariants } from '../../src/registry/module-catalog.ts';
import { isIdentifier, moduleName, rpcName, withLeafNames } from '../../src/yang/identifiers.ts';
import { arbitraryDescription } from '../support/arbitrary-description.ts';
import { dataPoint, description, field, operation } from '../support/example-description.ts';

describe('names of modules (design: Names)', () => {
  test.each([
    ['Lamp', 'mqtt-lamp'],
    ['LED RGB v5.2', 'mqtt-led-rgb-v5.2'],
    ['a_b/c', 'mqtt-a-b-c'],
    ['-x-', 'mqtt-x'],
    ['', 'mqtt-device'],
    ['世界', 'mqtt-device'],
    ['x'.repeat(100), `mqtt-${'x'.repeat(56)}`],
  ])('the category %j makes %s', (category, name) => expect(moduleName(category)).toBe(name));

  const longCategory = fc.integer({ min: 40, max: 100 }).map((length) => 'x'.repeat(length));

  test('a variant of any category still has an identifier for its name', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), longCategory), (category) => {
        expect(isIdentifier(`${moduleName(category)}-${maxVariants}`)).toBe(true);
      }),
    );
  });
});

describe('names of RPCs', () => {
  test.each(['getDeviceToken', '_x', 'a-b.c_9', 'x'.repeat(64)])('%s is taken verbatim', (name) => {
    expect(rpcName(name)).toBe(name);
  });

  test.each([
    '',
    '9a',
    '-a',
    'a b',
    'a"',
    'a;',
    'ü',
    'a\n',
    'xmlThing',
    'XMLthing',
    'telemetry',
    'x'.repeat(65),
  ])('%j is refused', (name) =>
    expect(() => rpcName(name)).toThrow(expect.objectContaining({ code: 'bad-name' })),
  );
});

describe('names of leaves', () => {
  const string = { kind: 'scalar', datatype: 'string' } as const;

  test('what is an identifier stays; the rest is made one, and collisions are numbered in order', () => {
    const names = ['ok', 'a b', 'a-b', '9', 'xmlName', 'uuidInput', '', 'x'.repeat(65), 'x'.repeat(66), 'ok'];
    const named = withLeafNames(
      description({ operations: [operation('o', { inputs: names.map((name) => field(name, string)) })] }),
    );
    expect(named.operations[0]?.inputs.map(({ name }) => name)).toEqual([
      'ok',
      'a-b',
      'a-b-2',
      '_9',
      '_xmlName',
      'uuidInput-2',
      '_',
      'x'.repeat(64),
      `${'x'.repeat(62)}-2`,
      'ok-2',
    ]);
  });

  test('retval, and the key of telemetry, keep their names', () => {
    const named = withLeafNames(
      description({
        operations: [operation('o', { outputs: [field('retval', string)] })],
        dataPoints: [dataPoint('uuid')],
      }),
    );
    expect(named.operations[0]?.outputs[0]?.name).toBe('retval-2');
    expect(named.dataPoints[0]?.name).toBe('uuid-2');
  });

  test('applying it again changes nothing', () => {
    fc.assert(
      fc.property(arbitraryDescription, (any) => {
        const named = withLeafNames(any);
        expect(withLeafNames(named)).toEqual(named);
      }),
    );
  });

  test('structures that are nested without end are refused', () => {
    let inner = field('f', string);
    for (let depth = 0; depth < 1000; depth++) inner = field('s', { kind: 'structure', fields: [inner] });
    expect(() => withLeafNames(description({ operations: [operation('o', { inputs: [inner] })] }))).toThrow(
      expect.objectContaining({ code: 'bad-type' }),
    );
  });
});
