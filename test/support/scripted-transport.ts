import { PeerError, UnavailableError } from '../../src/base/errors.ts';
import { matchesFilter } from '../../src/mqtt/topics.ts';
import type {
  MqttMessage,
  MqttTransport,
  PublishOptions,
  Qos,
  TransportState,
  Unsubscribe,
} from '../../src/mqtt/transport.ts';

/** A message on its way through the broker, with the transport it came from. */
export interface RoutedMessage extends MqttMessage {
  readonly from: ScriptedTransport | undefined;
}

export interface ScriptedTransportOptions {
  /** 5 unless said otherwise. */
  readonly protocolVersion?: 4 | 5;
  /** Published when the connection is cut, not when it is closed. */
  readonly will?: { topic: string; payload: Uint8Array; qos?: Qos; retain?: boolean };
  /** `online` unless said otherwise; `connecting` waits for {@link ScriptedTransport.reconnect}. */
  readonly state?: 'online' | 'connecting';
}

/**
 * A broker in memory, shared by several {@link ScriptedTransport}s: retained messages, wills, wildcards.
 * Every message is delivered in a microtask of its own, in order; `await broker.settled()` waits for all
 * that follows from what was published so far.
 */
export class ScriptedBroker {
  /** All messages that the broker took, in order. */
  readonly published: RoutedMessage[] = [];
  readonly retained = new Map<string, RoutedMessage>();
  /** Filters that the broker refuses to subscribe. */
  readonly refusedFilters = new Set<string>();
  /** Larger payloads are refused by `publish` with `packet-too-big`. */
  maxPayloadBytes = Number.POSITIVE_INFINITY;
  /**
   * What happens to a message instead of its delivery: the messages that are delivered, none to lose it,
   * two to duplicate it. `undefined`: delivered as it is.
   */
  intercept: ((message: RoutedMessage) => readonly RoutedMessage[] | undefined) | undefined;
  readonly #transports = new Set<ScriptedTransport>();

  /** A new connection to this broker. */
  connect(options: ScriptedTransportOptions = {}): ScriptedTransport {
    const transport = new ScriptedTransport(this, options);
    this.#transports.add(transport);
    return transport;
  }

  /** Publishes as some client that is not one of the transports: an attacker, an old device. */
  inject(topic: string, payload: Uint8Array | string, options: PublishOptions = {}): void {
    this.route(message(topic, payload, options), undefined);
  }

  /** Takes a message and hands it to whoever subscribed. */
  route(taken: MqttMessage, from: ScriptedTransport | undefined): void {
    const routed: RoutedMessage = { ...taken, from };
    this.published.push(routed);
    if (taken.retain && taken.payload.length > 0) this.retained.set(taken.topic, routed);
    if (taken.retain && taken.payload.length === 0) this.retained.delete(taken.topic);
    for (const delivered of this.intercept?.(routed) ?? [routed])
      for (const transport of this.#transports) transport.deliver({ ...plain(delivered), retain: false });
  }

  /** Payloads published to a topic so far, as text. */
  texts(topic: string): string[] {
    return this.published
      .filter((found) => found.topic === topic)
      .map((found) => new TextDecoder().decode(found.payload));
  }

  /** Resolves when nothing is on its way any more (as long as handlers use promises only, no timers). */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Forgets a transport. */
  remove(transport: ScriptedTransport): void {
    this.#transports.delete(transport);
  }
}

interface Subscription {
  readonly filter: string;
  readonly handler: (message: MqttMessage) => void;
  granted: boolean;
  readonly grant: () => void;
  readonly refuse: (error: PeerError) => void;
}

/** An {@link MqttTransport} in memory that a test can cut, mend and make fail. */
export class ScriptedTransport implements MqttTransport {
  readonly protocolVersion: 4 | 5;
  readonly #broker: ScriptedBroker;
  readonly #will: ScriptedTransportOptions['will'];
  readonly #subscriptions = new Set<Subscription>();
  readonly #listeners = new Set<(state: TransportState, reason?: UnavailableError) => void>();
  #state: TransportState;
  /** Makes the next publishes fail, in order; each entry decides whether the message arrives all the same. */
  readonly publishFaults: { readonly error: Error; readonly arrives: boolean }[] = [];

  constructor(broker: ScriptedBroker, options: ScriptedTransportOptions = {}) {
    this.#broker = broker;
    this.protocolVersion = options.protocolVersion ?? 5;
    this.#will = options.will;
    this.#state = options.state ?? 'online';
  }

  get state(): TransportState {
    return this.#state;
  }

  maximumPacketSize = Number.POSITIVE_INFINITY;

  /** Filters that are subscribed at the moment. */
  get filters(): string[] {
    return [...this.#subscriptions].map(({ filter }) => filter);
  }

  async publish(topic: string, payload: Uint8Array, options: PublishOptions = {}): Promise<void> {
    if (this.#state !== 'online') throw new UnavailableError('mqtt-offline', 'no connection to the broker');
    if (payload.length > this.#broker.maxPayloadBytes)
      throw new PeerError('packet-too-big', `${payload.length} octets are more than the broker takes`);
    const fault = this.publishFaults.shift();
    if (fault === undefined || fault.arrives) {
      const sent = message(topic, payload, options);
      this.#broker.route(this.protocolVersion === 5 ? sent : withoutProperties(sent), this);
    }
    await Promise.resolve();
    if (fault !== undefined) throw fault.error;
  }

  async subscribe(filter: string, _qos: Qos, handler: (message: MqttMessage) => void): Promise<Unsubscribe> {
    if (this.#state === 'closed') throw new UnavailableError('mqtt-offline', 'the connection is closed');
    let added: Subscription | undefined;
    await new Promise<void>((grant, refuse) => {
      added = { filter, handler, granted: false, grant, refuse };
      this.#subscriptions.add(added);
      if (this.#state === 'online') this.#grant(added);
    });
    return async () => {
      if (added !== undefined) this.#subscriptions.delete(added);
    };
  }

  onState(listener: (state: TransportState, reason?: UnavailableError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#broker.remove(this);
    this.#subscriptions.clear();
    this.#become('closed');
    this.#listeners.clear();
  }

  /** Cuts the connection: the will is published, messages until {@link reconnect} are missed. */
  disconnect(reason = new UnavailableError('mqtt-lost', 'the connection was cut by the test')): void {
    if (this.#state !== 'online') return;
    for (const subscription of this.#subscriptions) subscription.granted = false;
    this.#become('offline', reason);
    if (this.#will !== undefined)
      this.#broker.route(message(this.#will.topic, this.#will.payload, this.#will), this);
  }

  /** Mends the connection: subscriptions stand again, retained messages come again. */
  reconnect(): void {
    if (this.#state === 'online' || this.#state === 'closed') return;
    for (const subscription of this.#subscriptions) this.#grant(subscription);
    this.#become('online');
  }

  /** Hands a message to every handler whose filter matches. */
  deliver(delivered: MqttMessage): void {
    for (const subscription of this.#subscriptions)
      if (subscription.granted && matchesFilter(subscription.filter, delivered.topic))
        queueMicrotask(() => this.#hand(subscription, delivered));
  }

  #hand(subscription: Subscription, delivered: MqttMessage): void {
    if (!this.#subscriptions.has(subscription) || this.#state !== 'online') return;
    // Nobody may rely on sharing memory with the sender.
    const copy = { ...delivered, payload: delivered.payload.slice() };
    subscription.handler(this.protocolVersion === 5 ? copy : withoutProperties(copy));
  }

  #grant(subscription: Subscription): void {
    if (this.#broker.refusedFilters.has(subscription.filter)) {
      this.#subscriptions.delete(subscription);
      subscription.refuse(
        new PeerError('mqtt-refused', `the broker refuses the filter ${subscription.filter}`),
      );
      return;
    }
    subscription.granted = true;
    subscription.grant();
    for (const retained of this.#broker.retained.values())
      if (matchesFilter(subscription.filter, retained.topic))
        queueMicrotask(() => this.#hand(subscription, plain(retained)));
  }

  #become(state: TransportState, reason?: UnavailableError): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state, reason);
  }
}

function message(topic: string, payload: Uint8Array | string, options: PublishOptions): MqttMessage {
  return {
    topic,
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload.slice(),
    qos: options.qos ?? 1,
    retain: options.retain ?? false,
    dup: false,
    ...(options.responseTopic === undefined ? {} : { responseTopic: options.responseTopic }),
    ...(options.correlationData === undefined ? {} : { correlationData: options.correlationData }),
  };
}

function plain({ from: _from, ...rest }: RoutedMessage): MqttMessage {
  return rest;
}

/** What is left of a message over MQTT 3.1.1. */
function withoutProperties({
  responseTopic: _topic,
  correlationData: _data,
  ...rest
}: MqttMessage): MqttMessage {
  return rest;
}
