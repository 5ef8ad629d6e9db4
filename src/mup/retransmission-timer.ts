import type { UpdateConfig } from '../base/config.ts';

export type TimeoutLimits = Pick<UpdateConfig, 'initialTimeoutMs' | 'minTimeoutMs' | 'maxTimeoutMs'>;

/**
 * How long to wait for an acknowledgement: the estimator of RFC 6298 §2, with bounds of our own in place
 * of its second. All values are milliseconds.
 */
export class RetransmissionTimer {
  readonly #limits: TimeoutLimits;
  /** SRTT and RTTVAR, once a round trip was measured. */
  #estimate: { readonly smoothed: number; readonly variation: number } | undefined;
  #timeout: number;

  constructor(limits: TimeoutLimits) {
    this.#limits = limits;
    this.#timeout = this.#bounded(limits.initialTimeoutMs);
  }

  /** The timeout in force (RTO). */
  get timeout(): number {
    return this.#timeout;
  }

  /** How long a round trip takes at most, as far as measured: the timeout without floor and backoff. */
  get roundTrip(): number {
    if (this.#estimate === undefined) return this.#timeout;
    return this.#estimate.smoothed + 4 * this.#estimate.variation;
  }

  /**
   * RFC 6298 §2.2, §2.3. The caller leaves out round trips of what was sent more than once (§3, Karn).
   */
  measured(roundTrip: number): void {
    const r = Math.max(0, roundTrip);
    this.#estimate =
      this.#estimate === undefined
        ? { smoothed: r, variation: r / 2 }
        : {
            variation: (3 * this.#estimate.variation + Math.abs(this.#estimate.smoothed - r)) / 4,
            smoothed: (7 * this.#estimate.smoothed + r) / 8,
          };
    this.#timeout = this.#bounded(this.roundTrip);
  }

  /** RFC 6298 §5.5: a timeout doubles, until the next measurement. */
  expired(): void {
    this.#timeout = this.#bounded(2 * this.#timeout);
  }

  #bounded(timeout: number): number {
    return Math.min(this.#limits.maxTimeoutMs, Math.max(this.#limits.minTimeoutMs, timeout));
  }
}
