import type { Clock } from '../base/clock.ts';

/** How long requests may be served before whatever else the process has to do is. */
const turnMs = 10;

/**
 * One turn of the event loop, which all sessions share: together they work for {@link turnMs}, and those
 * that still have requests then go on one after the other. However many sessions a user opens, and
 * whatever they ask for, others wait for one request of each and no more.
 */
export class LoopTurn {
  readonly #clock: Clock;
  #begun: number | undefined;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the turn is used up: work on after {@link next}, and ask again then. */
  get over(): boolean {
    const now = this.#clock.monotonic();
    if (this.#begun === undefined) {
      this.#begun = now;
      this.#clock.schedule(0, () => this.#end());
    }
    return now - this.#begun >= turnMs;
  }

  /** What long work waits for between its parts, where the turn is used up. */
  rest(): Promise<void> | undefined {
    return this.over ? this.next() : undefined;
  }

  /** Resolves at the next turn; who waits first works first. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #end(): void {
    this.#begun = undefined;
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
