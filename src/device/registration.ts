import type { RandomBytes } from '../base/random.ts';

/** Durations, milliseconds. */
export interface RegistrationLimits {
  /** How long the bridge may take to answer the first announcement. */
  readonly answerTimeoutMs: number;
  /** The longest wait for an answer, after doubling. */
  readonly maxAnswerTimeoutMs: number;
  /** After a refusal: what was wrong may have been the bridge's load, or a user may accept the device. */
  readonly refusedRetryMs: number;
}

/** What to publish: the description in full, or only the digest of its template. */
export type Announcement = 'description' | 'digest';

export interface RegistrationOptions {
  /** Whether to announce the digest first (mup-protocol §1). */
  readonly digestFirst: boolean;
  readonly random: RandomBytes;
  readonly limits: RegistrationLimits;
}

/** The code with which a bridge asks for the description in full (mup-protocol §1). */
const unknownDigest = 'unknown-digest';
/** The code of a bridge that has too much to do: as good as no answer, so the doubling wait goes on. */
const busy = 'busy';

type State = 'idle' | 'waiting' | 'registered' | 'refused';

/**
 * When a device announces itself (mup-protocol §1), as a machine: after each connect, again with a
 * doubling wait while nobody answers, in full when the bridge does not know the digest.
 */
export class Registration {
  readonly #options: RegistrationOptions;
  #state: State = 'idle';
  #announcement: Announcement = 'description';
  #attempts = 0;
  #wakeAt: number | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  get state(): State {
    return this.#state;
  }

  /** When {@link tick} has to be called. */
  get wakeAt(): number | undefined {
    return this.#wakeAt;
  }

  /** The connection stands, for the first time or again. */
  connected(now: number): Announcement {
    this.#attempts = 0;
    return this.#announce(this.#options.digestFirst ? 'digest' : 'description', now);
  }

  disconnected(): void {
    this.#state = 'idle';
    this.#wakeAt = undefined;
  }

  /** The bridge took the description. */
  accepted(): void {
    this.#state = 'registered';
    this.#wakeAt = undefined;
  }

  /**
   * The bridge refused, or somebody who is not the bridge answered; what to publish at once, if anything. More
   * refusals of one announcement do not put off the next: anybody may have sent them.
   */
  refused(code: string, now: number): Announcement | undefined {
    if (code === unknownDigest && this.#announcement === 'digest') return this.#announce('description', now);
    if (code === busy || this.#state === 'refused') return undefined;
    this.#state = 'refused';
    this.#wakeAt = now + this.#options.limits.refusedRetryMs;
    return undefined;
  }

  /** What to publish because time has passed, if anything. */
  tick(now: number): Announcement | undefined {
    if (this.#wakeAt === undefined || now < this.#wakeAt) return undefined;
    return this.#announce(this.#announcement, now);
  }

  #announce(announcement: Announcement, now: number): Announcement {
    const { answerTimeoutMs, maxAnswerTimeoutMs } = this.#options.limits;
    const wait = Math.min(answerTimeoutMs * 2 ** Math.min(this.#attempts, 30), maxAnswerTimeoutMs);
    // Up to a quarter more, so that devices that lost their bridge together do not come back together.
    const jitter = (this.#options.random(1)[0] ?? 0) / 1024;
    this.#state = 'waiting';
    this.#announcement = announcement;
    this.#attempts += 1;
    this.#wakeAt = now + wait * (1 + jitter);
    return announcement;
  }
}
