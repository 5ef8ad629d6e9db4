import type { Clock } from '../base/clock.ts';

/** Tells when the deadline of a job passes; a deadline is a time of the wall clock, and may move. */
export class JobDeadline {
  readonly #clock: Clock;
  readonly #passed: () => void;
  #cancel: () => void = () => {};

  /** @param passed called when the deadline that was set last passes */
  constructor(clock: Clock, passed: () => void) {
    this.#clock = clock;
    this.#passed = passed;
  }

  /** @param deadline milliseconds since the epoch; none: nothing passes any more */
  set(deadline: number | undefined): void {
    this.#cancel();
    this.#cancel = () => {};
    if (deadline === undefined) return;
    this.#cancel = this.#clock.schedule(Math.max(0, deadline - this.#clock.now()), this.#passed);
  }
}
