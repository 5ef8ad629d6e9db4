import { decodeUtf8, utf8 } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { RpcConfig } from '../base/config.ts';
import { PeerError, UnavailableError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { RandomBytes } from '../base/random.ts';
import { AnswerTopics } from './answer-topics.ts';
import { deafens } from './deaf-lengths.ts';
import { type MessageCodec, profileCodec, type RpcAnswer } from './message-codec.ts';
import { RequestIds } from './request-ids.ts';
import type { RpcCall, RpcStatistics } from './rpc-call.ts';
import { responseId } from './rpc-codec.ts';
import { cancelled, deafening, denied, lost, overdue } from './rpc-failures.ts';
import { responseFilters } from './topics.ts';
import type { MqttMessage, MqttTransport, PublishOptions, TransportState } from './transport.ts';
import { Turns } from './turns.ts';

export type { RpcAnswer } from './message-codec.ts';
export type { RpcCall, RpcStatistics } from './rpc-call.ts';

type RpcLimits = Pick<RpcConfig, 'timeoutMs' | 'maxInFlight' | 'maxInFlightPerDevice'>;

interface Pending {
  readonly call: RpcCall;
  readonly codec: MessageCodec;
  readonly payload: Uint8Array;
  readonly id: string;
  /** What has to be let go of when it ends. */
  readonly releases: Cancel[];
  /** The request is on its way: what came before cannot be an answer to it. */
  sent: boolean;
  readonly settle: (outcome: RpcAnswer | Error) => void;
  /** The connection broke while it waited, so its answer may be lost. */
  interrupted: boolean;
}

/**
 * Remote procedure calls to devices over MQTT (mup-protocol §2). A call always ends: with the answer,
 * at its deadline, or with the error that prevented it. A request that the broker has taken survives a
 * loss of the connection and waits for its answer until the deadline; one that the broker has not
 * confirmed fails with `mqtt-lost`, because nobody knows whether it went out.
 */
export class RpcClient {
  readonly #transport: MqttTransport;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: RpcLimits;
  readonly #ids: RequestIds;
  readonly #topics: AnswerTopics;
  readonly #pending = new Map<string, Pending>();
  readonly #perDevice = new Map<DeviceUuid, number>();
  /** Calls that end with the next message on a topic; two at a time could not be told apart there. */
  readonly #states = new Turns<Pending>();
  readonly #counts = { sent: 0, answered: 0, timedOut: 0, failed: 0, late: 0, unknown: 0, foreign: 0 };
  #unwatch: (() => void) | undefined;
  #closed = false;

  constructor(deps: {
    readonly transport: MqttTransport;
    readonly clock: Clock;
    readonly random: RandomBytes;
    readonly logger: Logger;
    readonly limits: RpcLimits;
  }) {
    this.#transport = deps.transport;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#limits = deps.limits;
    this.#ids = new RequestIds(deps.random);
    this.#topics = new AnswerTopics(deps.transport, (message) => this.#receive(message));
  }

  get statistics(): RpcStatistics {
    return { inFlight: this.#pending.size, ...this.#counts };
  }

  /** Subscribes to the response topics; resolves when the broker has granted them. */
  async start(): Promise<void> {
    this.#unwatch = this.#transport.onState((state) => this.#stateChanged(state));
    await this.#topics.start(responseFilters);
  }

  /**
   * @throws UnavailableError `device-timeout`, `mqtt-offline` (nothing was sent), `mqtt-lost` (sent, fate
   *   unknown), `resource-denied` (too many requests in flight), `cancelled` (by `signal`), `broker-too-old`
   * @throws PeerError `bad-response` for an answer that cannot be read, `bad-value` for inputs that the
   *   device's profile cannot carry, `packet-too-big`
   */
  async call(call: RpcCall): Promise<RpcAnswer> {
    this.#admit(call);
    const { uuid, profile, method, inputs, codec = profileCodec(profile, method, inputs) } = call;
    const id = this.#ids.next(profile);
    const payload = codec.encode(id);
    if (profile === 'myno' && deafens(call.topic, payload.length)) throw deafening(call);
    return new Promise((resolve, reject) => {
      const releases: Cancel[] = [];
      const settle = (outcome: RpcAnswer | Error): void => {
        if (!this.#pending.delete(id)) return;
        this.#leave(uuid);
        for (const release of releases) release();
        if ('state' in outcome) resolve(outcome);
        else reject(outcome);
      };
      const pending = { call, codec, payload, id, releases, settle, sent: false, interrupted: false };
      this.#pending.set(id, pending);
      this.#perDevice.set(uuid, (this.#perDevice.get(uuid) ?? 0) + 1);
      const timeoutMs = call.timeoutMs ?? this.#limits.timeoutMs;
      releases.push(this.#clock.schedule(timeoutMs, () => this.#timedOut(pending, timeoutMs)));
      releases.push(this.#watchSignal(pending));
      this.#begin(pending);
    });
  }

  /** Ends every call in flight with `mqtt-lost` and leaves the response topics. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch?.();
    this.#failAll('the bridge is stopping');
    await this.#topics.close();
  }

  #admit({ uuid, signal, codec, answered = 'response' }: RpcCall): void {
    if (this.#closed) throw new UnavailableError('mqtt-offline', 'the bridge is stopping');
    if (signal?.aborted === true) throw cancelled(uuid);
    if (this.#transport.state !== 'online')
      throw new UnavailableError('mqtt-offline', 'there is no connection to the broker');
    if (answered === 'response' && codec?.carriesId === false && this.#transport.protocolVersion < 5)
      throw new UnavailableError('broker-too-old', 'answers of this device are found over MQTT 5 alone');
    if (this.#pending.size >= this.#limits.maxInFlight)
      throw denied(`${this.#limits.maxInFlight} requests to devices are in flight`);
    if ((this.#perDevice.get(uuid) ?? 0) >= this.#limits.maxInFlightPerDevice)
      throw denied(`${this.#limits.maxInFlightPerDevice} requests to device ${uuid} are in flight`);
  }

  #leave(uuid: DeviceUuid): void {
    const left = (this.#perDevice.get(uuid) ?? 0) - 1;
    if (left > 0) this.#perDevice.set(uuid, left);
    else this.#perDevice.delete(uuid);
  }

  /** Sends the request, or has it wait for its turn on the topic where the state comes. */
  #begin(pending: Pending): void {
    const { answered, answerTopic } = pending.call;
    if (answered !== 'state') {
      void this.#send(pending);
      return;
    }
    pending.releases.push(() => {
      const next = this.#states.leave(answerTopic, pending);
      if (next !== undefined) void this.#send(next);
    });
    if (this.#states.enter(answerTopic, pending)) void this.#send(pending);
  }

  async #send(pending: Pending): Promise<void> {
    const { call, id, payload } = pending;
    const unanswered = call.answered === 'none';
    try {
      if (!unanswered) await this.#listen(pending);
      // It may have ended meanwhile.
      if (!this.#pending.has(id)) return;
      this.#counts.sent += 1;
      pending.sent = true;
      await this.#transport.publish(call.topic, payload, this.#properties(pending));
      if (unanswered) this.#answered(pending, { state: '', outputs: [] });
    } catch (error) {
      this.#fail(pending, error instanceof Error ? error : new UnavailableError('mqtt-lost', String(error)));
    }
  }

  /** Resolves when messages on the call's answer topic arrive, or it has ended. */
  async #listen({ call, id, releases }: Pending): Promise<void> {
    const listening = this.#topics.listen(call.answerTopic);
    if (listening === undefined) return;
    releases.push(listening.leave);
    await listening.granted;
    if (!this.#pending.has(id)) listening.leave();
  }

  /** A `myno` device knows no MQTT 5 property, and dies of one on a long message (mup-protocol §3). */
  #properties({ call, codec, id }: Pending): PublishOptions {
    const { profile, qos = 1, retain = false, answered = 'response', answerTopic } = call;
    if (answered !== 'response' || (profile === 'myno' && codec.carriesId)) return { qos, retain };
    return { qos, retain, responseTopic: answerTopic, correlationData: utf8(id) };
  }

  #receive(message: MqttMessage): void {
    const correlated = this.#correlated(message.correlationData);
    const id = correlated?.id ?? responseId(message.payload);
    const pending = id === undefined ? undefined : this.#pending.get(id);
    const waiting = this.#states.present(message.topic);
    if (pending?.call.answerTopic === message.topic)
      this.#answer(pending, message.payload, correlated !== undefined);
    else if (waiting !== undefined) this.#state(waiting, message);
    else if (pending !== undefined) this.#drop('foreign', message);
    else this.#drop(this.#ids.wasUsed(id) ? 'late' : 'unknown', message);
  }

  /** A retained message says what was before the request, as one that came before it was sent. */
  #state(waiting: Pending, { payload, retain }: MqttMessage): void {
    if (waiting.sent && !retain) this.#answer(waiting, payload, false);
  }

  #answer(pending: Pending, payload: Uint8Array, correlated: boolean): void {
    try {
      const answer = pending.codec.decode(payload, correlated ? pending.id : undefined);
      if (answer !== undefined) this.#answered(pending, answer);
    } catch (error) {
      this.#fail(pending, error instanceof Error ? error : new PeerError('bad-response', String(error)));
    }
  }

  #answered(pending: Pending, answer: RpcAnswer): void {
    if (!this.#pending.has(pending.id)) return;
    this.#counts.answered += 1;
    pending.settle(answer);
  }

  #correlated(data: Uint8Array | undefined): Pending | undefined {
    const id = data === undefined ? undefined : decodeUtf8(data);
    return id === undefined ? undefined : this.#pending.get(id);
  }

  #drop(reason: 'late' | 'unknown' | 'foreign', { topic, payload }: MqttMessage): void {
    this.#counts[reason] += 1;
    this.#logger.debug('answer dropped', { reason, topic, bytes: payload.length });
  }

  #fail(pending: Pending, error: Error): void {
    if (!this.#pending.has(pending.id)) return;
    this.#counts.failed += 1;
    pending.settle(error);
  }

  #timedOut({ call, interrupted, settle }: Pending, timeoutMs: number): void {
    this.#counts.timedOut += 1;
    const why = 'the connection to the broker broke while the device was to answer';
    settle(interrupted ? lost(call, why) : overdue(call, timeoutMs));
  }

  #watchSignal(pending: Pending): Cancel {
    const { signal, uuid } = pending.call;
    if (signal === undefined) return () => {};
    const abort = (): void => this.#fail(pending, cancelled(uuid));
    signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  }

  #stateChanged(state: TransportState): void {
    if (state === 'closed') this.#failAll('the connection to the broker was closed');
    if (state === 'offline') for (const pending of this.#pending.values()) pending.interrupted = true;
  }

  #failAll(why: string): void {
    for (const pending of this.#pending.values()) this.#fail(pending, lost(pending.call, why));
  }
}
