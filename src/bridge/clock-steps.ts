import type { Clock } from '../base/clock.ts';

/** Wall clocks are also slewed, and read at another moment: less than this is no step. */
const leastStepMs = 1000;

/** Notices when the wall clock is set, by hand, by NTP, or because the machine slept. */
export class ClockSteps {
  readonly #clock: Clock;
  /** Wall clock minus monotonic clock. */
  #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonic();
  }

  /** By how many milliseconds it was set forward (back: less than 0) since this was asked last. */
  take(): number {
    const offset = this.#clock.now() - this.#clock.monotonic();
    const by = offset - this.#offset;
    if (Math.abs(by) < leastStepMs) return 0;
    this.#offset = offset;
    return by;
  }
}
