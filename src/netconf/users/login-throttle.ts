interface Failures {
  readonly count: number;
  readonly last: number;
}

const firstDelayMs = 250;
const longestDelayMs = 8000;
/** Failures are forgotten this long after the last one. */
const memoryMs = 600_000;
/** Sources that are remembered; the one that was quiet the longest is forgotten first. */
const maxSources = 4096;

/**
 * Slows guessing down: each failed login from an address makes the answer to its next failure later, up
 * to some seconds. Successful logins are never delayed, so nobody is locked out.
 */
export class LoginThrottle {
  readonly #sources = new Map<string, Failures>();

  /**
   * Records a failed login.
   * @param now monotonic milliseconds
   * @returns how long to wait before the client is told
   */
  failed(source: string, now: number): number {
    const before = this.#sources.get(source);
    const count = before === undefined || now - before.last > memoryMs ? 0 : before.count;
    this.#sources.delete(source);
    if (this.#sources.size >= maxSources) this.#forgetOldest();
    this.#sources.set(source, { count: count + 1, last: now });
    return Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(count, 16));
  }

  /** Forgets the failures of an address from which somebody has logged in. */
  succeeded(source: string): void {
    this.#sources.delete(source);
  }

  #forgetOldest(): void {
    for (const source of this.#sources.keys()) {
      this.#sources.delete(source);
      return;
    }
  }
}
