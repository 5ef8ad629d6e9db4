import type { UpdateConfig } from '../base/config.ts';
import { InternalError } from '../base/errors.ts';
import { isUint32 } from './manifest-fields.ts';
import { RetransmissionTimer, type TimeoutLimits } from './retransmission-timer.ts';

/** More slices in flight than this bring nothing, and a description must not make us hold a whole image. */
const maxWindow = 1024;

export interface SliceSenderOptions {
  /** Octets of the image. */
  readonly size: number;
  /** Octets of image in a slice; the last may be shorter. */
  readonly sliceSize: number;
  /** Slices that may be in flight; at most 1024 are used. */
  readonly window: number;
  /** Octets from the beginning of the image that the device may have before the first slice is sent; 0 unless given. */
  readonly held?: number;
  /** Slices begin at multiples of the slice size and nowhere else, whatever offset an acknowledgement names. */
  readonly cutFixed?: boolean;
  readonly limits: TimeoutLimits & Pick<UpdateConfig, 'stallTimeoutMs'>;
}

/** A slice to send now. */
export interface SliceToSend {
  readonly offset: number;
  readonly length: number;
}

/** What an event makes the sender do. */
export interface SliceSenderStep {
  /** In this order; no more than the event was given room for. */
  readonly send: readonly SliceToSend[];
  /** Monotonic time at which to call `tick`, unless another event comes first. */
  readonly wakeAt: number | undefined;
  /** The device has acknowledged the whole image. */
  readonly finished: boolean;
  /** Nothing new was acknowledged for `stallTimeoutMs`; final. */
  readonly failed?: 'stalled';
}

/**
 * The sending half of the slices of mup-protocol §3: go-back-N under cumulative acknowledgements that
 * name the next offset which the device expects. Times are of a monotonic clock, in milliseconds. Every
 * event costs constant time, but for the slices that it sends.
 *
 * An event that is given `room` sends no more slices than that; where the window lets more go, `hasMore` says
 * so, and `tick` sends them. So many transfers can take turns on one link, and a slice's time runs from when
 * it leaves.
 *
 * In flight is what was sent since the sender went back last and is not acknowledged.
 */
export class SliceSender {
  readonly #options: SliceSenderOptions;
  readonly #timer: RetransmissionTimer;
  /** All before it is acknowledged. */
  #acknowledged = 0;
  /** Where the slices of this run begin: their offsets are `#origin` + n × slice size. */
  #origin = 0;
  /** Offset of the next slice to send. */
  #next = 0;
  /** End of what was ever sent: what ends before it is a repetition, and not measured (Karn). */
  #sent = 0;
  /** The device cannot have more than this: what it had before, what it has named itself, and what was sent. */
  #reachable: number;
  /** Highest offset acknowledged since start or resumption: only beyond it is progress. */
  #furthest = 0;
  #progressAt = 0;
  #expiresAt: number | undefined;
  /** No repeated acknowledgement before this time means a loss. */
  #heedRepeatsAt = 0;
  /** No lower acknowledgement before this time means that the device lost what it had. */
  #heedLowerAt = 0;
  /** The offset that acknowledgements without progress named last. */
  #repeated: number | undefined;
  #probe: { readonly end: number; readonly sentAt: number } | undefined;
  #started = false;
  #stalled = false;

  /** @throws InternalError for a size, slice size or window that is none */
  constructor(options: SliceSenderOptions) {
    const { size, sliceSize, window } = options;
    if (!isUint32(size) || !isUint32(sliceSize) || !isUint32(window) || sliceSize === 0 || window === 0)
      throw new InternalError(`no transfer has size ${size}, slices of ${sliceSize} and window ${window}`);
    this.#options = { ...options, window: Math.min(window, maxWindow) };
    this.#reachable = options.held ?? 0;
    this.#timer = new RetransmissionTimer(options.limits);
  }

  /** All octets before it have arrived, as the device says. */
  get acknowledgedOffset(): number {
    return this.#acknowledged;
  }

  /** Octets from the beginning of the image that the device may have by now. */
  get heldOffset(): number {
    return this.#reachable;
  }

  /** The window lets a slice go that was not sent yet. */
  get hasMore(): boolean {
    const { size, window } = this.#options;
    return this.#running && this.#next < size && this.#inFlight() < window;
  }

  /** Starts at the image's beginning. */
  start(now: number, room?: number): SliceSenderStep {
    return this.resume(0, now, room);
  }

  /**
   * Starts or goes on at the offset that the device names, lower or higher than what was sent, and gives
   * it the full time to make progress again. An offset outside the image, or where no slice begins, is ignored: the transfer goes on
   * from the last acknowledged one.
   */
  resume(offset: number, now: number, room?: number): SliceSenderStep {
    if (this.#stalled) return this.#step([]);
    this.#started = true;
    if (this.#isOffset(offset)) {
      this.#acknowledged = offset;
      this.#reachable = Math.max(this.#reachable, offset);
    }
    this.#furthest = this.#acknowledged;
    this.#repeated = undefined;
    this.#progressAt = now;
    this.#goBack(now);
    return this.#fill(now, room);
  }

  /**
   * The device named the next offset it expects. An offset outside the image, or where no slice begins, is ignored, and so
   * is one of octets that the device cannot have: anybody may publish acknowledgements.
   */
  acknowledged(offset: number, now: number, room?: number): SliceSenderStep {
    if (!this.#running || !this.#isOffset(offset) || offset > this.#reachable) return this.#step([]);
    if (offset > this.#acknowledged) this.#advance(offset, now);
    else this.#repeat(offset, now);
    return this.#checkStall(now) ?? this.#fill(now, room);
  }

  /** Time has passed: at `wakeAt`, or whenever the owner likes. */
  tick(now: number, room?: number): SliceSenderStep {
    if (!this.#running) return this.#step([]);
    const stalled = this.#checkStall(now);
    if (stalled !== undefined) return stalled;
    if (this.#expiresAt !== undefined && now >= this.#expiresAt) {
      this.#timer.expired();
      this.#goBack(now);
    }
    return this.#fill(now, room);
  }

  get #running(): boolean {
    return this.#started && !this.#stalled && !this.#finished;
  }

  get #finished(): boolean {
    return this.#started && this.#acknowledged === this.#options.size;
  }

  #isOffset(offset: number): boolean {
    const { size, sliceSize, cutFixed = false } = this.#options;
    if (cutFixed && offset % sliceSize !== 0 && offset !== size) return false;
    return Number.isInteger(offset) && offset >= 0 && offset <= size;
  }

  #advance(offset: number, now: number): void {
    this.#measure(offset, now);
    this.#acknowledged = offset;
    this.#repeated = undefined;
    if (offset > this.#furthest) {
      this.#furthest = offset;
      this.#progressAt = now;
    }
    // The device is ahead of us (it has what was sent before), or cuts its slices otherwise.
    if (offset > this.#next || !this.#isBoundary(offset)) this.#restartAt(offset);
    this.#expiresAt = this.#next > offset ? now + this.#timer.timeout : undefined;
  }

  /**
   * An acknowledgement without progress: of a slice that the device did not take since one before it was
   * lost; or late or doubled by the network; or of a device that lost what it had, which says so twice.
   * The sender goes back once a round trip: what it then sends again makes such acknowledgements itself,
   * and to heed those too would send everything twice for ever.
   */
  #repeat(offset: number, now: number): void {
    const again = this.#repeated === offset;
    this.#repeated = offset;
    if (offset < this.#acknowledged) {
      if (again && now >= this.#heedLowerAt) this.#rewind(offset, now);
    } else if (this.#inFlight() > 1 && now >= this.#heedRepeatsAt) this.#goBack(now);
  }

  #rewind(offset: number, now: number): void {
    this.#acknowledged = offset;
    this.#repeated = undefined;
    this.#goBack(now);
    this.#heedLowerAt = this.#heedRepeatsAt;
  }

  #goBack(now: number): void {
    this.#restartAt(this.#acknowledged);
    this.#expiresAt = undefined;
    this.#heedRepeatsAt = now + this.#timer.roundTrip;
  }

  #restartAt(offset: number): void {
    this.#origin = offset;
    this.#next = offset;
    this.#probe = undefined;
  }

  #isBoundary(offset: number): boolean {
    return offset === this.#options.size || (offset - this.#origin) % this.#options.sliceSize === 0;
  }

  #inFlight(): number {
    return Math.ceil((this.#next - this.#acknowledged) / this.#options.sliceSize);
  }

  /** RFC 6298 §3: one slice of those in flight is timed, and none that was sent twice. */
  #measure(offset: number, now: number): void {
    if (this.#probe === undefined || offset < this.#probe.end) return;
    this.#timer.measured(now - this.#probe.sentAt);
    this.#probe = undefined;
  }

  #fill(now: number, room = Number.POSITIVE_INFINITY): SliceSenderStep {
    const send: SliceToSend[] = [];
    const { size, sliceSize } = this.#options;
    while (send.length < room && this.hasMore) {
      const length = Math.min(sliceSize, size - this.#next);
      send.push({ offset: this.#next, length });
      this.#next += length;
      if (this.#next > this.#sent) this.#noteFirstSent(now);
    }
    if (send.length > 0) this.#expiresAt ??= now + this.#timer.timeout;
    return this.#step(send);
  }

  #noteFirstSent(now: number): void {
    this.#sent = this.#next;
    this.#reachable = Math.max(this.#reachable, this.#sent);
    this.#probe ??= { end: this.#next, sentAt: now };
  }

  #checkStall(now: number): SliceSenderStep | undefined {
    if (this.#finished || now < this.#progressAt + this.#options.limits.stallTimeoutMs) return undefined;
    this.#stalled = true;
    return this.#step([]);
  }

  #step(send: readonly SliceToSend[]): SliceSenderStep {
    const step = { send, wakeAt: this.#wakeAt(), finished: this.#finished };
    return this.#stalled ? { ...step, failed: 'stalled' } : step;
  }

  #wakeAt(): number | undefined {
    if (!this.#running) return undefined;
    const stallsAt = this.#progressAt + this.#options.limits.stallTimeoutMs;
    return Math.min(stallsAt, this.#expiresAt ?? stallsAt);
  }
}
