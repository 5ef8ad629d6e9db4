import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import { describeWith } from '../support/peers.ts';
import { yanglint } from '../support/yang-tools.ts';
import { moduleTextOf, type Node, read } from './support.ts';

const name = fc.oneof(
  fc.constantFrom(
    'level',
    'power',
    'on',
    'set',
    'color temp',
    '2nd',
    'a/b',
    'é',
    'xmlThing',
    'value',
    'uuidInput',
  ),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const text = fc.string({ maxLength: 30 });
const some = (keys: Record<string, fc.Arbitrary<unknown>>) => fc.record(keys, { requiredKeys: [] });

const { schema } = fc.letrec<{ schema: Node }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', maxDepth: 3, withCrossShrink: true },
    some({ type: fc.constant('boolean'), title: text }),
    some({
      type: fc.constantFrom('integer', 'number'),
      minimum: fc.oneof(fc.integer({ min: -1000, max: 10 }), fc.constant(-0.5)),
      maximum: fc.integer({ min: 11, max: 70_000 }),
      multipleOf: fc.constantFrom(1, 0.1, 0.001, 5),
      unit: fc.oneof(fc.constantFrom('W', '°C', '%%', 'om:kelvin'), text),
    }),
    some({
      type: fc.constant('string'),
      enum: fc.uniqueArray(fc.oneof(fc.constantFrom('ON', 'OFF', ''), text), { minLength: 1, maxLength: 4 }),
      pattern: fc.constantFrom('^[a-z]+$', '[0-9]', 'a|b', '(a+)+', '^(a|b)$'),
      const: text,
      default: text,
    }),
    some({ type: fc.constantFrom('array', 'null'), oneOf: fc.constant([{ type: 'integer' }]) }),
    fc.record({
      type: fc.constant('object'),
      properties: fc.dictionary(name, tie('schema'), { maxKeys: 3 }),
    }),
  ) as fc.Arbitrary<Node>,
}));

const form = some({
  op: fc.constantFrom('readproperty', 'writeproperty', 'observeproperty', 'invokeaction'),
  href: fc.constantFrom(
    'mqtt://broker/a',
    'b/%s',
    '/c',
    'https://x/',
    'mqtt://broker/a b',
    'mqtt://broker/+',
  ),
  'mqv:topic': fc.constantFrom('a/b', 'c'),
  contentType: fc.constantFrom('application/json', 'text/plain'),
  'mup:pointer': fc.constantFrom('/a', '/b~1c', ''),
  'mup:answered': fc.constantFrom('state', 'none'),
});
const forms = fc.array(form, { minLength: 1, maxLength: 2 });
const thing = fc.record({
  '@context': fc.constant(['https://www.w3.org/2022/wot/td/v1.1', { mup: 'urn:mup:ontology#' }]),
  title: fc.constant('Thing'),
  properties: fc.dictionary(
    name,
    fc.tuple(schema, forms).map(([data, forms]) => ({ ...data, forms })),
    { maxKeys: 3 },
  ),
  actions: fc.dictionary(name, fc.record({ input: schema, forms }), { maxKeys: 3 }),
});

describeWith(['yanglint'], 'Thing Descriptions drawn at random', () => {
  test('are refused with findings, or give a module that yanglint accepts', async () => {
    const modules: Record<string, string> = {};
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(thing, async (document) => {
        try {
          const number = Object.keys(modules).length;
          const description = await read({ ...document, title: `Thing ${number}` });
          modules[`mqtt-thing-${number}`] = moduleTextOf(description);
        } catch (error) {
          if (!(error instanceof DescriptionError)) throw error;
          expect(error.findings.length).toBeGreaterThan(0);
          refused += 1;
        }
      }),
      { numRuns: 25 },
    );
    expect(refused).toBeGreaterThan(1);
    expect(Object.keys(modules).length).toBeGreaterThan(1);
    expect(yanglint(modules)).toBe('');
  }, 120_000);
});
