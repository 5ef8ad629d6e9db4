import type { Clock } from '../../base/clock.ts';
import type { Delivery } from './subscription.ts';

/** Events that one subscription looks at before it is the turn of the next one. */
const eventsPerTurn = 64;
/** How long deliveries may keep everything else waiting. */
const turnMs = 10;

/** Lets subscriptions deliver in turns, so that neither a busy stream nor a long replay holds up anything. */
export class SubscriptionTurns {
  readonly #clock: Clock;
  /** Those with something to do, in the order of their turns. */
  readonly #awake = new Set<Delivery>();
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives it a turn soon, never at once. */
  wake(delivery: Delivery): void {
    this.#awake.add(delivery);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.schedule(0, () => this.#run());
  }

  forget(delivery: Delivery): void {
    this.#awake.delete(delivery);
  }

  #run(): void {
    this.#scheduled = false;
    const end = this.#clock.monotonic() + turnMs;
    const isOver = (): boolean => this.#clock.monotonic() > end;
    for (const delivery of [...this.#awake]) {
      this.#awake.delete(delivery);
      if (delivery.deliver(eventsPerTurn, isOver)) this.wake(delivery);
      if (isOver()) break;
    }
    const [next] = this.#awake;
    if (next !== undefined) this.wake(next);
  }
}
