import { utf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import { errorCode, errorMessage, MupError, PeerError } from '../base/errors.ts';
import { type DeviceUuid, isDeviceUuid, isDigest } from '../base/ids.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { Logger } from '../base/logger.ts';
import type { DescriptionAssembler } from '../mqtt/description-pieces.ts';
import {
  checkDeviceTopic,
  descriptionFilter,
  descriptionStatusTopic,
  type TopicUse,
  uuidOfTopic,
} from '../mqtt/topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { type Endorsement, formatRegistrationAnswer, formatRegistrationError } from '../mup/endorsement.ts';
import type { DescriptionReader } from '../ontology/description-reader.ts';
import { type DescriptionTemplate, instantiate } from '../ontology/description-template.ts';
import type { DeviceRegistry, Registration } from '../registry/device-registry.ts';

export interface RegistrationDependencies {
  readonly transport: MqttTransport;
  readonly assembler: DescriptionAssembler;
  readonly reader: DescriptionReader;
  readonly registry: DeviceRegistry;
  /** The update server's key as devices are told it. */
  readonly endorsement: Endorsement;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a device is registered, before it is answered. */
  readonly onRegistered: (registration: Registration, description: DeviceDescription) => Promise<void>;
}

/** Counters for the statistics of `mup-bridge`. */
export interface RegistrationStatistics {
  accepted: number;
  refused: number;
}

const expiryIntervalMs = 5000;
const maxRemembered = 1000;
const digestReference = /^sha256:([0-9a-f]{64})$/;

/**
 * Devices register themselves (mup-protocol §1): pieces become a description, the description is read
 * and checked as a whole, and the device is answered with the update server's key, or with what is
 * wrong and where. A refused description leaves an earlier registration as it was.
 */
export class RegistrationService {
  readonly statistics: RegistrationStatistics = { accepted: 0, refused: 0 };
  readonly #deps: RegistrationDependencies;
  readonly #queue = new KeyedQueue<DeviceUuid>();
  /** The last refusal of each device, so that a device that tries again is logged once. */
  readonly #refusals = new Map<DeviceUuid, string>();
  #unsubscribe: Unsubscribe = async () => {};
  #cancelExpiry: () => void = () => {};

  constructor(deps: RegistrationDependencies) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#unsubscribe = await this.#deps.transport.subscribe(descriptionFilter, 1, (message) =>
      this.#receive(message),
    );
    this.#expire();
  }

  async close(): Promise<void> {
    this.#cancelExpiry();
    await this.#unsubscribe();
  }

  #expire(): void {
    const { assembler, clock, logger } = this.#deps;
    for (const { uuid, received, count } of assembler.expire(clock.monotonic()))
      logger.warn('a description was not completed', { uuid, received, count });
    this.#cancelExpiry = clock.schedule(expiryIntervalMs, () => this.#expire());
  }

  #receive({ topic, payload }: MqttMessage): void {
    const { assembler, clock, logger } = this.#deps;
    const uuid = uuidOfTopic(descriptionFilter, topic);
    if (uuid === undefined) {
      this.statistics.refused += 1;
      logger.warn('a description came under a name that is no device UUID', { topic: topic.slice(0, 120) });
      return;
    }
    const result = assembler.push(uuid, payload, clock.monotonic());
    if (result.kind === 'error') this.#refuse(uuid, new PeerError(result.code, result.text));
    if (result.kind === 'complete') void this.#queue.run(uuid, () => this.#register(uuid, result.bytes));
  }

  async #register(uuid: DeviceUuid, bytes: Uint8Array): Promise<void> {
    const { registry, endorsement, logger, onRegistered } = this.#deps;
    try {
      const template = await this.#template(uuid, bytes);
      const description = instantiate(template, uuid);
      checkTopics(description, registry);
      const registration = await registry.register(uuid, template);
      await onRegistered(registration, description);
      this.statistics.accepted += 1;
      this.#refusals.delete(uuid);
      for (const reason of registration.contradictions)
        logger.warn('a description contradicts the module of its category and got a variant of it', {
          uuid,
          module: registration.model.name,
          reason,
        });
      logger.info(`device ${registration.outcome}`, {
        uuid,
        category: description.category,
        module: registration.model.name,
      });
      this.#answer(uuid, formatRegistrationAnswer(endorsement));
    } catch (error) {
      this.#refuse(uuid, error);
    }
  }

  /** Reads a description, or finds the one that a digest names. */
  async #template(uuid: DeviceUuid, bytes: Uint8Array): Promise<DescriptionTemplate> {
    const reference =
      bytes.length === 71 ? digestReference.exec(String.fromCharCode(...bytes))?.[1] : undefined;
    if (reference === undefined || !isDigest(reference)) return this.#deps.reader.read(uuid, bytes);
    const template = this.#deps.registry.template(reference);
    if (template !== undefined) return template;
    throw new PeerError('unknown-digest', `no description with digest ${reference} is known`, {
      hint: 'Send the description in full.',
    });
  }

  #refuse(uuid: DeviceUuid, error: unknown): void {
    const { logger } = this.#deps;
    this.statistics.refused += 1;
    const code = errorCode(error) ?? 'internal';
    const known = error instanceof MupError;
    const text = known ? refusalText(error) : 'the bridge could not process the description';
    this.#answer(uuid, formatRegistrationError(code, text));
    const fields = { uuid, code, reason: known ? text : errorMessage(error) };
    if (this.#refusals.get(uuid) === text) logger.debug('description refused again', fields);
    else logger[known ? 'warn' : 'error']('description refused', fields);
    if (this.#refusals.size >= maxRemembered) this.#refusals.clear();
    this.#refusals.set(uuid, text);
  }

  #answer(uuid: DeviceUuid, text: string): void {
    this.#deps.transport
      .publish(descriptionStatusTopic(uuid), utf8(text))
      .catch((error) =>
        this.#deps.logger.warn('a device was not answered', { uuid, reason: errorMessage(error) }),
      );
  }
}

function refusalText({ message, where, hint }: MupError): string {
  const place = where === undefined ? '' : ` (${where})`;
  return `${message}${place}${hint === undefined ? '' : ` ${hint}`}`;
}

/** @throws PeerError `bad-topic` when a description names a topic that it may not */
function checkTopics(description: DeviceDescription, registry: DeviceRegistry): void {
  const { uuid, operations, dataPoints } = description;
  for (const { topic, answerTopic, inputTopic, acknowledgementTopic } of operations) {
    for (const own of [topic, inputTopic, acknowledgementTopic])
      if (own !== undefined) checkTopic(own, uuid, 'own', registry);
    checkTopic(answerTopic, uuid, 'answer', registry);
  }
  for (const { topic } of dataPoints) checkTopic(topic, uuid, 'own', registry);
}

/** A device's UUID may be an ordinary word, so a topic must not hold that of another device either. */
function checkTopic(topic: string, uuid: DeviceUuid, use: TopicUse, registry: DeviceRegistry): void {
  checkDeviceTopic(topic, uuid, use);
  const other = topic
    .split('/')
    .find((level) => level !== uuid && isDeviceUuid(level) && registry.get(level) !== undefined);
  if (other !== undefined)
    throw new PeerError('bad-topic', `topic ${JSON.stringify(topic)} belongs to device ${other}`, {
      hint: 'A device names topics of its own only.',
    });
}
