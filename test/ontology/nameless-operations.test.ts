import { describe, expect, test } from '@jest/globals';
import { describeDevice, id, type Node, operation, read, refusal } from './support.ts';

describe('an operation without a name', () => {
  const nameless = { '@type': 'onem2m:Operation', 'myno:mqttMethod': 'X', 'myno:mqttTopic': 't/x' };
  const service = (more: Node): Node => ({
    ...id('service'),
    'onem2m:hasOperation': { ...nameless, ...more },
  });

  test('is refused where no functionality gives it one: labels of blank nodes are nobody’s', async () => {
    const { findings } = await refusal(describeDevice([service({})]));
    expect(findings[0]).toMatchObject({ node: 'a node without @id', path: '@id' });
  });

  test('has that of its functionality', async () => {
    const [functionality] = operation('call');
    const command = { 'onem2m:exposesCommand': id('cmd-call') };
    const { operations } = await read(describeDevice([service(command), functionality ?? {}]));
    expect(operations.map(({ name }) => name)).toEqual(['call']);
  });
});
