import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Field, Profile } from '../../src/base/description.ts';
import { outputElements, wireInputs } from '../../src/bridge/rpc-values.ts';
import { childElements, textOf, type XmlElement } from '../../src/xml/element.ts';
import { moduleStatement } from '../../src/yang/module-generator.ts';
import { newModule } from '../../src/yang/module-model.ts';
import { moduleSchema } from '../../src/yang/module-schema.ts';
import { description, field, operation } from '../support/example-description.ts';

const scalar = (name: string, more: Partial<Field> = {}): Field => ({
  name,
  type: { kind: 'scalar', datatype: 'string' },
  mandatory: true,
  ...more,
});
const fields: readonly Field[] = [
  scalar('first'),
  { name: 'color', mandatory: true, type: { kind: 'structure', fields: [scalar('red'), scalar('green')] } },
  scalar('last', { mandatory: false, default: 'none' }),
];

describe('values on the wire (mup-protocol §2)', () => {
  test('inputs go out in the order of the module, sub-structures flattened', () => {
    const input = { last: 'z', color: { green: 'g', red: 'r' }, first: 'a', uuidInput: 'U' };
    expect(wireInputs(fields, input)).toEqual(['a', 'r', 'g', 'z']);
  });

  test('an input that is not given is its default, or empty', () => {
    expect(wireInputs(fields, { first: 'a' })).toEqual(['a', '', '', 'none']);
  });

  describe('outputs', () => {
    test('come back as retval and leaves of the module, in canonical form', () => {
      const made = answered({ outputs: ['+007', 'r', 'g', ''] });
      expect(made.map(({ name, namespace }) => [namespace, name])).toEqual([
        ['urn:mup:yang:mqtt-lamp', 'retval'],
        ['urn:mup:yang:mqtt-lamp', 'count'],
        ['urn:mup:yang:mqtt-lamp', 'color'],
      ]);
      expect(made.slice(0, 2).map(textOf)).toEqual(['10_OK', '7']);
      expect(made.slice(2).flatMap(childElements).map(textOf)).toEqual(['r', 'g']);
    });

    test.each([
      ['a number outside its range', { outputs: ['11', 'r', 'g', 'on'] }],
      ['a text where a number belongs', { outputs: ['many', 'r', 'g', 'on'] }],
      ['nothing where a number belongs', { outputs: ['', 'r', 'g', 'on'] }],
      ['a name that is none of the enumeration', { outputs: ['1', 'r', 'g', 'dim'] }],
      ['a control character', { outputs: ['1', 'r\u0000', 'g', 'on'] }],
      ['fewer values than are mandatory', { outputs: ['1', 'r'] }],
      ['no values', { outputs: [] }],
      ['more values than are described', { outputs: ['1', 'r', 'g', 'on', 'off'] }],
      ['a state that is none of the module', { state: '99_WHAT', outputs: ['1', 'r', 'g', 'on'] }],
    ])('an answer with %s is refused as a whole (netconf-wire, XML)', (_, answer) => {
      expect(() => answered(answer)).toThrow(
        expect.objectContaining({ tag: 'operation-failed', code: 'device-answer-invalid' }),
      );
    });

    test('the prototype’s devices may leave values out and add some, but not send wrong ones', () => {
      expect(answered({ outputs: [] }, 'myno').map(({ name }) => name)).toEqual(['retval']);
      expect(answered({ outputs: ['1', 'r', 'g', 'on', 'more'] }, 'myno')).toHaveLength(4);
      expect(() => answered({ outputs: ['many'] }, 'myno')).toThrow('count');
    });

    test('any answer gives leaves of their types, or is refused', () => {
      const outputs = fc.array(fc.oneof(fc.string(), fc.constantFrom('1', '10', 'on', '')), { maxLength: 6 });
      fc.assert(
        fc.property(outputs, fc.constantFrom<Profile>('mup', 'myno'), (given, profile) => {
          try {
            const [, count] = answered({ outputs: given }, profile);
            if (count?.name === 'count') expect(Number(textOf(count))).toBeLessThanOrEqual(10);
          } catch (error) {
            expect(error).toMatchObject({ code: 'device-answer-invalid' });
          }
        }),
      );
    });
  });
});

const lamp = description({
  operations: [
    operation('read', {
      states: [{ name: '10_OK' }, { name: '12_ERROR' }],
      outputs: [
        field('count', { kind: 'scalar', datatype: 'int', minInclusive: '0', maxInclusive: '10' }),
        field('color', { kind: 'structure', fields: [scalar('red'), scalar('green')] }),
        field(
          'mode',
          { kind: 'enumeration', values: [{ name: 'on' }, { name: 'off' }] },
          { mandatory: false },
        ),
      ],
    }),
  ],
});
const schema = moduleSchema(moduleStatement(newModule(lamp)), () => undefined);

function answered(
  { state = '10_OK', outputs }: { readonly state?: string; readonly outputs: readonly string[] },
  profile: Profile = 'mup',
): XmlElement[] {
  const [read] = lamp.operations;
  if (read === undefined) throw new Error('the lamp reads');
  return outputElements(schema, { profile, operation: read, answer: { state, outputs } });
}
