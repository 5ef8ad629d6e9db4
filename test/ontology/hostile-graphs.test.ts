import { describe, expect, test } from '@jest/globals';
import { describeDevice, id, operation, read, refusal, withInputs } from './support.ts';

describe('graphs that would loop or explode', () => {
  test('a structure that holds itself is refused', async () => {
    const { findings } = await refusal(
      withInputs(
        [{ ...id('x'), 'onem2m:hasSubStructure': id('y') }],
        [{ ...id('y'), 'onem2m:hasSubStructure': id('x') }],
      ),
    );
    expect(findings[0]?.message).toBe('A structure cannot hold itself.');
  });

  test('shared structures cannot multiply without bound', async () => {
    const parts = (level: number) => Array.from({ length: 8 }, (_, i) => id(`p${level}-${i}`));
    const nodes = Array.from({ length: 6 }, (_, level) =>
      parts(level).map((part) => ({ ...part, 'onem2m:hasSubStructure': parts(level + 1) })),
    ).flat();
    const { findings } = await refusal(
      withInputs([{ ...id('x'), 'onem2m:hasSubStructure': parts(0) }], nodes),
    );
    expect(findings.map(({ expected }) => expected)).toEqual(['at most 8192']);
  });

  test('a text that hundreds of fields share cannot multiply without bound', async () => {
    const text = { ...id('text'), '@type': 'myno:YangDescription', 'onem2m:hasValue': 'x'.repeat(2000) };
    const inputs = Array.from({ length: 20 }, (_, i) => ({
      ...id(`f${i}`),
      'onem2m:hasThingProperty': id('text'),
    }));
    const references = inputs.map((_, i) => id(`f${i}`));
    const operations = Array.from({ length: 20 }, (_, i) =>
      operation(`call${i}`, { 'onem2m:hasInput': references }),
    ).flat();
    const document = describeDevice([...operations, ...inputs, text]);
    expect(JSON.stringify(document).length).toBeLessThan(30_000);
    expect((await refusal(document)).code).toBe('description-too-big');
  });

  test.each([
    ['operations', (i: number) => operation(`call${i}`)],
    [
      'data points',
      (i: number) => [{ ...id(`p${i}`), '@type': 'onem2m:OutputDataPoint', 'myno:mqttTopic': `t/%s/${i}` }],
    ],
  ])('%s are bounded by registration.maxOperations', async (_, nodes) => {
    const document = (count: number) =>
      describeDevice(Array.from({ length: count }, (_, i) => nodes(i)).flat());
    const { operations, dataPoints } = await read(document(3), { maxOperations: 3 });
    expect(operations.length + dataPoints.length).toBe(3);
    expect((await refusal(document(4), { maxOperations: 3 })).findings[0]?.expected).toBe('at most 3');
  });

  test('a list that bites its tail ends', async () => {
    const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
    const nodes = [
      ...operation('call', { 'onem2m:hasInput': id('cell') }),
      { ...id('cell'), [`${rdf}first`]: id('x'), [`${rdf}rest`]: id('cell') },
    ];
    expect((await read(describeDevice(nodes))).operations[0]?.inputs.map(({ name }) => name)).toEqual(['x']);
  });
});
