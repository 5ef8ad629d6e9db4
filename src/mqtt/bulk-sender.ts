import type { Clock } from '../base/clock.ts';
import type { MupError } from '../base/errors.ts';
import { BulkCredit } from './bulk-credit.ts';
import { SendQueue } from './send-queue.ts';

/** What bulk needs of the connection that it goes over. */
export interface BulkConnection {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Nothing else waits for the connection, and it takes more. */
  readonly hasRoom: () => boolean;
  /** Sends a message at QoS 0 now. */
  readonly send: (topic: string, payload: Uint8Array) => void;
  /** Sends PINGREQ. */
  readonly ping: () => void;
}

/** What is handed to the network at once: one promise for all of it. */
const gone = Promise.resolve();

/** Sends bulk over one connection: when nothing else waits, and no faster than the broker takes it ({@link BulkCredit}). */
export class BulkSender {
  readonly #connection: BulkConnection;
  readonly #credit = new BulkCredit();
  readonly #queue: SendQueue;

  constructor(connection: BulkConnection) {
    this.#connection = connection;
    this.#queue = new SendQueue(() => this.#credit.hasRoom && connection.hasRoom());
  }

  /** Resolves when it has gone. @throws what `close` was given */
  publish(topic: string, payload: Uint8Array): Promise<void> {
    if (this.#queue.isOpen) {
      this.#send(topic, payload);
      return gone;
    }
    return new Promise((resolve, reject) => {
      this.#queue.push(() => {
        this.#send(topic, payload);
        resolve();
      }, reject);
    });
  }

  /** A PINGREQ went, whoever asked for it. */
  pinged(): void {
    this.#credit.pinged(this.#connection.clock.monotonic());
  }

  /** A PINGRESP came. */
  answered(): void {
    this.#credit.answered(this.#connection.clock.monotonic());
    this.pump();
  }

  /** To be called when the connection may have room again. */
  pump(): void {
    this.#queue.pump();
  }

  /** Nothing goes any more. */
  close(error: MupError): void {
    this.#queue.close(error);
  }

  #send(topic: string, payload: Uint8Array): void {
    this.#connection.send(topic, payload);
    if (this.#credit.sent(topic.length + payload.length)) this.#connection.ping();
  }
}
