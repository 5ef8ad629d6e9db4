import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/deferred.ts';
import { UnavailableError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { bearsRepetition } from '../mqtt/deaf-lengths.ts';
import type { DeviceLines } from '../mqtt/device-lines.ts';
import { cancelled } from '../mqtt/rpc-failures.ts';
import type { MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import { decodeMynoAcknowledgement, encodeMynoSlice } from '../mup/myno-slices.ts';
import type { ImageSource } from './image-source.ts';

export interface MynoTransferOptions {
  readonly transport: MqttTransport;
  readonly lines: DeviceLines;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uuid: DeviceUuid;
  readonly source: ImageSource;
  /** Octets of image in a slice; the last may be shorter. */
  readonly sliceSize: number;
  readonly sliceTopic: string;
  readonly acknowledgementTopic: string;
  readonly signal: AbortSignal;
  /** Silence after which a slice is sent again. */
  readonly repeatAfterMs: number;
  /** Silence after which the transfer is given up. */
  readonly stallTimeoutMs: number;
  /** Called with the octets that the device has acknowledged, whenever they grew. */
  readonly onProgress: (acknowledged: number) => void;
}

/**
 * Sends an image in numbered slices, each once the one before is acknowledged (mup-protocol §3, Slices,
 * `myno`; paper §5.6, stop-and-wait). Other requests to the device may go in between.
 * @throws UnavailableError `transfer-stalled`, `cancelled`, and what the connection to the broker throws
 */
export async function transferMynoSlices(options: MynoTransferOptions): Promise<void> {
  const transfer = new MynoTransfer(options);
  await transfer.run();
}

class MynoTransfer {
  readonly #options: MynoTransferOptions;
  /** The slice in flight, and what to do when it is acknowledged. */
  #awaited: { readonly n: number; readonly acknowledged: () => void } | undefined;
  /** The exchange in hand: it goes on for a while when its transfer was cancelled. */
  #exchange: Promise<unknown> = Promise.resolve();

  constructor(options: MynoTransferOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { transport, acknowledgementTopic } = this.#options;
    const subscribing = transport.subscribe(acknowledgementTopic, 0, ({ payload }) => {
      if (this.#awaited?.n === decodeMynoAcknowledgement(payload)) this.#awaited?.acknowledged();
    });
    try {
      await this.#granted(subscribing);
      await this.#sendAll();
    } finally {
      // Without a connection the subscription may not stand for hours: nobody waits for that.
      void this.#exchange.then(async () => (await subscribing)()).catch(() => {});
    }
  }

  /** Nothing is sent before its acknowledgement can arrive. */
  async #granted(subscribing: Promise<Unsubscribe>): Promise<void> {
    const { clock, signal, stallTimeoutMs, uuid } = this.#options;
    const granted = deferred();
    const abort = (): void => granted.reject(cancelled(uuid));
    const cancel = clock.schedule(stallTimeoutMs, () => granted.reject(this.#stalled(0)));
    signal.addEventListener('abort', abort, { once: true });
    subscribing.then(() => granted.resolve(), granted.reject);
    try {
      await granted.promise;
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  async #sendAll(): Promise<void> {
    const { source, sliceSize, lines, uuid, signal, stallTimeoutMs, onProgress } = this.#options;
    for (let n = 0; n * sliceSize < source.size; n += 1) {
      const bytes = await source.read(n * sliceSize, Math.min(sliceSize, source.size - n * sliceSize));
      const exchange = (): Promise<void> => {
        const pending = this.#send(n, encodeMynoSlice(n, bytes));
        this.#exchange = pending.catch(() => {});
        return pending;
      };
      await lines.run(uuid, exchange, { waitMs: stallTimeoutMs, signal });
      onProgress(Math.min(source.size, (n + 1) * sliceSize));
    }
  }

  /** Resolves when the slice is acknowledged. It is sent again after a silence, unless nobody wants it any more. */
  async #send(n: number, payload: Uint8Array): Promise<void> {
    const { clock, signal, stallTimeoutMs, sliceTopic, logger, uuid } = this.#options;
    const givenUpAt = clock.monotonic() + stallTimeoutMs;
    while (!(await this.#sendOnce(n, payload))) {
      if (signal.aborted) return;
      if (clock.monotonic() >= givenUpAt) throw this.#stalled(n);
      logger.debug('a slice is sent again', { uuid, n, risky: !bearsRepetition(sliceTopic, payload.length) });
    }
  }

  /** @returns whether the slice was acknowledged before the silence was too long */
  async #sendOnce(n: number, payload: Uint8Array): Promise<boolean> {
    const { transport, clock, sliceTopic, repeatAfterMs } = this.#options;
    const answer = deferred<boolean>();
    this.#awaited = { n, acknowledged: () => answer.resolve(true) };
    const cancel = clock.schedule(repeatAfterMs, () => answer.resolve(false));
    try {
      await transport.publish(sliceTopic, payload, { qos: 0 });
      return await answer.promise;
    } finally {
      cancel();
      this.#awaited = undefined;
    }
  }

  #stalled(n: number): UnavailableError {
    return new UnavailableError('transfer-stalled', `the device did not acknowledge slice ${n}`, {
      hint: 'Check that the device is online; one that got a long slice twice hears nothing until it is restarted.',
    });
  }
}
