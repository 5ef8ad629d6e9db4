/**
 * Octets that the sessions of one user hold together: requests that are not answered, whole or not, and
 * replies that are not taken. Sessions are cheap to open, and each may hold one message of either kind.
 */
export class UserBudget {
  readonly #maxBytes: number;
  #requestBytes = 0;
  #replyBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether requests are over the limit: whoever has brought the last of them has to go. */
  get exceeded(): boolean {
    return this.#requestBytes > this.#maxBytes;
  }

  /** Whether further requests have to wait until replies are taken. */
  get full(): boolean {
    return this.#replyBytes > this.#maxBytes;
  }

  /** Whether no session holds anything; those that have ended may still have something to send. */
  get empty(): boolean {
    return this.#requestBytes === 0 && this.#replyBytes === 0;
  }

  /** A session holds so many octets more, or fewer. */
  change(requestBytes: number, replyBytes: number): void {
    this.#requestBytes += requestBytes;
    this.#replyBytes += replyBytes;
    if (this.full || this.#waiting.length === 0) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when it is not full: clients take replies, or are cut off. */
  ready(): Promise<void> {
    if (!this.full) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
