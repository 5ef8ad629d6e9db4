import { decodeUtf8, utf8 } from '../base/bytes.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { RpcConfig } from '../base/config.ts';
import type { Profile } from '../base/description.ts';
import { PeerError, UnavailableError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { RandomBytes } from '../base/random.ts';
import { AnswerTopics } from './answer-topics.ts';
import { RequestIds } from './request-ids.ts';
import { decodeCorrelatedResponse, decodeResponse, encodeRequest, responseId } from './rpc-codec.ts';
import { responseFilters } from './topics.ts';
import type { MqttMessage, MqttTransport, PublishOptions, TransportState } from './transport.ts';

/** A request to a device; topics are complete and checked. */
export interface RpcCall {
  readonly uuid: DeviceUuid;
  readonly topic: string;
  /** The only topic on which an answer is believed. */
  readonly answerTopic: string;
  readonly method: string;
  /** In wire order, the target UUID left out. */
  readonly inputs: readonly string[];
  readonly profile: Profile;
  /** Milliseconds; the configured `timeoutMs` unless given. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RpcAnswer {
  readonly state: string;
  readonly outputs: readonly string[];
}

/** What became of requests and answers since the start. */
export interface RpcStatistics {
  readonly inFlight: number;
  /** Handed to the connection. */
  readonly sent: number;
  readonly answered: number;
  readonly timedOut: number;
  /** Ended without an answer for another reason: connection, bounds, cancelled, answer unreadable. */
  readonly failed: number;
  /** Dropped: the request was over already. */
  readonly late: number;
  /** Dropped: no request ever had that id, as far as is remembered. */
  readonly unknown: number;
  /** Dropped: on another topic than the request's device answers on. */
  readonly foreign: number;
}

interface Pending {
  readonly call: RpcCall;
  readonly id: string;
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
  readonly #limits: RpcConfig;
  readonly #ids: RequestIds;
  readonly #topics: AnswerTopics;
  readonly #pending = new Map<string, Pending>();
  readonly #perDevice = new Map<DeviceUuid, number>();
  readonly #counts = { sent: 0, answered: 0, timedOut: 0, failed: 0, late: 0, unknown: 0, foreign: 0 };
  #unwatch: (() => void) | undefined;
  #closed = false;

  constructor(deps: {
    readonly transport: MqttTransport;
    readonly clock: Clock;
    readonly random: RandomBytes;
    readonly logger: Logger;
    readonly limits: RpcConfig;
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
   *   unknown), `resource-denied` (too many requests in flight), `cancelled` (by `signal`)
   * @throws PeerError `bad-response` for an answer that cannot be read, `bad-value` for an input that the
   *   device's profile cannot carry, `packet-too-big`
   */
  async call(call: RpcCall): Promise<RpcAnswer> {
    this.#admit(call);
    const id = this.#ids.next(call.profile);
    const payload = encodeRequest({ id, method: call.method, inputs: call.inputs, profile: call.profile });
    return new Promise((resolve, reject) => {
      const releases: Cancel[] = [];
      const pending: Pending = {
        call,
        id,
        interrupted: false,
        settle: (outcome) => {
          if (!this.#pending.delete(id)) return;
          this.#leave(call.uuid);
          for (const release of releases) release();
          if ('state' in outcome) resolve(outcome);
          else reject(outcome);
        },
      };
      this.#pending.set(id, pending);
      this.#perDevice.set(call.uuid, (this.#perDevice.get(call.uuid) ?? 0) + 1);
      const timeoutMs = call.timeoutMs ?? this.#limits.timeoutMs;
      releases.push(this.#clock.schedule(timeoutMs, () => this.#timedOut(pending, timeoutMs)));
      releases.push(this.#watchSignal(pending));
      void this.#send(pending, payload, releases);
    });
  }

  /** Ends every call in flight with `mqtt-lost` and leaves the response topics. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch?.();
    this.#failAll('the bridge is stopping');
    await this.#topics.close();
  }

  #admit({ uuid, signal }: RpcCall): void {
    if (this.#closed) throw new UnavailableError('mqtt-offline', 'the bridge is stopping');
    if (signal?.aborted === true) throw cancelled(uuid);
    if (this.#transport.state !== 'online')
      throw new UnavailableError('mqtt-offline', 'there is no connection to the broker');
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

  async #send(pending: Pending, payload: Uint8Array, releases: Cancel[]): Promise<void> {
    const { call, id } = pending;
    try {
      const listening = this.#topics.listen(call.answerTopic);
      if (listening !== undefined) {
        releases.push(listening.leave);
        await listening.granted;
        if (!this.#pending.has(id)) {
          listening.leave();
          return;
        }
      }
      this.#counts.sent += 1;
      await this.#transport.publish(call.topic, payload, this.#properties(pending));
    } catch (error) {
      this.#fail(pending, error instanceof Error ? error : new UnavailableError('mqtt-lost', String(error)));
    }
  }

  /** A `myno` device knows no MQTT 5 property, and dies of one on a long message (mup-protocol §3). */
  #properties({ call, id }: Pending): PublishOptions {
    if (call.profile === 'myno') return { qos: 1 };
    return { qos: 1, responseTopic: call.answerTopic, correlationData: utf8(id) };
  }

  #receive(message: MqttMessage): void {
    const correlated = this.#correlated(message.correlationData);
    const id = correlated?.id ?? responseId(message.payload);
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (pending === undefined) this.#drop(this.#ids.wasUsed(id) ? 'late' : 'unknown', message);
    else if (message.topic !== pending.call.answerTopic) this.#drop('foreign', message);
    else this.#answer(pending, message.payload, correlated !== undefined);
  }

  #answer(pending: Pending, payload: Uint8Array, correlated: boolean): void {
    const { profile } = pending.call;
    try {
      const { state, outputs } = correlated
        ? decodeCorrelatedResponse(payload, profile, pending.id)
        : decodeResponse(payload, profile);
      this.#counts.answered += 1;
      pending.settle({ state, outputs });
    } catch (error) {
      this.#fail(pending, error instanceof Error ? error : new PeerError('bad-response', String(error)));
    }
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

  #timedOut(pending: Pending, timeoutMs: number): void {
    this.#counts.timedOut += 1;
    const { uuid, method } = pending.call;
    pending.settle(
      pending.interrupted
        ? lost(pending, 'the connection to the broker broke while the device was to answer')
        : new UnavailableError(
            'device-timeout',
            `device ${uuid} did not answer ${method} in ${timeoutMs} ms`,
            {
              where: pending.call.topic,
            },
          ),
    );
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
    for (const pending of this.#pending.values()) this.#fail(pending, lost(pending, why));
  }
}

function lost({ call }: Pending, why: string): UnavailableError {
  return new UnavailableError('mqtt-lost', `no answer of device ${call.uuid} to ${call.method}: ${why}`, {
    where: call.topic,
    hint: 'The device may have carried out the request all the same.',
  });
}

function denied(why: string): UnavailableError {
  return new UnavailableError('resource-denied', why, { hint: 'Try again when some are answered.' });
}

function cancelled(uuid: DeviceUuid): UnavailableError {
  return new UnavailableError('cancelled', `the request to device ${uuid} was cancelled`);
}
