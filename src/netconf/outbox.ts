import type { Cancel, Clock } from '../base/clock.ts';
import type { SessionPort } from './session-port.ts';

export interface OutboxLimits {
  /** Octets that may wait before {@link Outbox.ready} makes its caller wait. */
  readonly maxUnsentBytes: number;
  /** How long the client may take nothing. */
  readonly sendTimeoutMs: number;
}

/**
 * What a session has to send, handed to its port no faster than the port takes it: a client that does not
 * read costs the memory of one reply, and after a while its session.
 */
export class Outbox {
  readonly #port: SessionPort;
  readonly #clock: Clock;
  readonly #limits: OutboxLimits;
  readonly #onStuck: () => void;
  #pieces: Uint8Array[] = [];
  #unsentBytes = 0;
  #blocked = false;
  #finishing = false;
  #cancelTimeout: Cancel | undefined;
  #wake: (() => void) | undefined;

  /** @param onStuck the client took nothing for `sendTimeoutMs` */
  constructor(port: SessionPort, clock: Clock, limits: OutboxLimits, onStuck: () => void) {
    this.#port = port;
    this.#clock = clock;
    this.#limits = limits;
    this.#onStuck = onStuck;
  }

  /** Whether more waits than may. */
  get full(): boolean {
    return this.#unsentBytes > this.#limits.maxUnsentBytes;
  }

  /** Octets that the port has not taken. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Whether the port has taken everything and takes more. */
  get idle(): boolean {
    return !this.#blocked && !this.#finishing && this.#pieces.length === 0;
  }

  send(pieces: readonly Uint8Array[]): void {
    if (this.#finishing) return;
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#unsentBytes += piece.length;
    }
    this.#flush();
  }

  /** The port takes bytes again. */
  drained(): void {
    this.#blocked = false;
    if (!this.#finishing) this.#stopTimeout();
    this.#flush();
    if (!this.full) this.#release();
  }

  /** Resolves when the outbox is not full, or is given up. */
  ready(): Promise<void> {
    if (!this.full) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Sends what is left, then ends the port; a client that does not take it is still cut off. */
  finish(): void {
    this.#finishing = true;
    this.#startTimeout();
    if (this.#pieces.length === 0) this.#port.end();
  }

  /** Forgets what is left. */
  abandon(): void {
    this.#finishing = true;
    this.#pieces = [];
    this.#unsentBytes = 0;
    this.#stopTimeout();
    this.#release();
  }

  #flush(): void {
    if (this.#pieces.length === 0) return;
    let written = 0;
    while (!this.#blocked && written < this.#pieces.length) {
      const piece = this.#pieces[written] ?? new Uint8Array(0);
      this.#unsentBytes -= piece.length;
      written += 1;
      this.#blocked = !this.#port.write(piece);
    }
    this.#pieces.splice(0, written);
    if (this.#blocked) this.#startTimeout();
    if (this.#finishing && this.#pieces.length === 0) this.#port.end();
  }

  #startTimeout(): void {
    this.#cancelTimeout ??= this.#clock.schedule(this.#limits.sendTimeoutMs, this.#onStuck);
  }

  #stopTimeout(): void {
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
  }

  #release(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
