import type { Cancel, Clock } from '../base/clock.ts';
import { deferred } from '../base/deferred.ts';
import { errorCode, UnavailableError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { MqttTransport, Unsubscribe } from '../mqtt/transport.ts';
import type { SliceSender, SliceSenderStep, SliceToSend } from '../mup/slice-sender.ts';
import { decodeAcknowledgement } from '../mup/slices.ts';
import type { SliceSending, SliceTurns } from './slice-turns.ts';

export interface SliceTransferOptions {
  readonly transport: MqttTransport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sender: SliceSender;
  /**
   * The payload of a slice; at once where its octets are in memory.
   * @throws PeerError `unknown-image`, `image-damaged`; also as a rejection
   */
  readonly payload: (slice: SliceToSend) => Uint8Array | Promise<Uint8Array>;
  /** Whose turn it is among all transfers of the transport. */
  readonly turns: SliceTurns;
  /** Offset to go on at; 0 from the start. */
  readonly from: number;
  readonly sliceTopic: string;
  readonly acknowledgementTopic: string;
  readonly signal: AbortSignal;
  /** How long the transfer may wait to begin. */
  readonly stallTimeoutMs: number;
  /** Called with the octets that the device has acknowledged, when they grew: at once, and then now and then. */
  readonly onProgress: (acknowledged: number) => void;
}

/** Between two calls of `onProgress`: a thousand transfers must not spend their time on telling of it. */
const progressIntervalMs = 500;

/**
 * Sends an image in slices until the device has acknowledged all of it (mup-protocol §3, Slices): the
 * sender decides what goes out, the turns when, this carries it between broker and image.
 * @throws UnavailableError `transfer-stalled`, `transfer-cancelled`; PeerError `unknown-image`,
 *   `image-damaged`
 */
export async function transferSlices(options: SliceTransferOptions): Promise<void> {
  const transfer = new SliceTransfer(options);
  await transfer.run();
}

class SliceTransfer implements SliceSending {
  readonly #options: SliceTransferOptions;
  readonly #done = deferred();
  /** The timer that is set, and when it is due. */
  #timer: { readonly at: number; readonly cancel: Cancel } | undefined;
  #told = 0;
  #tellAt = Number.NEGATIVE_INFINITY;
  #sending = false;
  #ended = false;

  constructor(options: SliceTransferOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal, turns } = this.#options;
    const cancel = (): void =>
      this.#end(new UnavailableError('transfer-cancelled', 'the transfer was cancelled'));
    signal.addEventListener('abort', cancel, { once: true });
    const listening = this.#listen();
    try {
      if (signal.aborted) cancel();
      await this.#done.promise;
    } finally {
      this.#timer?.cancel();
      turns.leave(this);
      signal.removeEventListener('abort', cancel);
      // Without a connection the subscription may not stand for hours: nobody waits for that.
      void listening.then((unsubscribe) => unsubscribe?.());
    }
  }

  /** One slice at a time: else one whose octets are at hand would overtake one that is being read. */
  get hasMore(): boolean {
    return !this.#ended && !this.#sending && this.#options.sender.hasMore;
  }

  /** A slice that cannot leave is lost, and the sender's timeout brings it back. */
  async send(): Promise<void> {
    const { sender, clock, payload, transport, sliceTopic } = this.#options;
    this.#sending = true;
    try {
      const step = sender.tick(clock.monotonic(), 1);
      this.#apply(step);
      const [slice] = step.send;
      if (slice === undefined) return;
      const made = payload(slice);
      const octets = made instanceof Uint8Array ? made : await made;
      if (this.#ended) return;
      await transport.publish(sliceTopic, octets, { qos: 0, bulk: true });
    } catch (error) {
      this.#unsent(error);
    } finally {
      this.#sending = false;
    }
  }

  /** Begins to send once acknowledgements can arrive. */
  async #listen(): Promise<Unsubscribe | undefined> {
    const { transport, acknowledgementTopic, sender, clock, from, stallTimeoutMs } = this.#options;
    this.#schedule(clock.monotonic() + stallTimeoutMs, () => this.#end(this.#stalled()));
    try {
      const unsubscribe = await transport.subscribe(acknowledgementTopic, 0, ({ payload }) =>
        this.#acknowledged(payload),
      );
      this.#timer?.cancel();
      this.#timer = undefined;
      if (!this.#ended) this.#apply(sender.resume(from, clock.monotonic(), 0));
      return unsubscribe;
    } catch (error) {
      this.#end(error);
      return undefined;
    }
  }

  #acknowledged(payload: Uint8Array): void {
    const offset = decodeAcknowledgement(payload);
    if (offset === undefined || this.#ended) return;
    const { sender, clock } = this.#options;
    const now = clock.monotonic();
    const step = sender.acknowledged(offset, now, 0);
    if (now >= this.#tellAt) this.#tell(now);
    this.#apply(step);
  }

  #tell(now: number): void {
    const { sender, onProgress } = this.#options;
    if (sender.acknowledgedOffset === this.#told) return;
    this.#told = sender.acknowledgedOffset;
    this.#tellAt = now + progressIntervalMs;
    onProgress(this.#told);
  }

  #apply({ finished, failed, wakeAt }: SliceSenderStep): void {
    if (this.#ended) return;
    if (finished || failed !== undefined) {
      this.#end(finished ? undefined : this.#stalled());
      return;
    }
    const { clock, sender, turns } = this.#options;
    if (wakeAt !== undefined) this.#schedule(wakeAt, () => this.#apply(sender.tick(clock.monotonic(), 0)));
    if (this.hasMore) turns.enter(this);
  }

  /** A timer that is due before is left as it is: it looks again, and most acknowledgements set none. */
  #schedule(at: number, task: () => void): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const { clock } = this.#options;
    const cancel = clock.schedule(Math.max(0, at - clock.monotonic()), () => {
      this.#timer = undefined;
      task();
    });
    this.#timer = { at, cancel };
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

  #unsent(error: unknown): void {
    const code = errorCode(error);
    if (code === 'mqtt-offline' || code === 'mqtt-lost')
      this.#options.logger.debug('slice not sent', { code });
    else this.#end(error);
  }

  /** What was acknowledged last is told before whoever waits goes on. */
  #end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#tell(this.#options.clock.monotonic());
    if (error === undefined) this.#done.resolve();
    else this.#done.reject(error);
  }
}
