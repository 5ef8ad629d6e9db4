import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root } from '../support/peers.ts';
import { describeDevice, type Node, operation, read, refusal } from './support.ts';

const guide = readFileSync(join(root, 'docs', 'describe-a-device.md'), 'utf8');
const snippets = [...guide.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => JSON.parse(text));

/** The guide's document after a number of steps. */
function documentAfter(steps: number): Node {
  const [first, ...rest] = snippets.slice(0, steps) as [Node, ...Node[][]];
  const individuals = [first['@graph'] as Node[], ...rest].flat();
  const byId = new Map(individuals.map((individual) => [individual['@id'], individual]));
  return { ...first, '@graph': [...byId.values()] };
}

describe('docs/describe-a-device.md', () => {
  test('has a snippet for each step', () => expect(snippets).toHaveLength(5));

  test.each([1, 2, 3, 4, 5])('step %i is read and says nothing in vain', async (steps) => {
    const { remarks, category } = await read(documentAfter(steps));
    expect([category, remarks]).toEqual(['HEATER', []]);
  });

  test('the whole is what the guide says it is', async () => {
    const { operations, dataPoints } = await read(documentAfter(5));
    expect(operations.map(({ name, role, topic }) => [name, role, topic])).toEqual([
      ['getDeviceToken', 'token', 'mup/token/%s'],
      ['heat', 'generic', 'heater/%s'],
    ]);
    const heat = operations.find(({ name }) => name === 'heat');
    expect(heat?.inputs.map(({ name, type, mandatory }) => [name, type.kind, mandatory])).toEqual([
      ['target', 'scalar', true],
      ['mode', 'enumeration', false],
      ['window', 'structure', false],
    ]);
    expect(heat?.states.map(({ text }) => text)).toEqual(['it heats', 'the heater is broken']);
    expect(dataPoints.map(({ topic, units }) => [topic, units])).toEqual([['sensor/temperature/%s', '°C']]);
  });

  test('a refusal reads as the guide shows it', async () => {
    const [shown] = [...guide.matchAll(/```text\n([\s\S]*?)\n```/g)].map(([, text]) => text);
    const nodes = operation('call').map(({ 'myno:mqttTopic': _, ...node }) => node);
    expect((await refusal(describeDevice(nodes))).message).toBe(shown);
  });
});
