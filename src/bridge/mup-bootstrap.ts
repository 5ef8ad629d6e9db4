import { utf8 } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import { errorMessage, PeerError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { DescriptionAssembler } from '../mqtt/description-pieces.ts';
import { descriptionFilter, descriptionStatusTopic, uuidOfTopic } from '../mqtt/topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { type Endorsement, formatRegistrationAnswer, formatRegistrationError } from '../mup/endorsement.ts';
import { expireAssemblies } from './assembly-expiry.ts';
import type { RegistrationService } from './registration.ts';
import type { RegistrationOutcome, RegistrationSource } from './registration-source.ts';

export interface MupBootstrapDependencies {
  readonly transport: MqttTransport;
  readonly assembler: DescriptionAssembler;
  readonly registration: RegistrationService;
  /** The update server's key as devices are told it. */
  readonly endorsement: Endorsement;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Devices describe themselves on `mup/description/<uuid>` (mup-protocol §1), and are answered with the update
 * server's key, or with what is wrong and where.
 */
export class MupBootstrap implements RegistrationSource {
  readonly profiles = ['mup', 'myno'] as const;
  readonly #deps: MupBootstrapDependencies;
  #unsubscribe: Unsubscribe = async () => {};
  #cancelExpiry: Cancel = () => {};

  constructor(deps: MupBootstrapDependencies) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { transport, assembler, clock, logger } = this.#deps;
    this.#unsubscribe = await transport.subscribe(descriptionFilter, 1, (message) => this.#receive(message));
    this.#cancelExpiry = expireAssemblies(assembler, clock, logger);
  }

  async close(): Promise<void> {
    this.#cancelExpiry();
    await this.#unsubscribe();
  }

  answer(uuid: DeviceUuid, outcome: RegistrationOutcome): void {
    const { transport, logger } = this.#deps;
    transport
      .publish(descriptionStatusTopic(uuid), utf8(this.#text(outcome)))
      .catch((error) => logger.warn('a device was not answered', { uuid, reason: errorMessage(error) }));
  }

  /** A device that waits asks again after a while, and is answered at once when it is accepted. */
  #text(outcome: RegistrationOutcome): string {
    if (outcome.kind === 'registered') return formatRegistrationAnswer(this.#deps.endorsement);
    if (outcome.kind === 'refused') return formatRegistrationError(outcome.code, outcome.text);
    return formatRegistrationError('pending', 'the device waits until a user accepts it');
  }

  #receive({ topic, payload }: MqttMessage): void {
    const { assembler, clock, registration } = this.#deps;
    const uuid = uuidOfTopic(descriptionFilter, topic);
    if (uuid === undefined) {
      registration.refuseUnnamed(topic.slice(0, 120));
      return;
    }
    const result = assembler.push(uuid, payload, clock.monotonic());
    if (result.kind === 'error') registration.refuse(uuid, new PeerError(result.code, result.text), this);
    if (result.kind === 'complete') void registration.take(uuid, result.bytes, this);
  }
}
