import type { UpdateConfig } from '../base/config.ts';

/**
 * How often the progress of one update is told: not before some time has passed since the last time, nor
 * before some part of the image more was taken. Times are of a monotonic clock, in milliseconds.
 */
export class ProgressGate {
  readonly #limits: Pick<UpdateConfig, 'progressIntervalMs' | 'progressPercent'>;
  #toldAt: number | undefined;
  #toldOffset = 0;

  constructor(limits: Pick<UpdateConfig, 'progressIntervalMs' | 'progressPercent'>) {
    this.#limits = limits;
  }

  /** Whether to tell that so many octets of so many were taken; it counts as told then. */
  passes(offset: number, size: number, now: number): boolean {
    const { progressIntervalMs, progressPercent } = this.#limits;
    // A transfer that began again counts from where it is.
    if (offset < this.#toldOffset) this.#toldOffset = offset;
    if (this.#toldAt !== undefined && now - this.#toldAt < progressIntervalMs) return false;
    if ((offset - this.#toldOffset) * 100 < size * progressPercent) return false;
    this.#toldAt = now;
    this.#toldOffset = offset;
    return true;
  }
}
