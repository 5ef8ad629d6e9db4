interface Waiting {
  readonly send: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Lets packets go in order, and only while there is room: neither is said by mqtt.js, which buffers
 * without bound and ignores the broker's Receive Maximum.
 */
export class SendQueue {
  readonly #hasRoom: () => boolean;
  /** A set, because it gives up its first entry in constant time. */
  readonly #waiting = new Set<Waiting>();
  #closed: Error | undefined;

  /** @param hasRoom asked before every packet; what `send` does changes its answer at once */
  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** What is pushed now goes at once. */
  get isOpen(): boolean {
    return this.#closed === undefined && this.isEmpty && this.#hasRoom();
  }

  /** Calls `send` when it is its turn; `reject` instead when the connection ends before. */
  push(send: () => void, reject: (error: Error) => void): void {
    if (this.#closed !== undefined) {
      reject(this.#closed);
      return;
    }
    if (this.isOpen) send();
    else this.#waiting.add({ send, reject });
  }

  /** To be called when there may be room again. */
  pump(): void {
    for (const waiting of this.#waiting) {
      if (!this.#hasRoom()) return;
      this.#waiting.delete(waiting);
      waiting.send();
    }
  }

  /** Nothing goes any more. */
  close(error: Error): void {
    this.#closed = error;
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      waiting.reject(error);
    }
  }
}
