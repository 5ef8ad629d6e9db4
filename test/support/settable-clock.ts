import { ManualClock } from './manual-clock.ts';

/** A clock whose wall time can be set, as an operator or NTP does; its monotonic time goes on. */
export class SettableClock extends ManualClock {
  #by = 0;

  override now(): number {
    return super.now() + this.#by;
  }

  /** Sets the wall clock so much further (back: less than 0), milliseconds. */
  set(by: number): void {
    this.#by += by;
  }
}
