import { utf8 } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import { errorMessage, PeerError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { DescriptionAssembler } from '../mqtt/description-pieces.ts';
import { descriptionFilter, descriptionStatusTopic, uuidOfTopic } from '../mqtt/topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { describedSuites } from '../mup/described-suites.ts';
import { formatRegistrationAnswer, formatRegistrationError } from '../mup/endorsement.ts';
import { heldSuites, keysFor, type ServerKey } from '../mup/server-keys.ts';
import { suiteNames } from '../mup/suites.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { expireAssemblies } from './assembly-expiry.ts';
import type { RegistrationService } from './registration.ts';
import type { RegistrationOutcome, RegistrationSource } from './registration-source.ts';
import type { ServerKeys } from './server-keys.ts';

export interface MupBootstrapDependencies {
  readonly transport: MqttTransport;
  readonly assembler: DescriptionAssembler;
  readonly registration: RegistrationService;
  readonly serverKeys: Pick<ServerKeys, 'active'>;
  readonly registry: Pick<DeviceRegistry, 'kind'>;
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
    void this.#send(uuid, this.#texts(uuid, outcome));
  }

  /** Tells a registered device of all keys, or of these, unasked. Resolves when they are sent; never rejects. */
  announce(uuid: DeviceUuid, keys?: readonly ServerKey[]): Promise<void> {
    return this.#send(uuid, this.#announced(uuid, keys));
  }

  async #send(uuid: DeviceUuid, texts: readonly string[]): Promise<void> {
    const { transport, logger } = this.#deps;
    try {
      await Promise.all(texts.map((text) => transport.publish(descriptionStatusTopic(uuid), utf8(text))));
    } catch (error) {
      logger.warn('a device was not answered', { uuid, reason: errorMessage(error) });
    }
  }

  /** A device that waits asks again after a while, and is answered at once when it is accepted. */
  #texts(uuid: DeviceUuid, outcome: RegistrationOutcome): readonly string[] {
    if (outcome.kind === 'registered') return this.#announced(uuid);
    if (outcome.kind === 'refused') return [formatRegistrationError(outcome.code, outcome.text)];
    return [formatRegistrationError('pending', 'the device waits until a user accepts it')];
  }

  /**
   * An answer for each key that the device may verify with, the newest first; it takes the first that its vendor has
   * endorsed.
   */
  #announced(uuid: DeviceUuid, serverKeys = this.#deps.serverKeys.active): readonly string[] {
    const { registry, logger } = this.#deps;
    const understood = describedSuites(registry.kind(uuid) ?? { operations: [] });
    const keys = keysFor(serverKeys, understood);
    if (keys.length > 0) return keys.map(({ endorsement }) => formatRegistrationAnswer(endorsement));
    const text = `the update server has keys of ${heldSuites(serverKeys)}, the device understands ${suiteNames(understood, 'and')}`;
    logger.warn('a registered device was told no key, and cannot be updated', { uuid, reason: text });
    return [formatRegistrationError('no-key-of-suite', text)];
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
