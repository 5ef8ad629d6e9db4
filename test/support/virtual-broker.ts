import { UnavailableError } from '../../src/base/errors.ts';
import type { Link, LinkEvents, OpenLink } from '../../src/mqtt/link.ts';
import { matchesFilter } from '../../src/mqtt/topics.ts';
import type { MqttMessage, PublishOptions, Qos } from '../../src/mqtt/transport.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualRandom } from './virtual-random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What the network and the broker do to messages, as probabilities and milliseconds. */
export interface Weather {
  /** Messages of QoS 0 that do not arrive. */
  readonly loss: number;
  /** Messages that arrive twice. */
  readonly doubled: number;
  /** Messages of QoS 0 that others overtake. */
  readonly overtaken: number;
  /** Messages of QoS 1 that are not retained and do not arrive: a broker drops what its queue does not hold. */
  readonly dropped: number;
  /** The longest way from a client to the broker or back. */
  readonly delayMs: number;
}

export const fairWeather: Weather = { loss: 0, doubled: 0, overtaken: 0, dropped: 0, delayMs: 60 };

export interface VirtualWill {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
}

/** One and a half times a keepalive of 30 s: then a silent connection is given up (MQTT 5 §3.1.2.10). */
const silenceMs = 45_000;
/** How long a connection is tried to be made. */
const connectTimeoutMs = 10_000;

/**
 * An MQTT broker in virtual time: QoS 0 and 1, clean sessions, retained messages, wills, subscription
 * identifiers, take-over of a client id. QoS 2 is taken as QoS 1.
 */
export class VirtualBroker {
  weather: Weather = fairWeather;
  /** Whether it refuses MQTT 5, as brokers that know 3.1.1 alone do. */
  mqtt311 = false;
  /** Told of every message that the broker takes. */
  onPublished: (message: MqttMessage) => void = () => {};
  readonly #time: VirtualTime;
  readonly #random: VirtualRandom;
  readonly #trace: ((text: string) => void) | undefined;
  readonly #sessions = new Map<string, Session>();
  /** Until when nothing passes between a client and the broker. */
  readonly #silent = new Map<string, number>();
  #retained = new Map<string, MqttMessage>();
  #saved = new Map<string, MqttMessage>();
  #up = true;

  constructor(deps: {
    time: VirtualTime;
    random: VirtualRandom;
    trace?: ((text: string) => void) | undefined;
  }) {
    this.#time = deps.time;
    this.#random = deps.random;
    this.#trace = deps.trace;
  }

  /** How a client's transport opens its connections. */
  opener(process: VirtualProcess, clientId: string, will?: VirtualWill): OpenLink {
    return (version, events) => new Session(this, { process, clientId, will, events, version });
  }

  /** Publishes as some client that nobody knows. */
  inject(topic: string, payload: Uint8Array, options: PublishOptions = {}): void {
    if (this.#up) this.take(messageOf(topic, payload, options));
  }

  /** The last message of a topic that is retained. */
  retained(topic: string): MqttMessage | undefined {
    return this.#retained.get(topic);
  }

  /** Writes the retained messages to its disk, as brokers do every now and then. */
  save(): void {
    this.#saved = new Map(this.#retained);
  }

  /** Ends the broker; it publishes no wills. @param memory which retained messages are there when it comes back */
  stop(memory: 'kept' | 'saved' | 'lost'): void {
    this.#up = false;
    for (const session of [...this.#sessions.values()]) session.end('the broker has ended');
    this.#sessions.clear();
    if (memory === 'saved') this.#retained = new Map(this.#saved);
    if (memory === 'lost') this.#retained.clear();
  }

  start(): void {
    this.#up = true;
  }

  /** Breaks a client's connection; both ends notice. */
  cut(clientId: string): void {
    const session = this.#sessions.get(clientId);
    session?.end('the connection was reset');
    if (session !== undefined) this.gone(session, true);
  }

  /** Nothing passes between a client and the broker for a while; what was sent comes later, unless it is given up. */
  silence(clientId: string, forMs: number): void {
    this.#silent.set(clientId, this.#time.now + forMs);
    if (forMs >= silenceMs) this.giveUp(clientId);
  }

  /** The broker hears nothing of a client any more, and gives its connection up in time. */
  giveUp(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    this.#time.after(silenceMs, () => {
      session.end('keepalive timeout');
      this.gone(session, true);
    });
  }

  // What sessions ask for.

  get time(): VirtualTime {
    return this.#time;
  }

  /** How long a packet is under way. */
  delay(): number {
    return this.#random.int(5, this.weather.delayMs);
  }

  silentUntil(clientId: string): number {
    return this.#silent.get(clientId) ?? 0;
  }

  /** How long connecting takes, and why it fails, if it does. */
  reach(clientId: string): { readonly takesMs: number; readonly failure?: string } {
    if (this.silentUntil(clientId) > this.#time.now) return { takesMs: connectTimeoutMs, failure: 'timeout' };
    if (!this.#up) return { takesMs: this.delay(), failure: 'connection refused' };
    return { takesMs: 2 * this.delay() };
  }

  /** A client's CONNECT; an older connection of the same client id ends. @returns whether it is taken */
  connect(session: Session): boolean {
    if (!this.#up) return false;
    const older = this.#sessions.get(session.clientId);
    older?.end('the client id connected anew');
    if (older !== undefined) this.gone(older, true);
    this.#sessions.set(session.clientId, session);
    this.#trace?.(`broker: ${session.clientId} connected`);
    return true;
  }

  /** Whether a connection stands, as the broker sees it. */
  has(session: Session): boolean {
    return this.#sessions.get(session.clientId) === session;
  }

  /** A connection has ended. */
  gone(session: Session, publishWill: boolean): void {
    if (!this.has(session)) return;
    this.#sessions.delete(session.clientId);
    this.#trace?.(`broker: ${session.clientId} is gone`);
    const { will } = session;
    if (publishWill && will !== undefined) this.take(messageOf(will.topic, will.payload, will));
  }

  /** Takes a message and hands it to whoever subscribed. */
  take(message: MqttMessage): void {
    this.#trace?.(`${message.topic}${message.retain ? ' (retained)' : ''} ${shown(message.payload)}`);
    this.onPublished(message);
    if (message.retain && message.payload.length > 0) this.#retained.set(message.topic, message);
    if (message.retain && message.payload.length === 0) this.#retained.delete(message.topic);
    for (const session of this.#sessions.values()) {
      const granted = session.granted(message.topic);
      if (granted === undefined) continue;
      const qos = Math.min(message.qos, granted.qos) as Qos;
      this.#deliver(session, { ...message, qos, retain: false }, granted.ids, message.retain);
    }
  }

  /** What is retained on the topics of a filter, for who has just subscribed to it. */
  sendRetained(session: Session, filter: string, ids: readonly number[]): void {
    for (const message of this.#retained.values())
      if (matchesFilter(filter, message.topic)) session.send({ ...message, retain: true }, ids, 0);
  }

  #deliver(session: Session, message: MqttMessage, ids: readonly number[], wasRetained: boolean): void {
    const { loss, doubled, overtaken, dropped } = this.weather;
    const random = this.#random;
    const lost = random.chance(message.qos === 0 ? loss : wasRetained ? 0 : dropped);
    if (lost) this.#trace?.(`  lost on its way to ${session.clientId}`);
    else session.send(message, ids, message.qos === 0 && random.chance(overtaken) ? 5 * this.delay() : 0);
    if (!random.chance(doubled)) return;
    // What is sent again is sent again with all that came after it (MQTT 5 §4.6): the last word on a state stays last.
    session.send({ ...message, dup: message.qos > 0 }, ids, wasRetained ? 0 : 3 * this.delay());
  }
}

interface SessionOptions {
  readonly process: VirtualProcess;
  readonly clientId: string;
  readonly will: VirtualWill | undefined;
  readonly events: LinkEvents;
  readonly version: 4 | 5;
}

/** The QoS that was granted for a topic, and the identifiers of the subscriptions that it matches. */
interface Grant {
  readonly qos: Qos;
  readonly ids: readonly number[];
}

/** One connection of a client: both ends of it. */
class Session implements Link {
  readonly clientId: string;
  readonly will: VirtualWill | undefined;
  readonly #broker: VirtualBroker;
  readonly #process: VirtualProcess;
  readonly #events: LinkEvents;
  readonly #version: 4 | 5;
  readonly #subscriptions = new Map<string, Grant>();
  /** What {@link granted} found for a topic, until a subscription changes. */
  readonly #found = new Map<string, Grant | undefined>();
  readonly #unanswered = new Set<(error: Error) => void>();
  #ended = false;
  /** When what was sent last arrives: packets of one connection do not overtake each other. */
  #upDue = 0;
  #downDue = 0;

  constructor(broker: VirtualBroker, { process, clientId, will, events, version }: SessionOptions) {
    this.#broker = broker;
    this.#process = process;
    this.clientId = clientId;
    this.will = will;
    this.#events = events;
    this.#version = version;
    const forget = process.whenKilled((power) => {
      // The kernel closes the socket behind what was written to it; without power nobody does.
      if (power) broker.giveUp(this.clientId);
      else this.#up(() => broker.gone(this, true));
      this.#ended = true;
    });
    const { takesMs, failure } = broker.reach(clientId);
    process.schedule(takesMs, () => {
      if (this.#ended) return;
      if (failure === undefined && version === 5 && broker.mqtt311) {
        forget();
        this.#endClient('the broker closed the connection', true);
      } else if (failure === undefined && broker.connect(this))
        events.connected({ subscriptionIdentifiers: version === 5, maximumPacketSize: 268_435_455 });
      else {
        forget();
        this.#endClient(failure ?? 'connection refused', false);
      }
    });
  }

  async publish(topic: string, payload: Uint8Array, options: PublishOptions): Promise<void> {
    const message = this.#plain(messageOf(topic, payload, options));
    const sent = (answer?: () => void): void =>
      this.#up(() => {
        this.#broker.take(message);
        if (answer !== undefined) this.#down(answer, 0);
      });
    if (message.qos > 0) return this.#exchange(`publish ${topic}`, sent);
    if (this.#ended) throw lost();
    if (!this.#process.step(`publish ${topic}`, () => sent())) await new Promise(() => {});
  }

  subscribe(filter: string, qos: Qos, subscriptionId: number | undefined): Promise<void> {
    return this.#exchange(`subscribe ${filter}`, (answer) =>
      this.#up(() => {
        const ids = subscriptionId === undefined ? [] : [subscriptionId];
        this.#subscriptions.set(filter, { qos, ids });
        this.#found.clear();
        this.#down(answer, 0);
        this.#broker.sendRetained(this, filter, ids);
      }),
    );
  }

  unsubscribe(filter: string): Promise<void> {
    return this.#exchange(`unsubscribe ${filter}`, (answer) =>
      this.#up(() => {
        this.#subscriptions.delete(filter);
        this.#found.clear();
        this.#down(answer, 0);
      }),
    );
  }

  async close(): Promise<void> {
    this.#up(() => this.#broker.gone(this, false));
    this.#endClient('closed', true);
  }

  destroy(reason: string): void {
    this.#up(() => this.#broker.gone(this, true));
    this.#endClient(reason, true);
  }

  /** The subscriptions that a topic matches, together; `undefined` when there is none. */
  granted(topic: string): Grant | undefined {
    if (!this.#found.has(topic)) this.#found.set(topic, this.#find(topic));
    return this.#found.get(topic);
  }

  #find(topic: string): Grant | undefined {
    const found = [...this.#subscriptions].filter(([filter]) => matchesFilter(filter, topic));
    if (found.length === 0) return undefined;
    const qos = Math.max(...found.map(([, subscription]) => subscription.qos)) as Qos;
    return { qos, ids: found.flatMap(([, { ids }]) => ids) };
  }

  /** Hands a message to the client; `overtakenMs` later than its turn. */
  send(message: MqttMessage, ids: readonly number[], overtakenMs: number): void {
    const copy = this.#plain({ ...message, payload: message.payload.slice() });
    this.#down(() => this.#events.message(copy, ids), overtakenMs);
  }

  /** The connection is gone, and the client notices. */
  end(reason: string): void {
    this.#process.run(() => this.#endClient(reason, true));
  }

  /** MQTT 3.1.1 knows no properties. */
  #plain(message: MqttMessage): MqttMessage {
    return this.#version === 5
      ? message
      : { ...message, responseTopic: undefined, correlationData: undefined };
  }

  #endClient(reason: string, reached: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const reject of this.#unanswered) reject(lost());
    this.#events.ended({ reason, reached, refused: false });
  }

  /** Something that the broker answers. */
  #exchange(what: string, send: (answer: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(lost());
        return;
      }
      this.#unanswered.add(reject);
      this.#process.step(what, () =>
        send(() => {
          if (this.#unanswered.delete(reject)) resolve();
        }),
      );
    });
  }

  /** Something arrives at the broker, if the connection still stands there. */
  #up(arrive: () => void): void {
    if (this.#ended) return;
    this.#upDue = this.#due(this.#upDue);
    this.#broker.time.after(this.#upDue - this.#broker.time.now, () => {
      if (this.#broker.has(this)) arrive();
    });
  }

  /** Something arrives at the client, if the connection still stands there. */
  #down(arrive: () => void, overtakenMs: number): void {
    const due = this.#due(this.#downDue);
    if (overtakenMs === 0) this.#downDue = due;
    this.#broker.time.after(due + overtakenMs - this.#broker.time.now, () =>
      this.#process.run(() => {
        if (!this.#ended) arrive();
      }),
    );
  }

  #due(last: number): number {
    const { time } = this.#broker;
    const silentUntil = this.#broker.silentUntil(this.clientId);
    return Math.max(last, time.now + this.#broker.delay(), silentUntil);
  }
}

function lost(): UnavailableError {
  return new UnavailableError('mqtt-lost', 'the connection to the broker broke');
}

function messageOf(topic: string, payload: Uint8Array, options: PublishOptions): MqttMessage {
  const { qos = 1, retain = false, responseTopic, correlationData } = options;
  return { topic, payload: payload.slice(), qos, retain, dup: false, responseTopic, correlationData };
}

/** A payload for people. */
function shown(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload.subarray(0, 100));
  return /^[\x20-\x7e]*$/.test(text) ? text : `${payload.length} octets ${hex(payload.subarray(0, 4))}…`;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
