import { describe, expect, test } from '@jest/globals';
import type { DeviceDescription } from '../../src/base/description.ts';
import { type DeviceUuid, deviceUuid } from '../../src/base/ids.ts';
import { TopicOwners } from '../../src/bridge/topic-owners.ts';
import type { DeviceRegistry } from '../../src/registry/device-registry.ts';
import { description, operation } from '../support/example-description.ts';

const short = deviceUuid('a');
const mine = deviceUuid('mine');

/** A registry of described devices, which counts how often it is asked what one of them describes. */
function registryOf(...devices: readonly DeviceDescription[]) {
  const described = new Map(devices.map((one) => [one.uuid, one]));
  const asked: DeviceUuid[] = [];
  const registry = {
    isPending: () => false,
    describe: (uuid: DeviceUuid) => {
      asked.push(uuid);
      return described.get(uuid);
    },
    all: () => [],
  } as unknown as DeviceRegistry;
  return { registry, asked };
}

function withTopics(uuid: DeviceUuid, topics: readonly string[]): DeviceDescription {
  return description({
    uuid,
    operations: topics.map((topic, i) => operation(`o${i}`, { topic, answerTopic: `mup/response/${uuid}` })),
    dataPoints: [],
  });
}

describe('the owners of topics', () => {
  const other = withTopics(short, ['lamp/mine/a', 'lamp/a']);

  test('a topic of a device that it names is its own, whoever else it names', () => {
    const owners = new TopicOwners(registryOf(other).registry);
    expect(() => owners.check(withTopics(mine, ['lamp/mine/a']), false)).toThrow(
      expect.objectContaining({ code: 'bad-topic', message: expect.stringContaining('device a') }),
    );
    owners.check(withTopics(mine, ['lamp/a/mine', 'a/a/mine']), false);
  });

  test('a device is looked up once, however often a description names it: that holds up everybody else', () => {
    const { registry, asked } = registryOf(other);
    const topics = Array.from({ length: 50 }, (_, i) => `t${i}/${'a/'.repeat(200)}mine`);
    new TopicOwners(registry).check(withTopics(mine, topics), false);
    expect(asked.filter((uuid) => uuid === short)).toHaveLength(1);
  });
});
