import { matchesFilter } from './topics.ts';
import type { MqttMessage, MqttTransport, Unsubscribe } from './transport.ts';

interface Extra {
  users: number;
  readonly subscription: Promise<Unsubscribe>;
}

/** One call's share of the subscription to an answer topic. */
export interface Listening {
  /** Resolves when the broker has granted it. */
  readonly granted: Promise<unknown>;
  /** Ends the share; calling it again is harmless. */
  readonly leave: () => void;
}

/**
 * The topics that answers come on: the two standing filters of mup-protocol §2, and whatever else a
 * description names as its answer topic, subscribed while calls wait there.
 */
export class AnswerTopics {
  readonly #transport: MqttTransport;
  readonly #handler: (message: MqttMessage) => void;
  readonly #extras = new Map<string, Extra>();
  #filters: readonly string[] = [];
  #standing: readonly Unsubscribe[] = [];

  constructor(transport: MqttTransport, handler: (message: MqttMessage) => void) {
    this.#transport = transport;
    this.#handler = handler;
  }

  /** Subscribes to the standing filters. */
  async start(filters: readonly string[]): Promise<void> {
    this.#filters = filters;
    this.#standing = await Promise.all(
      filters.map((filter) => this.#transport.subscribe(filter, 1, this.#handler)),
    );
  }

  /** Makes sure that messages on `topic` arrive; `undefined` where a standing filter takes care of it. */
  listen(topic: string): Listening | undefined {
    if (this.#filters.some((filter) => matchesFilter(filter, topic))) return undefined;
    const extra = this.#extras.get(topic) ?? this.#subscribe(topic);
    extra.users += 1;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      extra.users -= 1;
      if (extra.users === 0) this.#release(topic, extra);
    };
    return { granted: extra.subscription, leave };
  }

  /** Leaves all topics. */
  async close(): Promise<void> {
    for (const [topic, extra] of this.#extras) this.#release(topic, extra);
    await Promise.all(this.#standing.map((unsubscribe) => unsubscribe()));
    this.#standing = [];
  }

  #subscribe(topic: string): Extra {
    const extra = { users: 0, subscription: this.#transport.subscribe(topic, 1, this.#handler) };
    this.#extras.set(topic, extra);
    return extra;
  }

  #release(topic: string, extra: Extra): void {
    if (this.#extras.get(topic) === extra) this.#extras.delete(topic);
    // A refused subscription was reported to the calls that waited for it.
    extra.subscription.then((unsubscribe) => unsubscribe()).catch(() => {});
  }
}
