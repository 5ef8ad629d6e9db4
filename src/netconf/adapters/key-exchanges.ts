import type { Socket } from 'node:net';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { type Connection, isExchangingKeys } from './ssh2.ts';

/** After how much, in either direction, and how long keys are exchanged anew. */
export interface RekeyLimits {
  readonly bytes: number;
  readonly ms: number;
}

/** RFC 4253 §9: after each gigabyte and each hour, whichever comes first. */
export const defaultRekeyLimits: RekeyLimits = { bytes: 2 ** 30, ms: 3_600_000 };

/** How long an exchange may take: what there is to send waits for it. */
const deadlineMs = 30_000;
/** Octets that a client may still have on its way to us when we ask for an exchange. */
const maxBytesMeanwhile = 32 * 1024 * 1024;
/** Exchanges that a client may ask for in a row, each with little sent and little time since the last. */
const maxHasty = 16;
const hastyBytes = 1024 * 1024;
const hastyMs = 10_000;

export interface KeyExchangesOptions {
  readonly client: Connection;
  readonly socket: Socket;
  readonly limits: RekeyLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Cuts the connection. */
  readonly cut: () => void;
}

/**
 * The key exchanges of one connection after the first (RFC 4253 §9). While one is under way ssh2 keeps all
 * that is written, without limit, so writers ask here whether to wait.
 */
export class KeyExchanges {
  readonly #options: KeyExchangesOptions;
  readonly #listeners = new Set<() => void>();
  #octetsBefore = 0;
  #doneAt: number;
  #hasty = 0;
  #readBefore = 0;
  #cancelDeadline: Cancel | undefined;
  #cancelRekey: Cancel | undefined;

  constructor(options: KeyExchangesOptions) {
    this.#options = options;
    this.#doneAt = options.clock.monotonic();
    options.client.on('handshake', () => this.#done());
  }

  get underWay(): boolean {
    return isExchangingKeys(this.#options.client);
  }

  /** Calls `listener` after each exchange. @returns ends that */
  onDone(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Octets have come in. */
  check(): void {
    if (this.underWay) {
      this.#watch();
      if (this.#options.socket.bytesRead - this.#readBefore > maxBytesMeanwhile)
        this.#cut('the client goes on sending in a key exchange');
    } else if (this.#octets() - this.#octetsBefore >= this.#options.limits.bytes) this.#begin();
  }

  close(): void {
    this.#cancelDeadline?.();
    this.#cancelRekey?.();
    this.#listeners.clear();
  }

  #begin(): void {
    if (this.underWay) return;
    this.#hasty = 0;
    this.#options.client.rekey();
    this.#watch();
  }

  /** An exchange has begun, on whichever side. */
  #watch(): void {
    if (this.#cancelDeadline !== undefined) return;
    this.#readBefore = this.#options.socket.bytesRead;
    this.#cancelDeadline = this.#options.clock.schedule(deadlineMs, () =>
      this.#cut('the client does not finish a key exchange'),
    );
  }

  #done(): void {
    const { clock, limits } = this.#options;
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
    this.#cancelRekey?.();
    this.#cancelRekey = clock.schedule(limits.ms, () => this.#begin());
    const octets = this.#octets();
    const hasty = octets - this.#octetsBefore < hastyBytes && clock.monotonic() - this.#doneAt < hastyMs;
    this.#hasty = hasty ? this.#hasty + 1 : 0;
    this.#octetsBefore = octets;
    this.#doneAt = clock.monotonic();
    if (this.#hasty > maxHasty) this.#cut('the client exchanges keys again and again');
    for (const listener of [...this.#listeners]) listener();
  }

  #octets(): number {
    return this.#options.socket.bytesRead + this.#options.socket.bytesWritten;
  }

  #cut(reason: string): void {
    this.#options.logger.warn(`connection cut: ${reason}`);
    this.close();
    this.#options.cut();
  }
}
