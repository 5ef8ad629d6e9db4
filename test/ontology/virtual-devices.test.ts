import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { moduleStatement } from '../../src/yang/module-generator.ts';
import { newModule } from '../../src/yang/module-model.ts';
import { printModule } from '../../src/yang/printer.ts';
import { treeDiagram } from '../../src/yang/tree-diagram.ts';
import { describeWith, root } from '../support/peers.ts';
import { yangdump, yanglint } from '../support/yang-tools.ts';
import { describeDevice, example, type Node, operation, read, refusal } from './support.ts';

/** A virtual device with one operation, which names no topic. */
function virtual(members: unknown, more: Node = {}, operationMore: Node = {}): Node {
  const nodes = operation('blink', operationMore).map(
    ({ 'myno:mqttTopic': _, 'myno:mqttMethod': __, ...node }) => node,
  );
  return describeDevice(nodes, { 'onem2m:consistsOf': members, ...more });
}

describe('a description that consists of others', () => {
  test('names UUIDs and categories, and no topics', async () => {
    const { members, profile, operations, dataPoints, remarks } = await read(example('virtual-floor'));
    expect(members).toEqual({ uuids: ['BOARD-0001'], categories: ['RELAY'] });
    expect(profile).toBe('virtual');
    expect(operations).toMatchObject([
      { name: 'setRelay', role: 'generic', mqttMethod: '', topic: '', answerTopic: '' },
    ]);
    expect(operations[0]).not.toHaveProperty('inputTopic');
    expect(dataPoints).toMatchObject([{ name: 'temperature', units: '°C', topic: '' }]);
    expect(remarks).toEqual([]);
  });

  test('names each member once, whatever the order', async () => {
    const several = [
      { 'mup:memberUuid': ['b-1', 'a-1'] },
      { 'mup:memberUuid': 'b-1', 'mup:memberCategory': 'LAMP' },
    ];
    for (const members of [several, [...several].reverse()])
      expect((await read(virtual(members))).members).toEqual({
        uuids: ['a-1', 'b-1'],
        categories: ['LAMP'],
      });
  });

  test('is told of topics that nobody reads', async () => {
    const { remarks } = await read(
      describeDevice(operation('blink'), { 'onem2m:consistsOf': { 'mup:memberUuid': 'a-1' } }),
    );
    expect(remarks).toEqual(['myno:op-blink myno:mqttTopic: not read, since the device consists of others.']);
  });

  test.each([
    [{}, 'A member says which devices it stands for'],
    ['RELAY', 'is an individual that says which devices'],
    [{ 'mup:memberUuid': '%s' }, 'mup:memberUuid is the UUID of a device'],
    [{ 'mup:memberUuid': 'a/b' }, 'mup:memberUuid is the UUID of a device'],
    [{ 'mup:memberUuid': { '@id': 'urn:x' } }, 'mup:memberUuid is the UUID of a device'],
    [{ 'mup:memberCategory': '' }, 'mup:memberCategory is the category of devices'],
    [
      { 'mup:memberUuid': Array.from({ length: 257 }, (_, i) => `a-${i}`) },
      'names too many devices and categories',
    ],
  ])('with a wrong member (%#) is refused', async (member, message) => {
    const { findings } = await refusal(virtual(member));
    expect(findings.map((finding) => finding.message)).toContainEqual(expect.stringContaining(message));
  });

  test('has no profile, and takes no firmware', async () => {
    const member = { 'mup:memberUuid': 'a-1' };
    const spoken = await refusal(virtual(member, { 'mup:profile': 'mup' }));
    expect(spoken.findings).toMatchObject([{ path: 'mup:profile', found: '"mup"' }]);
    const updated = await refusal(
      virtual(member, {}, { '@type': ['onem2m:Operation', 'mup:TokenOperation'] }),
    );
    expect(updated.findings).toMatchObject([{ message: expect.stringContaining('takes no firmware') }]);
  });
});

test('all others name their topics', async () => {
  const [functionality = {}, { 'myno:mqttTopic': _, ...call } = {}] = operation('blink');
  const point = { '@id': 'myno:warmth', '@type': 'onem2m:OutputDataPoint' };
  const { findings } = await refusal(describeDevice([functionality, call, point]));
  expect(findings.map(({ node, path, example: shown }) => [node, path, shown])).toEqual([
    ['myno:op-blink', 'myno:mqttTopic', expect.stringContaining('"myno:mqttTopic"')],
    ['myno:warmth', 'myno:mqttTopic', expect.stringContaining('"myno:mqttTopic"')],
  ]);
});

describe('docs/virtual-devices.md', () => {
  const guide = readFileSync(join(root, 'docs', 'virtual-devices.md'), 'utf8');

  test('shows the example as it is', () => {
    const [, text = ''] = /```json\n([\s\S]*?)```/.exec(guide) ?? [];
    const graph = JSON.parse(example('virtual-floor'))['@graph'] as Node[];
    for (const node of JSON.parse(text) as Node[]) expect(graph).toContainEqual(node);
  });

  test('shows its RPC as it is', async () => {
    const lines = treeDiagram(moduleStatement(newModule(await read(example('virtual-floor')))));
    const from = lines.findIndex((line) => line.trim() === 'rpcs:');
    const rpcs = lines.slice(from).map((line) => line.replace(/^ {2}/, ''));
    expect(guide).toContain(`\n\`\`\`\n${rpcs.join('\n')}\n\`\`\``);
  });
});

describeWith(['yanglint', 'yangdump'], 'the tools of others', () => {
  test('accept the module of the example without a word', async () => {
    const model = newModule(await read(example('virtual-floor')));
    const text = printModule(moduleStatement(model));
    expect(yanglint({ [model.name]: text })).toBe('');
    expect(yangdump({ [model.name]: text })).toBe('');
  });
});
