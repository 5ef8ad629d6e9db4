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
  #waiting: Waiting[] = [];
  #closed: Error | undefined;

  /** @param hasRoom asked before every packet; what `send` does changes its answer at once */
  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Calls `send` when it is its turn; `reject` instead when the connection ends before. */
  push(send: () => void, reject: (error: Error) => void): void {
    if (this.#closed !== undefined) {
      reject(this.#closed);
      return;
    }
    this.#waiting.push({ send, reject });
    this.pump();
  }

  /** To be called when there may be room again. */
  pump(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) this.#waiting.shift()?.send();
  }

  /** Nothing goes any more. */
  close(error: Error): void {
    this.#closed = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
