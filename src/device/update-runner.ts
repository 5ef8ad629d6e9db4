import type { Cancel, Clock } from '../base/clock.ts';
import { assertNever, errorMessage } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { encodeAcknowledgement } from '../mup/slices.ts';
import type { DeviceStateName } from '../mup/states.ts';
import type { DeviceEventListener } from './events.ts';
import type { Firmware } from './firmware.ts';
import type { ReceiverEffect, TransferState, UpdateReceiver } from './update-receiver.ts';

export interface UpdateRunnerOptions {
  readonly receiver: UpdateReceiver;
  readonly firmware: Firmware;
  readonly transport: MqttTransport;
  readonly sliceTopic: string;
  readonly acknowledgementTopic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly emit: DeviceEventListener;
  /** Called when the verified image is to boot. */
  readonly restart: () => void;
}

/** Answers the request that led to an effect. */
export type RespondState = (state: DeviceStateName) => Promise<void>;

/**
 * Does what the {@link UpdateReceiver} says: one step after the other, since a step may wait for the disk
 * or the broker; slices at once, since all they need is synchronous.
 */
export class UpdateRunner {
  readonly #options: UpdateRunnerOptions;
  #tail: Promise<void> = Promise.resolve();
  /** The last thing that was done to the store. */
  #storing: Promise<void> = Promise.resolve();
  #leave: Unsubscribe | undefined;
  #cancelTick: Cancel | undefined;
  readonly #stopListening: () => void;
  #stopped = false;

  constructor(options: UpdateRunnerOptions) {
    this.#options = options;
    this.#stopListening = options.transport.onState(() => this.#connectionChanged());
  }

  /** Goes on with a download that a restart interrupted. */
  resume(interrupted: TransferState): void {
    const { receiver, clock } = this.#options;
    receiver.resume(interrupted, clock.monotonic());
    this.#connectionChanged();
    void this.#enqueue(() => [
      { kind: 'join' },
      { kind: 'event', event: { kind: 'transfer-resumed', offset: interrupted.received } },
    ]);
  }

  /** Hands out a fresh nonce; waits for nothing. */
  issueToken(): ReturnType<UpdateReceiver['issueToken']> {
    return this.#options.receiver.issueToken();
  }

  /**
   * Runs a step of the receiver after all earlier ones; resolves when its effects are done.
   * @param respond takes the step's answer; 12_ERROR when an effect before it failed
   */
  run(
    step: (receiver: UpdateReceiver, now: number) => ReceiverEffect[],
    respond: RespondState,
  ): Promise<void> {
    return this.#enqueue(() => step(this.#options.receiver, this.#options.clock.monotonic()), respond);
  }

  /**
   * Leaves the slice topic; what was downloaded stays for the next boot. Resolves when the store is at
   * rest, but does not wait for the broker: a step may hang there until the next connection.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#cancelTick?.();
    await Promise.all([this.#leaveTopic(), this.#storing.catch(() => {})]);
  }

  /** The time without a slice counts while there is a connection. */
  #connectionChanged(): void {
    const { receiver, transport, clock } = this.#options;
    if (transport.state === 'online') receiver.connected(clock.monotonic());
    else receiver.disconnected();
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#scheduleTick();
  }

  #enqueue(step: () => ReceiverEffect[], respond?: RespondState): Promise<void> {
    const done = this.#tail.then(async () => {
      if (!this.#stopped) await this.#perform(step(), respond);
      this.#scheduleTick();
    });
    this.#tail = done;
    return done;
  }

  async #perform(effects: readonly ReceiverEffect[], respond?: RespondState): Promise<void> {
    for (const effect of effects) {
      if (this.#stopped) return;
      const fault = await this.#attempt(effect, respond);
      if (fault === undefined) continue;
      if (this.#stopped) return;
      // What giving up takes may fail too; then the next boot cleans up.
      for (const last of this.#options.receiver.abandon(fault)) await this.#attempt(last);
      await respond?.('12_ERROR');
      return;
    }
  }

  /** @returns what went wrong, if anything */
  async #attempt(effect: ReceiverEffect, respond?: RespondState): Promise<string | undefined> {
    try {
      await this.#do(effect, respond);
      return undefined;
    } catch (error) {
      if (!this.#stopped)
        this.#options.logger.error('a step of the update failed', { step: effect.kind, error });
      return `${effect.kind}: ${errorMessage(error)}`;
    }
  }

  #do(effect: ReceiverEffect, respond?: RespondState): Promise<void> | undefined {
    const { firmware, emit, restart } = this.#options;
    switch (effect.kind) {
      case 'begin':
        return this.#store(firmware.begin(effect.manifest));
      case 'join':
        return this.#join();
      case 'leave':
        return this.#leaveTopic();
      case 'discard':
        return this.#store(firmware.discard());
      case 'seal':
        return this.#store(firmware.seal(effect.manifest));
      case 'answer':
        return respond?.(effect.state);
      case 'write':
        firmware.write(effect.offset, effect.bytes, effect.next);
        return undefined;
      case 'acknowledge':
        this.#acknowledge(effect.offset);
        return undefined;
      case 'event':
        emit(effect.event);
        return undefined;
      case 'restart':
        restart();
        return undefined;
      default:
        return assertNever(effect);
    }
  }

  #store(storing: Promise<void>): Promise<void> {
    this.#storing = storing;
    return storing;
  }

  async #join(): Promise<void> {
    const { transport, sliceTopic } = this.#options;
    const leave = await transport.subscribe(sliceTopic, 0, (message) => this.#receiveSlice(message));
    this.#leave = leave;
    if (this.#stopped) await this.#leaveTopic();
  }

  async #leaveTopic(): Promise<void> {
    const leave = this.#leave;
    this.#leave = undefined;
    await leave?.();
  }

  #receiveSlice({ payload, retain }: MqttMessage): void {
    // Slices are never retained (mup-protocol §3): one that is comes from somebody else.
    if (this.#stopped || retain) return;
    const { receiver, clock } = this.#options;
    const { manifest } = receiver;
    try {
      for (const effect of receiver.receiveSlice(payload, clock.monotonic())) void this.#do(effect);
    } catch (error) {
      this.#options.logger.error('a slice could not be written', { error });
      // Given up once: more slices may fail before it is, and another transfer may stand when their turn comes.
      const fault = `write: ${errorMessage(error)}`;
      void this.#enqueue(() => (receiver.manifest === manifest ? receiver.abandon(fault) : []));
    }
  }

  /** QoS 0, as slices are: a lost one is made good by the next, or by the sender's timeout. */
  #acknowledge(offset: number): void {
    const { transport, acknowledgementTopic, logger } = this.#options;
    transport
      .publish(acknowledgementTopic, encodeAcknowledgement(offset), { qos: 0 })
      .catch((error: unknown) => logger.debug('an acknowledgement was not sent', { offset, error }));
  }

  /** One timer at a time; slices move the deadline without touching it. */
  #scheduleTick(): void {
    const { receiver, clock } = this.#options;
    if (this.#stopped || this.#cancelTick !== undefined || receiver.wakeAt === undefined) return;
    this.#cancelTick = clock.schedule(Math.max(0, receiver.wakeAt - clock.monotonic()), () => {
      this.#cancelTick = undefined;
      void this.#enqueue(() => receiver.tick(clock.monotonic()));
    });
  }
}
