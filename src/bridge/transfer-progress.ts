import type { Clock } from '../base/clock.ts';

/** How fast an old measurement is forgotten: after this long it counts a third. */
const memoryMs = 10_000;

/**
 * How much of an image a device has taken, how fast, and how long the rest will take. The rate is smoothed:
 * octets over time, both forgotten at the same pace, so that a transfer that stands still is seen to.
 */
export class TransferProgress {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #sent = 0;
  #total = 0;
  /** Octets and milliseconds, older ones counted less. */
  #octets = 0;
  #time = 0;
  #measuredAt: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#measuredAt = clock.monotonic();
  }

  /** Octets that the device has taken. */
  get bytesSent(): number {
    return this.#sent;
  }

  /** Octets of the image. */
  get bytesTotal(): number {
    return this.#total;
  }

  /** Octets a second; `undefined` before anything was measured, and when nothing moves any more. */
  get rate(): number | undefined {
    const { octets, time } = this.#measured();
    const rate = time === 0 ? 0 : Math.round((octets * 1000) / time);
    return rate === 0 ? undefined : rate;
  }

  /** Seconds until all is sent, if it goes on so. */
  get remainingSeconds(): number | undefined {
    const { rate } = this;
    return rate === undefined ? undefined : Math.ceil((this.#total - this.#sent) / rate);
  }

  /** A transfer begins, or goes on after a break: what was measured before it says nothing of it. */
  begin(sent: number, total: number): void {
    this.#sent = sent;
    this.#total = total;
    this.#octets = 0;
    this.#time = 0;
    this.#measuredAt = this.#clock.monotonic();
  }

  /** The device has taken the image up to this offset. */
  took(offset: number): void {
    const { octets, time } = this.#measured();
    this.#octets = octets + Math.max(0, offset - this.#sent);
    this.#time = time;
    this.#measuredAt = this.#clock.monotonic();
    this.#sent = offset;
  }

  #measured(): { readonly octets: number; readonly time: number } {
    const passed = this.#clock.monotonic() - this.#measuredAt;
    const left = Math.exp(-passed / memoryMs);
    return { octets: this.#octets * left, time: this.#time * left + passed };
  }
}
