/** Slices that may be on their way to the connection: enough that it never waits, few enough to share it. */
const maxSending = 16;

/** Something that sends slices, one when it is its turn. */
export interface SliceSending {
  /** There is a slice to send. */
  readonly hasMore: boolean;
  /** Sends one; resolves when the connection has taken it. Never rejects. */
  send(): Promise<void>;
}

/**
 * All transfers of one connection take turns, one slice each, so that one with a wide window does not starve
 * those with a narrow one, and what waits for the connection does not grow with them: a slice is read when it
 * goes.
 */
export class SliceTurns {
  /** In the order of their turns. */
  readonly #waiting = new Set<SliceSending>();
  #sending = 0;

  /** Takes a place at the end of the line, unless it has one. */
  enter(sending: SliceSending): void {
    this.#waiting.add(sending);
    this.#next();
  }

  leave(sending: SliceSending): void {
    this.#waiting.delete(sending);
  }

  #next(): void {
    for (const sending of this.#waiting) {
      if (this.#sending >= maxSending) return;
      this.#waiting.delete(sending);
      if (sending.hasMore) this.#send(sending);
    }
  }

  #send(sending: SliceSending): void {
    this.#sending += 1;
    void sending.send().then(() => {
      this.#sending -= 1;
      if (sending.hasMore) this.#waiting.add(sending);
      this.#next();
    });
  }
}
