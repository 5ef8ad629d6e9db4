import type { DeviceDescription } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { type DeviceUuid, isDeviceUuid } from '../base/ids.ts';
import { checkDeviceTopic, type TopicUse } from '../mqtt/topics.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';

/** @throws PeerError `bad-topic` when a description names a topic that it may not */
export function checkTopics(description: DeviceDescription, registry: DeviceRegistry): void {
  const { uuid, operations, dataPoints } = description;
  for (const { topic, answerTopic, inputTopic, acknowledgementTopic } of operations) {
    for (const own of [topic, inputTopic, acknowledgementTopic])
      if (own !== undefined) checkTopic(own, uuid, 'own', registry);
    checkTopic(answerTopic, uuid, 'answer', registry);
  }
  for (const { topic } of dataPoints) checkTopic(topic, uuid, 'own', registry);
}

/**
 * A device's UUID may be an ordinary word, so that a topic can hold those of two devices: it belongs to the
 * one that named it first. That another device is called as one of its levels is no reason to refuse it,
 * or a device called `mup` would keep all others out.
 */
function checkTopic(topic: string, uuid: DeviceUuid, use: TopicUse, registry: DeviceRegistry): void {
  checkDeviceTopic(topic, uuid, use);
  const owner = topic
    .split('/')
    .find((level) => level !== uuid && isDeviceUuid(level) && isServedAt(registry, level, topic));
  if (owner !== undefined)
    throw new PeerError('bad-topic', `topic ${JSON.stringify(topic)} belongs to device ${owner}`, {
      hint: 'A device names topics of its own only.',
    });
}

/** A device that nobody has accepted keeps nobody from a topic. */
function isServedAt(registry: DeviceRegistry, uuid: DeviceUuid, topic: string): boolean {
  const description = registry.isPending(uuid) ? undefined : registry.describe(uuid);
  if (description === undefined) return false;
  const { operations, dataPoints } = description;
  return (
    dataPoints.some((point) => point.topic === topic) ||
    operations.some((operation) =>
      [operation.topic, operation.answerTopic, operation.inputTopic, operation.acknowledgementTopic].includes(
        topic,
      ),
    )
  );
}
