import type { DeviceDescription, Operation } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { checkDeviceTopic, checkInstalledTopic } from '../mqtt/topics.ts';
import type { Finding } from '../ontology/description-error.ts';
import type { TopicUse } from './check-report.ts';

/** The topics that a description names, each once, with what they are for; a virtual device has none. */
export function topicUses({ operations, dataPoints }: DeviceDescription): TopicUse[] {
  const uses = [
    ...operations.flatMap(operationUses),
    ...dataPoints.map(({ topic, name }) => use(topic, 'publishes', name)),
  ];
  const merged = new Map<string, TopicUse>();
  for (const one of uses.filter(({ topic }) => topic !== '')) {
    const key = `${one.direction} ${one.topic}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? one : { ...known, use: `${known.use}, ${one.use}` });
  }
  return [...merged.values()];
}

/**
 * Topics that this device may not name (design, “Order of trust”). Which of them belong to other devices is
 * what a running bridge knows. What only an operator may install need not hold the UUID.
 * @param description of one device, without placeholders
 */
export function topicFaults(description: DeviceDescription): Finding[] {
  const { uuid, profile, operations, dataPoints } = description;
  const checkTopic = profile === 'native' ? checkInstalledTopic : checkDeviceTopic;
  const uses = [
    ...operations.flatMap(({ name, topic, inputTopic, acknowledgementTopic, answerTopic }) => [
      ...[topic, inputTopic, acknowledgementTopic].map((own) => [name, own, 'own'] as const),
      [name, answerTopic, 'answer'] as const,
    ]),
    ...dataPoints.map(({ name, topic }) => [name, topic, 'own'] as const),
  ];
  const faults = new Map<string, Finding>();
  for (const [node, topic, kind] of uses) {
    if (topic === undefined || topic === '' || faults.has(topic)) continue;
    try {
      checkTopic(topic, uuid, kind);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      const { message, hint: expected = '' } = error;
      faults.set(topic, {
        ...{ node, path: 'myno:mqttTopic', found: JSON.stringify(topic), expected },
        message: `${message}.`,
        example: '"myno:mqttTopic": "actuator/relay"',
      });
    }
  }
  return [...faults.values()];
}

function operationUses({
  name,
  topic,
  answerTopic,
  answered,
  inputTopic,
  acknowledgementTopic,
}: Operation): TopicUse[] {
  return [
    use(topic, 'subscribes', name),
    ...(answered === 'none' ? [] : [use(answerTopic, 'publishes', `answers of ${name}`)]),
    ...(inputTopic === undefined ? [] : [use(inputTopic, 'subscribes', `slices of ${name}`)]),
    ...(acknowledgementTopic === undefined
      ? []
      : [use(acknowledgementTopic, 'publishes', `acknowledgements of ${name}`)]),
  ];
}

function use(topic: string, direction: TopicUse['direction'], text: string): TopicUse {
  return { topic, direction, use: text };
}
