import { RpcError } from '../rpc-error.ts';
import type { EventStreams } from './event-streams.ts';
import type { Subscriber, Subscription, SubscriptionRequest } from './subscription.ts';

/** The subscription of one session: one at a time. */
export class SessionSubscription {
  readonly #streams: EventStreams;
  readonly #subscriber: Subscriber;
  #subscription: Subscription | undefined;

  constructor(streams: EventStreams, subscriber: Subscriber) {
    this.#streams = streams;
    this.#subscriber = subscriber;
  }

  /** Whether notifications may still come. */
  get active(): boolean {
    return this.#subscription?.active ?? false;
  }

  /**
   * Subscribes; nothing comes before `replied` is called.
   * @throws RpcError `in-use` when there is a subscription already
   */
  begin(request: SubscriptionRequest): void {
    if (this.active)
      throw new RpcError('protocol', 'in-use', 'the session has a subscription, and may have one at a time');
    this.#subscription = this.#streams.subscribe(request, this.#subscriber);
  }

  /** A reply is on its way: what follows it may come. */
  replied(): void {
    this.#subscription?.start();
  }

  /** The client takes notifications again. */
  wake(): void {
    this.#subscription?.wake();
  }

  end(): void {
    this.#subscription?.end();
  }
}
