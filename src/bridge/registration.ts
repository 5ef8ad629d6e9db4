import { utf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { AcceptancePolicy } from '../base/config.ts';
import type { DeviceDescription } from '../base/description.ts';
import { errorMessage, PeerError, UnavailableError } from '../base/errors.ts';
import { type DeviceUuid, isDigest } from '../base/ids.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { LogFields, Logger } from '../base/logger.ts';
import type { DescriptionAssembler } from '../mqtt/description-pieces.ts';
import { descriptionFilter, descriptionStatusTopic, uuidOfTopic } from '../mqtt/topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { type Endorsement, formatRegistrationAnswer, formatRegistrationError } from '../mup/endorsement.ts';
import type { DescriptionReader } from '../ontology/description-reader.ts';
import { type DescriptionTemplate, instantiate } from '../ontology/description-template.ts';
import type { DeviceRegistry, Registration } from '../registry/device-registry.ts';
import { withLeafNames } from '../yang/identifiers.ts';
import { checkTopics } from './topic-owners.ts';

export interface RegistrationDependencies {
  readonly transport: MqttTransport;
  readonly assembler: DescriptionAssembler;
  readonly reader: DescriptionReader;
  readonly registry: DeviceRegistry;
  /** The update server's key as devices are told it. */
  readonly endorsement: Endorsement;
  /** Which devices are accepted. */
  readonly acceptanceOf: (uuid: DeviceUuid, description: DeviceDescription) => AcceptancePolicy;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a device is registered, before it is answered. */
  readonly onRegistered: (registration: Registration, description: DeviceDescription) => Promise<void>;
  /** Called when a device waits to be accepted that did not before, or not with this description. */
  readonly onPending: (uuid: DeviceUuid, description: DeviceDescription) => void;
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
  /** Devices whose description is being taken, each with the newest one that came meanwhile. */
  readonly #taking = new Map<DeviceUuid, Uint8Array | undefined>();
  /** What is done to the registration of one device goes one after the other. */
  readonly #turns = new KeyedQueue<DeviceUuid>();
  /** The last refusal of each name, so that a device that tries again is logged once. */
  readonly #refusals = new Map<string, string>();
  #unsubscribe: Unsubscribe = async () => {};
  #cancelExpiry: () => void = () => {};
  #closed = false;

  constructor(deps: RegistrationDependencies) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#unsubscribe = await this.#deps.transport.subscribe(descriptionFilter, 1, (message) =>
      this.#receive(message),
    );
    this.#expire();
  }

  /** What is being read is given up without an answer: the device asks again. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelExpiry();
    await this.#unsubscribe();
  }

  /**
   * Accepts a device that is pending: it is registered and told so.
   * @returns whether it was pending
   * @throws PeerError, UnavailableError where it cannot be registered any more; it is pending still then
   */
  accept(uuid: DeviceUuid): Promise<boolean> {
    return this.#turns.run(uuid, async () => {
      const { registry } = this.#deps;
      const description = registry.isPending(uuid) ? registry.describe(uuid) : undefined;
      if (description === undefined) return false;
      // Meanwhile another device may have taken its topics.
      checkTopics(description, registry);
      const registration = await registry.accept(uuid);
      if (registration !== undefined) await this.#registered(registration, description);
      return true;
    });
  }

  #expire(): void {
    const { assembler, clock, logger } = this.#deps;
    for (const { uuid, received, count } of assembler.expire(clock.monotonic()))
      logger.warn('a description was not completed', { uuid, received, count });
    this.#cancelExpiry = clock.schedule(expiryIntervalMs, () => this.#expire());
  }

  #receive({ topic, payload }: MqttMessage): void {
    const { assembler, clock } = this.#deps;
    const uuid = uuidOfTopic(descriptionFilter, topic);
    if (uuid === undefined) {
      const name = topic.slice(0, 120);
      this.statistics.refused += 1;
      this.#logRefusal(name, 'warn', 'bad-uuid', {
        topic: name,
        reason: 'a description came under a name that is no device UUID',
      });
      return;
    }
    const result = assembler.push(uuid, payload, clock.monotonic());
    if (result.kind === 'error') this.#refuse(uuid, new PeerError(result.code, result.text));
    if (result.kind === 'complete') void this.#take(uuid, result.bytes);
  }

  /**
   * Descriptions of one device are taken one after the other. Of those that wait only the newest counts, so
   * that a device that sends faster than it can be read costs no memory.
   */
  async #take(uuid: DeviceUuid, bytes: Uint8Array): Promise<void> {
    if (this.#taking.has(uuid)) {
      this.#taking.set(uuid, bytes);
      return;
    }
    for (let next: Uint8Array | undefined = bytes; next !== undefined; next = this.#taking.get(uuid)) {
      this.#taking.set(uuid, undefined);
      const bytes = next;
      await this.#turns.run(uuid, () => this.#register(uuid, bytes));
    }
    this.#taking.delete(uuid);
  }

  async #register(uuid: DeviceUuid, bytes: Uint8Array): Promise<void> {
    const { registry } = this.#deps;
    try {
      const read = await this.#template(uuid, bytes);
      // A sibling's template is the one that is held already.
      const template = registry.template(read.digest) ?? {
        ...read,
        description: withLeafNames(read.description),
      };
      const description = instantiate(template, uuid);
      checkTopics(description, registry);
      if (this.#mayRegister(uuid, description))
        await this.#registered(await registry.register(uuid, template), description);
      else await this.#hold(uuid, template, description);
    } catch (error) {
      this.#refuse(uuid, error);
    }
  }

  /** A device that was accepted once stays so, whatever the policy is now. */
  #mayRegister(uuid: DeviceUuid, description: DeviceDescription): boolean {
    const { registry, acceptanceOf } = this.#deps;
    if (registry.get(uuid) !== undefined && !registry.isPending(uuid)) return true;
    return acceptanceOf(uuid, description) === 'open';
  }

  async #registered(registration: Registration, description: DeviceDescription): Promise<void> {
    const { endorsement, onRegistered } = this.#deps;
    const { uuid } = registration.device;
    await onRegistered(registration, description);
    this.statistics.accepted += 1;
    this.#refusals.delete(uuid);
    this.#report(registration, description);
    this.#answer(uuid, formatRegistrationAnswer(endorsement));
  }

  /** The device asks again after a while, as after a refusal, and is answered at once when it is accepted. */
  async #hold(
    uuid: DeviceUuid,
    template: DescriptionTemplate,
    description: DeviceDescription,
  ): Promise<void> {
    const { registry, logger, onPending } = this.#deps;
    const isNew = await registry.hold(uuid, template);
    this.#refusals.delete(uuid);
    this.#answer(uuid, formatRegistrationError('pending', 'the device waits until a user accepts it'));
    if (!isNew) return;
    logger.info('device pending', { uuid, category: description.category });
    onPending(uuid, description);
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

  #report({ device, model, outcome, contradictions }: Registration, { category }: DeviceDescription): void {
    const { logger } = this.#deps;
    const { uuid } = device;
    for (const reason of outcome === 'confirmed' ? [] : contradictions)
      logger.warn('a description contradicts the module of its category and got a variant of it', {
        uuid,
        module: model.name,
        reason,
      });
    logger.info(`device ${outcome}`, { uuid, category, module: model.name });
  }

  #refuse(uuid: DeviceUuid, error: unknown): void {
    if (this.#closed) return;
    this.statistics.refused += 1;
    const { code, text, foreseen } = refusalOf(error);
    this.#answer(uuid, formatRegistrationError(code, text));
    this.#logRefusal(uuid, foreseen ? 'warn' : 'error', `${code} ${text}`, {
      uuid,
      code,
      reason: foreseen ? text : errorMessage(error),
    });
  }

  /** Once for each reason: whoever is refused tries again. */
  #logRefusal(name: string, level: 'warn' | 'error', refusal: string, fields: LogFields): void {
    const { logger } = this.#deps;
    if (this.#refusals.get(name) === refusal) logger.debug('description refused again', fields);
    else logger[level]('description refused', fields);
    if (this.#refusals.size >= maxRemembered) this.#refusals.clear();
    this.#refusals.set(name, refusal);
  }

  #answer(uuid: DeviceUuid, text: string): void {
    this.#deps.transport
      .publish(descriptionStatusTopic(uuid), utf8(text))
      .catch((error) =>
        this.#deps.logger.warn('a device was not answered', { uuid, reason: errorMessage(error) }),
      );
  }
}

/** What a device is told: what it or its bridge's operator can mend, and nothing of our own insides. */
function refusalOf(error: unknown): {
  readonly code: string;
  readonly text: string;
  readonly foreseen: boolean;
} {
  if (!(error instanceof PeerError || error instanceof UnavailableError))
    return { code: 'internal', text: 'the bridge could not process the description', foreseen: false };
  const { code, message, where, hint } = error;
  const place = where === undefined ? '' : ` (${where})`;
  return {
    // `busy` is what devices try again after (mup-protocol §1).
    code: code === 'reader-busy' ? 'busy' : code,
    text: `${message}${place}${hint === undefined ? '' : ` ${hint}`}`,
    foreseen: true,
  };
}
