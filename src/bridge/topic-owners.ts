import type { DeviceDescription } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { type DeviceUuid, isDeviceUuid } from '../base/ids.ts';
import { checkDeviceTopic, checkInstalledTopic, type TopicUse } from '../mqtt/topics.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';

const none: ReadonlySet<string> = new Set();

/** Which topics a device may name: those of other devices and of the bridge it may not. */
export class TopicOwners {
  readonly #registry: DeviceRegistry;
  /** Topics of devices that an operator has described, which need not hold a UUID. Made when it is needed. */
  #installed: Map<string, DeviceUuid> | undefined;

  constructor(registry: DeviceRegistry) {
    this.#registry = registry;
  }

  /**
   * @param installed whether an operator has installed the description
   * @throws PeerError `bad-topic` when a description names a topic that it may not
   */
  check(description: DeviceDescription, installed: boolean): void {
    const { uuid } = description;
    const checkOne = installed ? checkInstalledTopic : checkDeviceTopic;
    const others = new Map<DeviceUuid, ReadonlySet<string>>();
    for (const [topic, use] of topicsOf(description)) {
      checkOne(topic, uuid, use);
      const owner = this.#namedIn(topic, uuid, others) ?? this.#installedOwner(topic, uuid);
      if (owner !== undefined)
        throw new PeerError('bad-topic', `topic ${JSON.stringify(topic)} belongs to device ${owner}`, {
          hint: 'A device names topics of its own only.',
        });
    }
  }

  /** A description was installed, or a device with one was forgotten. */
  installedChanged(): void {
    this.#installed = undefined;
  }

  /**
   * A device's UUID may be an ordinary word, so that a topic can hold those of two devices: it belongs to the
   * one that named it first. That another device is called as one of its levels is no reason to refuse it,
   * or a device called `mup` would keep all others out.
   * @param others topics of devices, each looked up once: a description may name them a hundred thousand times
   */
  #namedIn(
    topic: string,
    uuid: DeviceUuid,
    others: Map<DeviceUuid, ReadonlySet<string>>,
  ): DeviceUuid | undefined {
    for (const level of topic.split('/')) {
      if (!isDeviceUuid(level) || level === uuid) continue;
      const topics = others.get(level) ?? this.#servedTopics(level);
      others.set(level, topics);
      if (topics.has(topic)) return level;
    }
    return undefined;
  }

  /** A device that nobody has accepted keeps nobody from a topic. */
  #servedTopics(uuid: DeviceUuid): ReadonlySet<string> {
    const description = this.#registry.isPending(uuid) ? undefined : this.#registry.describe(uuid);
    return description === undefined ? none : new Set(topicsOf(description).map(([topic]) => topic));
  }

  #installedOwner(topic: string, uuid: DeviceUuid): DeviceUuid | undefined {
    this.#installed ??= this.#installedTopics();
    const owner = this.#installed.get(topic);
    return owner === uuid ? undefined : owner;
  }

  #installedTopics(): Map<string, DeviceUuid> {
    const owners = new Map<string, DeviceUuid>();
    for (const { uuid, installed } of this.#registry.all()) {
      const description = installed === true ? this.#registry.describe(uuid) : undefined;
      for (const [topic] of description === undefined ? [] : topicsOf(description)) owners.set(topic, uuid);
    }
    return owners;
  }
}

/** Every topic that a description names; that of a virtual device names none. */
function topicsOf({ operations, dataPoints, members }: DeviceDescription): (readonly [string, TopicUse])[] {
  if (members !== undefined) return [];
  const topics: (readonly [string | undefined, TopicUse])[] = [
    ...operations.flatMap(({ topic, answerTopic, inputTopic, acknowledgementTopic }) => [
      ...[topic, inputTopic, acknowledgementTopic].map((own) => [own, 'own'] as const),
      [answerTopic, 'answer'] as const,
    ]),
    ...dataPoints.map(({ topic }) => [topic, 'own'] as const),
  ];
  return topics.flatMap(([topic, use]) => (topic === undefined ? [] : [[topic, use] as const]));
}
