import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Parser } from 'n3';
import { defaultOntologiesDir } from '../../src/ontology/adapters/ontology-files.ts';
import { context, describeDevice, id, operation, refusal, withInputs } from './support.ts';

describe('findings say what is wrong, where, and what is expected', () => {
  test.each<[string, unknown, Record<string, unknown>]>([
    [
      'no device',
      { '@context': context, '@graph': [] },
      { node: 'the document', expected: 'one individual of the class onem2m:Device' },
    ],
    [
      'no value of the UUID',
      describeDevice([], { 'onem2m:hasThingProperty': [id('deviceCategory')] }),
      { node: 'myno:myDevice', path: 'onem2m:hasThingProperty', expected: 'myno:deviceUuid' },
    ],
    [
      'a device without class',
      describeDevice([], { '@type': [] }),
      { node: 'myno:myDevice', path: 'rdf:type', expected: 'onem2m:Device' },
    ],
    [
      'two devices',
      describeDevice([
        {
          ...id('other'),
          '@type': 'onem2m:Device',
          'onem2m:hasThingProperty': [id('deviceUuid'), id('deviceCategory')],
          'onem2m:hasService': id('service'),
        },
      ]),
      { node: 'the document', found: 'myno:myDevice, myno:other' },
    ],
    ['an unknown profile', describeDevice([], { 'mup:profile': 'x' }), { path: 'mup:profile', found: '"x"' }],
    [
      'two topics',
      describeDevice(operation('call', { 'myno:mqttTopic': ['a', 'b'] })),
      { node: 'myno:op-call', path: 'myno:mqttTopic', found: 'more than one value', expected: 'at most 1' },
    ],
    [
      'an unknown data type',
      withInputs([{ ...id('x'), 'onem2m:hasDataType': id('xsd:gYear') }]),
      { node: 'myno:x', path: 'onem2m:hasDataType', found: 'xsd:gYear' },
    ],
    [
      'bounds that cross',
      withInputs([
        {
          ...id('x'),
          'onem2m:hasDataRestriction_minInclusive': 2,
          'onem2m:hasDataRestriction_maxInclusive': 1,
        },
      ]),
      { node: 'myno:x', message: 'No value lies between the bounds.' },
    ],
    [
      'a bound outside its type',
      withInputs([
        { ...id('x'), 'onem2m:hasDataType': id('xsd:byte'), 'onem2m:hasDataRestriction_maxInclusive': 300 },
      ]),
      {
        node: 'myno:x',
        path: 'onem2m:hasDataRestriction_maxInclusive',
        found: '300',
        expected: 'a value of xsd:byte',
      },
    ],
    [
      'a bound that is no number',
      withInputs([{ ...id('x'), 'onem2m:hasDataRestriction_maxInclusive': 'much' }]),
      { node: 'myno:x', found: '"much"', expected: 'one number' },
    ],
    [
      'a default outside its range',
      withInputs([
        {
          ...id('x'),
          'onem2m:hasDataType': id('xsd:int'),
          'onem2m:hasDataRestriction_maxInclusive': 5,
          'mup:default': 6,
        },
      ]),
      { node: 'myno:x', path: 'mup:default', found: '"6"' },
    ],
    [
      'two RPCs of one name',
      describeDevice([
        ...operation('call'),
        { '@id': 'urn:other#call', 'onem2m:hasCommand': id('cmd2') },
        {
          ...id('op2'),
          '@type': 'onem2m:Operation',
          'onem2m:exposesCommand': id('cmd2'),
          'myno:mqttMethod': 'M',
          'myno:mqttTopic': 't',
        },
      ]),
      {
        path: '@id',
        found: '"call"',
        message: 'Two neighbours would have the same name in the YANG module.',
      },
    ],
    [
      'a reserved name',
      withInputs([{ '@id': 'urn:x#uuidInput', 'mup:represents': id('mup:DeviceUuid') }]),
      { found: '"uuidInput"' },
    ],
    [
      'two token operations',
      describeDevice(
        ['a', 'b'].flatMap((name) =>
          operation(name, { '@type': ['onem2m:Operation', 'mup:TokenOperation'] }),
        ),
      ),
      { message: 'A device has one token operation.', found: 'a, b' },
    ],
    [
      'an unknown role',
      withInputs([{ ...id('x'), 'mup:represents': id('mup:Nonsense') }]),
      { path: 'mup:represents', found: 'mup:Nonsense' },
    ],
    [
      'an input without @id',
      describeDevice(operation('call', { 'onem2m:hasInput': { 'mup:order': 1 } })),
      { node: 'a node without @id' },
    ],
  ])('%s', async (_, document, finding) => {
    const error = await refusal(document);
    expect(error.code).toBe('description-invalid');
    expect(error.findings).toContainEqual(expect.objectContaining(finding));
  });

  test('all at once, and a message that names the first and the place', async () => {
    const { findings, message, where } = await refusal(
      describeDevice(operation('call', { 'myno:mqttTopic': '+', 'myno:mqttMethod': ';' })),
    );
    expect(findings).toHaveLength(2);
    expect(where).toBe('myno:op-call myno:mqttMethod');
    expect(message).toContain('Found ";"');
    expect(message).toContain('(and 1 more)');
  });

  test('bounded, and without what a terminal would obey', async () => {
    const { message, findings } = await refusal(
      describeDevice(operation('call', { 'myno:mqttTopic': `\u001b[2J+${'x'.repeat(100_000)}` })),
    );
    expect(message.length).toBeLessThan(1500);
    expect(JSON.stringify(findings)).not.toContain('\u001b');
  });
});

describe('ontologies/shapes.ttl', () => {
  const quads = new Parser().parse(readFileSync(join(defaultOntologiesDir, 'shapes.ttl'), 'utf8'));
  const said = (subject: string, predicate: string): string[] =>
    quads
      .filter((quad) => quad.subject.value === subject && quad.predicate.value.endsWith(`#${predicate}`))
      .map(({ object }) => object.value);
  const constraints = quads
    .filter(({ predicate }) => /shacl#(?:path|nodeKind)$/.test(predicate.value))
    .map(({ subject }) => subject.value);

  test('says of each constraint the rule and an example that is JSON', () => {
    expect(constraints.length).toBeGreaterThan(50);
    for (const constraint of constraints) {
      const [examples, messages] = [said(constraint, 'example'), said(constraint, 'message')];
      expect([constraint, messages.length, examples.length]).toEqual([constraint, 1, 1]);
      expect(() => JSON.parse(`{${examples[0]}}`)).not.toThrow();
    }
  });

  test('its examples reach the author, also with what is found behind the shapes', async () => {
    const { findings, message } = await refusal(
      withInputs([{ ...id('x'), 'onem2m:hasDataType': id('xsd:gYear') }]),
    );
    expect(findings[0]?.example).toBe('"onem2m:hasDataType": { "@id": "xsd:int" }');
    expect(message).toContain('such as "onem2m:hasDataType": { "@id": "xsd:int" }.');
  });
});
