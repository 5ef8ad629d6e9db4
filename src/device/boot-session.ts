import type { Operation } from '../base/description.ts';
import { type DeviceUuid, deviceUuid } from '../base/ids.ts';
import { leaves } from '../base/leaves.ts';
import { abortImage, finishImage } from '../mup/image-requests.ts';
import type { DeviceStateName } from '../mup/states.ts';
import { answerOf } from './behaviour.ts';
import { DeviceKeys } from './device-keys.ts';
import type { DeviceEventListener } from './events.ts';
import { stateOf } from './fields.ts';
import type { Firmware } from './firmware.ts';
import { inputFault } from './input-check.ts';
import { manifestOf } from './manifest-request.ts';
import { type DeviceAgentOptions, defaultDeviceLimits } from './options.ts';
import { signedByDevice } from './own-signature.ts';
import { onlinePresence } from './presence.ts';
import { PresenceKeeper } from './presence-keeper.ts';
import { Registrar } from './registrar.ts';
import { type Respond, RpcServer } from './rpc-server.ts';
import { Telemetry } from './telemetry.ts';
import { type TransferState, UpdateReceiver } from './update-receiver.ts';
import { UpdateRunner } from './update-runner.ts';
import { vendorKeyOf } from './vendor-key.ts';

/**
 * A device from one boot to the next: what it holds in memory only, and all that it does on the broker.
 * Nothing of it outlives a restart but what is in {@link Firmware}.
 */
export class BootSession {
  readonly #options: DeviceAgentOptions;
  readonly #uuid: DeviceUuid;
  readonly #firmware: Firmware;
  readonly #emit: DeviceEventListener;
  readonly #requests: RpcServer;
  readonly #updates: UpdateRunner;
  readonly #registrar: Registrar;
  readonly #keys: DeviceKeys;
  readonly #presence: PresenceKeeper;
  readonly #telemetry: Telemetry;
  #stopListening: () => void = () => {};
  #ready = false;
  #stopped = false;

  constructor(
    options: DeviceAgentOptions,
    firmware: Firmware,
    emit: DeviceEventListener,
    restart: () => void,
  ) {
    const { description, transport, telemetryIntervalMs, deps } = options;
    this.#options = options;
    this.#uuid = deviceUuid(description.uuid);
    this.#firmware = firmware;
    this.#emit = emit;
    this.#requests = new RpcServer({
      description,
      transport,
      logger: deps.logger,
      handle: (operation, inputs, respond) => this.#handle(operation, inputs, respond),
    });
    this.#updates = this.#createUpdates(restart);
    this.#presence = new PresenceKeeper({
      ...deps,
      uuid: this.#uuid,
      transport,
      online: () => onlinePresence(this.#uuid, firmware.record, options.signKey, deps.scheme),
    });
    this.#keys = new DeviceKeys({
      ...options,
      ...deps,
      firmware,
      emit,
      onServerKey: () => void this.#presence.publish(),
    });
    this.#registrar = this.#createRegistrar();
    this.#telemetry = new Telemetry({
      dataPoints: description.dataPoints,
      transport,
      intervalMs: telemetryIntervalMs,
      clock: deps.clock,
      random: deps.random,
      logger: deps.logger,
    });
  }

  /**
   * Subscribes, says that the device is there and registers it. Resolves when all that stands, which may
   * wait for the first connection.
   */
  async start(interrupted: TransferState | undefined): Promise<void> {
    const { transport } = this.#options;
    this.#warnWithoutVendorKey();
    this.#stopListening = transport.onState((state) => {
      if (state === 'online') void this.#connected();
      else this.#registrar.disconnected();
    });
    if (interrupted !== undefined) this.#updates.resume(interrupted);
    await Promise.all([
      this.#subscribed(this.#requests.start()),
      this.#subscribed(this.#registrar.start()),
      this.#presence.start(),
    ]);
    if (this.#stopped) return;
    this.#ready = true;
    this.#telemetry.start();
    if (transport.state === 'online') await this.#connected();
  }

  /** Leaves everything, and what was being written is on disk then: the next boot uses the same store. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#telemetry.stop();
    await Promise.all([
      this.#requests.stop(),
      this.#registrar.stop(),
      this.#presence.stop(),
      this.#updates.stop(),
    ]);
    await this.#firmware.retire();
  }

  /** Such a device works in all but updates, and its operator shall not learn that from a failed one. */
  #warnWithoutVendorKey(): void {
    const { description, deps } = this.#options;
    if (this.#firmware.record.vendorKey !== undefined) return;
    if (!description.operations.some(({ role }) => role === 'manifest')) return;
    deps.logger.warn(
      "the device has no vendor key and refuses every update: it cannot verify a manifest's inner signature",
    );
  }

  #createUpdates(restart: () => void): UpdateRunner {
    const { description, transport, appId, slotBytes, limits, deps } = this.#options;
    const { uuid } = description;
    const firmwareOperation = description.operations.find(({ role }) => role === 'firmware');
    const receiver = new UpdateReceiver({
      facts: () => {
        const { version, serverKey, vendorKey } = this.#firmware.record;
        return { uuid, appId, version, slotBytes, serverKey: serverKey?.key, vendorKey, scheme: deps.scheme };
      },
      random: deps.random,
      startSha256: deps.startSha256,
      limits: { ...defaultDeviceLimits, ...limits },
    });
    return new UpdateRunner({
      receiver,
      firmware: this.#firmware,
      transport,
      sliceTopic: firmwareOperation?.inputTopic ?? `mup/firmware/${uuid}/image`,
      acknowledgementTopic: firmwareOperation?.acknowledgementTopic ?? `mup/firmware/${uuid}/ack`,
      clock: deps.clock,
      logger: deps.logger,
      emit: this.#emit,
      restart,
    });
  }

  #createRegistrar(): Registrar {
    const { descriptionBytes, announceDigest, signKey, pieceBytes, limits, transport, deps } = this.#options;
    return new Registrar({
      uuid: this.#uuid,
      description: descriptionBytes,
      announceDigest,
      sign: (octets) =>
        signedByDevice(octets, {
          ...{ uuid: this.#uuid, signKey, deps },
          ...{ description: descriptionBytes, firmware: this.#firmware },
        }),
      pieceBytes,
      limits: { ...defaultDeviceLimits, ...limits },
      transport,
      clock: deps.clock,
      random: deps.random,
      logger: deps.logger,
      emit: this.#emit,
      offerKey: (offered) => this.#keys.offer(offered),
      offerUnasked: (offered) => this.#keys.offerUnasked(offered),
    });
  }

  /** A subscription that the broker refuses is its operator's to mend; the rest of the device goes on. */
  async #subscribed(subscribing: Promise<void>): Promise<void> {
    try {
      await subscribing;
    } catch (error) {
      if (!this.#stopped) this.#options.deps.logger.error('a subscription of the device failed', { error });
    }
  }

  async #connected(): Promise<void> {
    if (!this.#ready || this.#stopped) return;
    await this.#presence.publish();
    if (this.#options.transport.state === 'online') this.#registrar.connected();
  }

  /** None after the end: it would stand at the broker behind the word that the device is gone. */
  async #handle(operation: Operation, inputs: readonly string[], respond: Respond): Promise<void> {
    const respondState = async (state: DeviceStateName, outputs: readonly string[] = []): Promise<void> => {
      const spelled = stateOf(operation, state);
      await respond({ state: spelled, outputs });
      this.#emit({ kind: 'request', operation, inputs, state: spelled });
    };
    const { description } = this.#options;
    switch (operation.role) {
      case 'token':
        return this.#token(operation, inputs, respondState);
      case 'manifest':
        return this.#updates.run(
          (receiver, now) =>
            receiver.receiveManifest(manifestOf(operation, inputs, description.maxSliceSize), now),
          respondState,
        );
      case 'firmware':
        if (inputs.length !== 1) return respondState('12_ERROR');
        if (inputs[0] === finishImage) return this.#updates.run((one) => one.receiveFin(), respondState);
        if (inputs[0] === abortImage) return this.#updates.run((one) => one.receiveAbort(), respondState);
        return respondState('12_ERROR');
      case 'vendor-key':
        return respondState(await this.#keys.rotateVendorKey(vendorKeyOf(operation, inputs)));
      default:
        return this.#generic(operation, inputs, respond);
    }
  }

  async #token(
    operation: Operation,
    inputs: readonly string[],
    respondState: (state: DeviceStateName, outputs?: readonly string[]) => Promise<void>,
  ): Promise<void> {
    if (inputs.length > 0) return respondState('12_ERROR');
    const { nonce, version } = this.#updates.issueToken();
    const values = { deviceUuid: this.#uuid, nonce, firmwareVersion: String(version) };
    const outputs = leaves(operation.outputs).map(
      ({ role }) => Object.entries(values).find(([name]) => name === role)?.[1] ?? '',
    );
    await respondState('10_OK', outputs);
    this.#emit({ kind: 'token-issued', nonce, version });
  }

  async #generic(operation: Operation, inputs: readonly string[], respond: Respond): Promise<void> {
    const { behaviour, deps } = this.#options;
    const fault = inputFault(operation, inputs);
    if (fault !== undefined) deps.logger.warn('a request was refused', { operation: operation.name, fault });
    const answer =
      fault === undefined
        ? answerOf(operation, behaviour?.(operation, inputs), deps.random, deps.clock.now())
        : { state: stateOf(operation, '12_ERROR'), outputs: [] };
    await respond(answer);
    if (fault === undefined) this.#emit({ kind: 'state-changed', operation, inputs });
    this.#emit({ kind: 'request', operation, inputs, state: answer.state });
  }
}
