import { describe, expect, test } from '@jest/globals';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import { describeDevice, id, operation, read, refusal, withInputs } from './support.ts';

describe('names and texts that would break out of YANG, XML, SPARQL or a topic', () => {
  const names = [
    'a b',
    'a"b',
    'a;b',
    'a{b',
    '1a',
    'xmlFoo',
    'XML-x',
    'a}',
    "a' OR '",
    '<a>',
    '%s',
    'ü',
    '../a',
    'a'.repeat(65),
    '?x',
    'a\u0000',
  ]; // prettier-ignore
  test.each(names)('the name %j is refused or cut at its last separator', async (name) => {
    const input = { '@id': `urn:x#${name}` };
    const outcome = await read(withInputs([input])).catch((error: DescriptionError) => error);
    if (outcome instanceof DescriptionError) expect(outcome.code).toMatch(/^description-/);
    else
      expect(outcome.operations[0]?.inputs.map((field) => field.name)).toEqual(name === '../a' ? ['a'] : []);
  });

  test.each(['+', '#', 'a/+/b', '$SYS/x', 'a\u0000b', '/a', '', 'a\nb', 'a'.repeat(500)])(
    'the topic %j is refused where it stands',
    async (topic) => {
      const { code, findings } = await refusal(
        describeDevice(operation('call', { 'myno:mqttTopic': topic })),
      );
      expect([code, findings[0]?.node, findings[0]?.path]).toEqual([
        'description-invalid',
        'myno:op-call',
        'myno:mqttTopic',
      ]);
    },
  );

  test.each(['', 'A;B', 'A B', 'A\nB', 'ü', 'A'.repeat(65)])('the method %j is refused', async (method) => {
    const { findings } = await refusal(describeDevice(operation('call', { 'myno:mqttMethod': method })));
    expect(findings[0]?.path).toBe('myno:mqttMethod');
  });

  test.each(['', ' a', 'a\n', 'a\u0000b', '\u202ea', 'a'.repeat(129)])(
    'the enumerated value %j is refused',
    async (value) => {
      const input = { ...id('x'), 'onem2m:hasDataRestriction_pattern': { '@list': ['b', value] } };
      const { findings } = await refusal(withInputs([input]));
      expect(findings[0]?.path).toBe('onem2m:hasDataRestriction_pattern');
    },
  );

  test.each([
    '(a+)+',
    '(a|b)*',
    '((a{2,})x)+',
    '(a*)*',
    '(?=a)',
    '(a)\\1',
    '[',
    'a'.repeat(201),
    '(a{1,}){1000}',
  ])('the pattern %j, with which checking could take forever, is refused', async (pattern) => {
    const { findings } = await refusal(
      withInputs([{ ...id('x'), 'onem2m:hasDataRestriction_pattern': pattern }]),
    );
    expect(findings[0]?.path).toBe('onem2m:hasDataRestriction_pattern');
  });

  test.each(['[A-Za-z0-9._\\-]{1,32}', '([0-9a-f]{2}:){5}[0-9a-f]{2}', '\\(a\\)+', '[(+]*x+', '(a|b)c?'])(
    'the pattern %j is taken',
    async (pattern) => {
      const { operations } = await read(
        withInputs([{ ...id('x'), 'onem2m:hasDataRestriction_pattern': pattern }]),
      );
      expect(operations[0]?.inputs[0]?.type).toMatchObject({ patterns: [pattern] });
    },
  );
});
