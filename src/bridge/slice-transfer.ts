import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/deferred.ts';
import { errorCode, UnavailableError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import type { SliceSender, SliceSenderStep } from '../mup/slice-sender.ts';
import { decodeAcknowledgement, encodeSlice } from '../mup/slices.ts';
import type { ImageSource } from './image-source.ts';

export interface SliceTransferOptions {
  readonly transport: MqttTransport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sender: SliceSender;
  readonly source: ImageSource;
  /** Offset to go on at; 0 from the start. */
  readonly from: number;
  readonly sliceTopic: string;
  readonly acknowledgementTopic: string;
  readonly signal: AbortSignal;
  /** How long the transfer may wait to begin. */
  readonly stallTimeoutMs: number;
  /** Called with the octets that the device has acknowledged, whenever they grew. */
  readonly onProgress: (acknowledged: number) => void;
}

/**
 * Sends an image in slices until the device has acknowledged all of it (mup-protocol §3, Slices): the
 * sender decides what goes out and when, this carries it between broker and image.
 * @throws UnavailableError `transfer-stalled`, `transfer-cancelled`
 */
export async function transferSlices(options: SliceTransferOptions): Promise<void> {
  const transfer = new SliceTransfer(options);
  await transfer.run();
}

class SliceTransfer {
  readonly #options: SliceTransferOptions;
  readonly #done = deferred();
  #cancelTimer: () => void = () => {};
  #sending: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(options: SliceTransferOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const cancel = (): void =>
      this.#end(new UnavailableError('transfer-cancelled', 'the transfer was cancelled'));
    signal.addEventListener('abort', cancel, { once: true });
    const listening = this.#listen();
    try {
      if (signal.aborted) cancel();
      await this.#done.promise;
    } finally {
      this.#cancelTimer();
      signal.removeEventListener('abort', cancel);
      // Without a connection the subscription may not stand for hours: nobody waits for that.
      void listening.then((unsubscribe) => unsubscribe?.());
    }
  }

  /** Begins to send once acknowledgements can arrive. */
  async #listen(): Promise<Unsubscribe | undefined> {
    const { transport, acknowledgementTopic, sender, clock, from, stallTimeoutMs } = this.#options;
    this.#cancelTimer = clock.schedule(stallTimeoutMs, () => this.#end(this.#stalled()));
    try {
      const unsubscribe = await transport.subscribe(acknowledgementTopic, 0, ({ payload }) =>
        this.#acknowledged(payload),
      );
      const now = clock.monotonic();
      if (!this.#ended) this.#apply(from === 0 ? sender.start(now) : sender.resume(from, now));
      return unsubscribe;
    } catch (error) {
      this.#end(error);
      return undefined;
    }
  }

  #acknowledged(payload: Uint8Array): void {
    const offset = decodeAcknowledgement(payload);
    if (offset === undefined || this.#ended) return;
    const { sender, clock, onProgress } = this.#options;
    const before = sender.acknowledgedOffset;
    const step = sender.acknowledged(offset, clock.monotonic());
    if (sender.acknowledgedOffset !== before) onProgress(sender.acknowledgedOffset);
    this.#apply(step);
  }

  #apply(step: SliceSenderStep): void {
    if (this.#ended) return;
    const { clock, sender } = this.#options;
    if (step.finished || step.failed !== undefined) {
      this.#end(step.finished ? undefined : this.#stalled());
      return;
    }
    for (const slice of step.send) this.#send(slice);
    this.#cancelTimer();
    if (step.wakeAt !== undefined)
      this.#cancelTimer = clock.schedule(Math.max(0, step.wakeAt - clock.monotonic()), () =>
        this.#apply(sender.tick(clock.monotonic())),
      );
  }

  #stalled(): UnavailableError {
    const { acknowledgedOffset } = this.#options.sender;
    return new UnavailableError(
      'transfer-stalled',
      `the device took no slice after offset ${acknowledgedOffset}`,
      {
        hint: 'Check that the device is online and that its largest packet holds a slice; then start again.',
      },
    );
  }

  /** Slices leave in order; one that cannot leave is lost, and the sender's timeout brings it back. */
  #send({ offset, length }: { readonly offset: number; readonly length: number }): void {
    const { source, transport, sliceTopic } = this.#options;
    this.#sending = this.#sending.then(async () => {
      if (this.#ended) return;
      try {
        const bytes = await source.read(offset, length);
        await transport.publish(sliceTopic, encodeSlice(offset, bytes), { qos: 0 });
      } catch (error) {
        this.#unsent(error);
      }
    });
  }

  #unsent(error: unknown): void {
    const code = errorCode(error);
    if (code === 'mqtt-offline' || code === 'mqtt-lost')
      this.#options.logger.debug('slice not sent', { code });
    else this.#end(error);
  }

  #end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error === undefined) this.#done.resolve();
    else this.#done.reject(error);
  }
}
