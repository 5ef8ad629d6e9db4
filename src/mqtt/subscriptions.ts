import { errorMessage } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { matchesFilter } from './topics.ts';
import type { MqttMessage, Qos } from './transport.ts';

/** Handles the messages of one call of `subscribe`. */
export interface Subscriber {
  readonly handler: (message: MqttMessage) => void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One topic filter, subscribed once for all who want it. */
export class Subscription {
  readonly filter: string;
  /** MQTT 5 Subscription Identifier. */
  readonly id: number;
  qos: Qos;
  /** On the present connection: not asked for, asked for, or granted. */
  standing: 'absent' | 'asked' | 'granted' = 'absent';
  readonly subscribers = new Set<Subscriber>();
  #waiters: Waiter[] = [];

  constructor(filter: string, id: number, qos: Qos) {
    this.filter = filter;
    this.id = id;
    this.qos = qos;
  }

  /** Resolves with the next {@link tell}, rejects with the next {@link refuse}. */
  told(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Tells those who wait that it is granted. */
  tell(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  /** The broker refused it, or there will be no broker any more; returns whether somebody was told. */
  refuse(error: unknown): boolean {
    this.standing = 'absent';
    const waiters = this.#waiters.splice(0);
    for (const waiter of waiters) waiter.reject(error);
    return waiters.length > 0;
  }
}

/** All subscriptions of a transport: they outlive its connections. */
export class Subscriptions {
  readonly #byFilter = new Map<string, Subscription>();
  readonly #byId = new Map<number, Subscription>();
  readonly #wildcards = new Set<Subscription>();
  readonly #logger: Logger;
  #lastId = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The subscription of a filter, new or known; to be asked for (again) where its QoS grew. */
  want(filter: string, qos: Qos): Subscription {
    const known = this.#byFilter.get(filter);
    if (known !== undefined) {
      if (qos > known.qos) {
        known.qos = qos;
        known.standing = 'absent';
      }
      return known;
    }
    this.#lastId += 1;
    const added = new Subscription(filter, this.#lastId, qos);
    this.#byFilter.set(filter, added);
    this.#byId.set(added.id, added);
    if (/[+#]/.test(filter)) this.#wildcards.add(added);
    return added;
  }

  delete(subscription: Subscription): void {
    if (this.#byId.delete(subscription.id)) this.#byFilter.delete(subscription.filter);
    this.#wildcards.delete(subscription);
  }

  all(): Subscription[] {
    return [...this.#byFilter.values()];
  }

  /** Hands a message to each subscriber it is for, once; what a handler throws stays here. */
  dispatch(message: MqttMessage, subscriptionIds: readonly number[]): void {
    for (const subscription of this.#receivers(message.topic, subscriptionIds))
      for (const { handler } of [...subscription.subscribers]) this.#hand(handler, message);
  }

  /**
   * A broker may send one copy for each of several overlapping filters; with MQTT 5 it says which, so
   * that no handler sees two. Over 3.1.1 copies cannot be told from messages that were sent twice.
   */
  #receivers(topic: string, ids: readonly number[]): Subscription[] {
    if (ids.length === 1) return this.#receiver(topic, ids[0]);
    if (ids.length > 1) return [...new Set(ids)].flatMap((id) => this.#receiver(topic, id));
    const exact = this.#byFilter.get(topic);
    const matching = [...this.#wildcards].filter(({ filter }) => matchesFilter(filter, topic));
    return exact === undefined || matching.includes(exact) ? matching : [exact, ...matching];
  }

  #receiver(topic: string, id: number | undefined): Subscription[] {
    const found = id === undefined ? undefined : this.#byId.get(id);
    return found !== undefined && matchesFilter(found.filter, topic) ? [found] : [];
  }

  #hand(handler: Subscriber['handler'], message: MqttMessage): void {
    try {
      handler(message);
    } catch (error) {
      this.#logger.error('handler of an MQTT message failed', {
        topic: message.topic,
        error: errorMessage(error),
      });
    }
  }
}
