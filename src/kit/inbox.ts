import { equalBytes, utf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/deferred.ts';
import { errorCode } from '../base/errors.ts';
import type { MqttMessage, MqttTransport, Qos, Unsubscribe } from '../mqtt/transport.ts';

/** Messages that are kept until they are taken; of a device that sends more, the oldest are forgotten. */
const maxMessages = 1000;

/** What the kit says to itself; no message of the protocol. */
const marker = utf8('mup-device-test');

/** What a message says to whoever waits, or `undefined` when it is not for them. */
export type Reading<T> = (message: MqttMessage) => T | undefined;

/** The messages of one topic, in order, each taken at most once. */
export class Inbox {
  readonly #transport: MqttTransport;
  readonly #topic: string;
  readonly #clock: Clock;
  #messages: MqttMessage[] = [];
  #last: MqttMessage | undefined;
  #arrived: () => void = () => {};
  #leave: Unsubscribe = async () => {};

  private constructor(transport: MqttTransport, topic: string, clock: Clock) {
    this.#transport = transport;
    this.#topic = topic;
    this.#clock = clock;
  }

  /** Resolves when the broker has granted the subscription. @throws PeerError `mqtt-refused` */
  static async open(transport: MqttTransport, topic: string, qos: Qos, clock: Clock): Promise<Inbox> {
    const inbox = new Inbox(transport, topic, clock);
    inbox.#leave = await transport.subscribe(topic, qos, (message) => inbox.#receive(message));
    return inbox;
  }

  /** What came last, taken or not. */
  get last(): MqttMessage | undefined {
    return this.#last;
  }

  /** Forgets what has come so far. */
  clear(): void {
    this.#messages = [];
  }

  /**
   * The first message that says something to `read`; those before it are forgotten.
   * @returns undefined when none came in time
   */
  async take<T>(read: Reading<T>, timeoutMs: number): Promise<T | undefined> {
    const timeout = deferred<'late'>();
    const cancel = this.#clock.schedule(timeoutMs, () => timeout.resolve('late'));
    try {
      for (;;) {
        const found = this.#find(read);
        if (found !== undefined) return found;
        const arrival = deferred();
        this.#arrived = arrival.resolve;
        if ((await Promise.race([arrival.promise, timeout.promise])) === 'late') return this.#find(read);
      }
    } finally {
      cancel();
    }
  }

  /**
   * Whether the broker lets what is published on the topic come here: access lists grant a subscription and deliver
   * nothing, or refuse the message, which MQTT 5 tells.
   */
  async hears(timeoutMs: number): Promise<boolean> {
    try {
      await this.#transport.publish(this.#topic, marker);
    } catch (error) {
      if (errorCode(error) !== 'mqtt-refused') throw error;
      return false;
    }
    const heard = await this.take(
      ({ payload }) => (equalBytes(payload, marker) ? true : undefined),
      timeoutMs,
    );
    return heard === true;
  }

  async close(): Promise<void> {
    await this.#leave();
  }

  #find<T>(read: Reading<T>): T | undefined {
    for (;;) {
      const message = this.#messages.shift();
      if (message === undefined) return undefined;
      const found = read(message);
      if (found !== undefined) return found;
    }
  }

  #receive(message: MqttMessage): void {
    this.#last = message;
    this.#messages.push(message);
    if (this.#messages.length > maxMessages) this.#messages.shift();
    this.#arrived();
  }
}
