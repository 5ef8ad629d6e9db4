import { describe, expect, test } from '@jest/globals';
import type { Field, Operation } from '../../src/base/description.ts';
import { outputElements, wireInputs } from '../../src/bridge/rpc-values.ts';
import { childElements, textOf } from '../../src/xml/element.ts';

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

  test('outputs come back as retval and leaves of the module', () => {
    const operation: Operation = {
      name: 'read',
      role: 'generic',
      mqttMethod: 'READ',
      topic: 't/U',
      answerTopic: 'mup/response/U',
      inputs: [],
      outputs: fields,
      states: [],
    };
    const made = outputElements('urn:x', operation, { state: '10_OK', outputs: ['a', 'r', 'g', ''] });
    expect(made.map(({ name, namespace }) => [namespace, name])).toEqual([
      ['urn:x', 'retval'],
      ['urn:x', 'first'],
      ['urn:x', 'color'],
    ]);
    expect(made.slice(0, 2).map(textOf)).toEqual(['10_OK', 'a']);
    expect(made.slice(2).flatMap(childElements).map(textOf)).toEqual(['r', 'g']);
  });
});
