import { utf8 } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import { errorCode, errorMessage, PeerError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { AssemblyLimits } from '../mqtt/description-pieces.ts';
import type { DeviceLines } from '../mqtt/device-lines.ts';
import { MynoAssembler, uuidMessage } from '../mqtt/myno-pieces.ts';
import { type MynoOperation, mynoAnswerTopic, mynoTopics } from '../mqtt/topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { expireAssemblies } from './assembly-expiry.ts';
import type { RegistrationService } from './registration.ts';
import type { RegistrationSource } from './registration-source.ts';

export interface MynoBootstrapDependencies {
  readonly transport: MqttTransport;
  /** Shared with whatever asks something of these devices: they take one message at a time. */
  readonly lines: DeviceLines;
  readonly limits: AssemblyLimits;
  readonly registration: RegistrationService;
  readonly registry: DeviceRegistry;
  /**
   * Forgets a device.
   * @throws RpcError while it is updated
   */
  readonly removeDevice: (uuid: DeviceUuid) => Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** All that the prototype's devices are told. What is wrong with a description stands in the log. */
type Answer = 'OK' | 'NOTFOUND' | 'ERROR';

/**
 * The bootstrap of the MYNO prototype (mup-protocol §1): devices describe themselves on `yang/config/create`
 * and `…/update`, leave on `…/delete`, and ask on `…/retrieve` whether the bridge still holds their
 * description, so that they need not send it again. These topics do not name the device, so that no broker can
 * tell who may publish there: only devices of profile `myno` come, change and go by them.
 */
export class MynoBootstrap {
  readonly #deps: MynoBootstrapDependencies;
  readonly #create: MynoAssembler;
  readonly #update: MynoAssembler;
  #unsubscribes: readonly Unsubscribe[] = [];
  #cancels: readonly Cancel[] = [];

  constructor(deps: MynoBootstrapDependencies) {
    this.#deps = deps;
    this.#create = new MynoAssembler(deps.limits);
    this.#update = new MynoAssembler(deps.limits);
  }

  async start(): Promise<void> {
    const { clock, logger } = this.#deps;
    this.#unsubscribes = await Promise.all(mynoTopics.map((one) => this.#subscribe(...one)));
    this.#cancels = [this.#create, this.#update].map((assembler) =>
      expireAssemblies(assembler, clock, logger),
    );
  }

  async close(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    await Promise.all(this.#unsubscribes.map((unsubscribe) => unsubscribe()));
  }

  /** Tells a device that a user has accepted it. */
  accepted(uuid: DeviceUuid): void {
    this.#answer('create', uuid, 'OK');
  }

  /** A broker that keeps these topics shut has no such devices; all others are heard. */
  async #subscribe(topic: string, operation: MynoOperation): Promise<Unsubscribe> {
    const { transport, logger } = this.#deps;
    try {
      return await transport.subscribe(topic, 1, (message) => this.#receive(operation, message));
    } catch (error) {
      if (errorCode(error) !== 'mqtt-refused') throw error;
      logger.warn('devices of the prototype are not heard', { topic, reason: errorMessage(error) });
      return async () => {};
    }
  }

  #receive(operation: MynoOperation, message: MqttMessage): void {
    // What is retained is no device that asks now.
    if (message.retain) return;
    if (operation === 'create' || operation === 'update') this.#piece(operation, message);
    else this.#named(operation, message);
  }

  #piece(operation: 'create' | 'update', message: MqttMessage): void {
    const { registration, registry, clock } = this.#deps;
    const assembler = operation === 'create' ? this.#create : this.#update;
    const result = assembler.push(message, clock.monotonic());
    const source = this.#source(operation);
    if (result.kind === 'complete') {
      const { uuid, bytes } = result;
      if (operation === 'update' && registry.get(uuid) === undefined)
        this.#answer(operation, uuid, 'NOTFOUND');
      else void registration.take(uuid, bytes, source);
    }
    if (result.kind !== 'error') return;
    if (result.uuid === undefined) registration.refuseUnnamed(message.topic);
    else registration.refuse(result.uuid, new PeerError(result.code, result.text), source);
  }

  #named(operation: 'delete' | 'retrieve', { topic, payload }: MqttMessage): void {
    const { registration, registry } = this.#deps;
    const uuid = uuidMessage(payload);
    if (uuid === undefined) registration.refuseUnnamed(topic);
    // After what the device sent before.
    else
      void registration.inTurn(uuid, async () => {
        if (registry.get(uuid) === undefined) this.#answer(operation, uuid, 'NOTFOUND');
        else this.#answer(operation, uuid, operation === 'retrieve' ? 'OK' : await this.#delete(uuid));
      });
  }

  async #delete(uuid: DeviceUuid): Promise<Answer> {
    const { registration, removeDevice, logger } = this.#deps;
    try {
      registration.checkSource(uuid, this.#source('delete'));
      registration.checkUnsigned(uuid);
      await removeDevice(uuid);
      return 'OK';
    } catch (error) {
      logger.warn('a device was not removed', { uuid, reason: errorMessage(error) });
      return 'ERROR';
    }
  }

  #source(operation: MynoOperation): RegistrationSource {
    return {
      profiles: ['myno'],
      answer: (uuid, { kind }) => {
        // One that waits sends its description once a boot: it hears of it when a user has decided.
        if (kind !== 'pending') this.#answer(operation, uuid, kind === 'registered' ? 'OK' : 'ERROR');
      },
    };
  }

  #answer(operation: MynoOperation, uuid: DeviceUuid, answer: Answer): void {
    const { transport, lines, logger } = this.#deps;
    const publish = (): Promise<void> => transport.publish(mynoAnswerTopic(operation, uuid), utf8(answer));
    const asked = operation === 'delete' || operation === 'retrieve';
    // A device that has asked something waits for the answer. One that was started may have been asked meanwhile.
    (asked ? publish() : lines.tell(uuid, publish)).catch((error) =>
      logger.warn('a device was not answered', { uuid, reason: errorMessage(error) }),
    );
  }
}
