import { assertNever } from '../base/errors.ts';
import { allowedMs, retryDelayMs } from './update-job-deadlines.ts';
import type {
  UpdateEffect,
  UpdateEnding,
  UpdateJob,
  UpdateLimits,
  UpdateStep,
  UpdateTransition,
} from './update-job-types.ts';

/** The job as it is, with nothing to do. */
export function unchanged(job: UpdateJob): UpdateTransition {
  return { job, effects: [] };
}

/** What a job can do next at one moment: the moves of its state machine, whatever event leads to one. */
export class JobMoves {
  readonly #job: UpdateJob;
  readonly #now: number;
  readonly #limits: UpdateLimits;

  constructor(job: UpdateJob, now: number, limits: UpdateLimits) {
    this.#job = job;
    this.#now = now;
    this.#limits = limits;
  }

  /**
   * Enters a step, for the first time or again. Only a step further on is progress.
   * @param pauseMs before the device is asked for something
   */
  enter(step: UpdateStep, changes: Partial<UpdateJob> = {}, pauseMs = 0): UpdateTransition {
    const advanced = step !== this.#job.step;
    const job: UpdateJob = {
      ...this.#job,
      interrupted: false,
      retries: undefined,
      unheard: false,
      reason: undefined,
      resumed: step === 'transferring' ? !advanced : this.#job.resumed,
      offlineSince: advanced ? undefined : this.#job.offlineSince,
      reportedVersion: undefined,
      ...changes,
      state: step,
      step,
      attempt: this.#job.attempt + 1,
      deadline: this.until(allowedMs(step, this.#limits)),
      changedAt: this.#now,
    };
    return { job, effects: requests(job, pauseMs) };
  }

  /** Asks again, within the time that the step has left. */
  repeatRequest(): UpdateTransition {
    const { attempt, retries = 0 } = this.#job;
    const job = { ...this.#job, attempt: attempt + 1, retries: retries + 1, interrupted: true };
    return { job, effects: requests(job, retryDelayMs(retries, this.#limits)) };
  }

  /** Asks which version runs, in the time that is left. */
  askVersion(reportedVersion: number): UpdateTransition {
    const job = { ...this.#job, attempt: this.#job.attempt + 1, unheard: false, reportedVersion };
    return { job, effects: requests(job, 0) };
  }

  /** Step 1 again, with whatever the device holds of this update dropped. */
  beginAgain(reason: UpdateEnding): UpdateTransition {
    const round = this.#job.round + 1;
    if (round > this.#limits.maxRounds) return this.fail(reason);
    const none = { token: undefined, verified: undefined, doubt: undefined, fruitless: undefined };
    const { unheard } = this.#job;
    const begun = { round, offset: 0, unheard, reason: reason.code, ...none };
    const { job: next } = this.enter('requesting-token', begun);
    const pause = retryDelayMs(round - 2, this.#limits);
    const job = { ...next, deadline: this.until(pause + allowedMs(next.step, this.#limits)) };
    return { job, effects: [...this.#leave(), ...requests(job, pause)] };
  }

  /** Waits for the device; what the step has going on is stopped. */
  wait(changes: Partial<UpdateJob> = {}): UpdateTransition {
    const { state, step, attempt, interrupted, fruitless = 0, offlineSince = this.#now } = this.#job;
    const transferring = state === step && step === 'transferring';
    const job: UpdateJob = {
      ...this.#job,
      ...changes,
      state: 'waiting-for-device',
      attempt: attempt + 1,
      fruitless: transferring && interrupted ? fruitless + 1 : fruitless,
      offlineSince,
      deadline: this.until(offlineSince - this.#now + this.#limits.offlineDeadlineMs),
      changedAt: this.#now,
    };
    return { job, effects: transferring ? [{ type: 'stop-transfer' }] : [] };
  }

  /** Remembers what changes no state; the same object when it is nothing new. */
  note(changes: Partial<UpdateJob>): UpdateTransition {
    const job = { ...this.#job, ...changes };
    const keys = Object.keys(changes) as (keyof UpdateJob)[];
    return unchanged(keys.every((key) => job[key] === this.#job[key]) ? this.#job : job);
  }

  /** Ends as failed. */
  fail(reason: UpdateEnding): UpdateTransition {
    return this.end('failed', { code: reason.code, text: reason.text });
  }

  /** Ends, and clears what it has going on. */
  end(state: 'succeeded' | 'failed' | 'cancelled', ending?: UpdateEnding): UpdateTransition {
    const job: UpdateJob = {
      ...this.#job,
      state,
      attempt: this.#job.attempt + 1,
      deadline: undefined,
      endsAt: undefined,
      offlineSince: undefined,
      changedAt: this.#now,
      ending,
    };
    return { job, effects: state === 'succeeded' ? [] : this.#leave() };
  }

  /** Whether the step in hand goes on, and is not waiting or over. */
  isInStep(): boolean {
    return this.#job.state === this.#job.step;
  }

  /** What the step in hand has going on, ended. A device that is not there is told when it is back. */
  #leave(): UpdateEffect[] {
    const { state, step, verified } = this.#job;
    const holds = state !== 'queued' && step !== 'requesting-token' && !verified;
    return [
      ...(state === 'transferring' ? [{ type: 'stop-transfer' } as const] : []),
      ...(holds ? [{ type: 'cancel-device' } as const] : []),
    ];
  }

  /** So many milliseconds from now, but not after the end of the job. */
  until(delayMs: number): number {
    return Math.min(this.#now + delayMs, this.#job.endsAt ?? Number.POSITIVE_INFINITY);
  }
}

/** The same job in the time of a wall clock that was set: what was left of each deadline is left of it now. */
export function shifted(job: UpdateJob, by: number): UpdateJob {
  const { deadline, endsAt, offlineSince, changedAt } = job;
  const shift = (time: number | undefined): number | undefined =>
    time === undefined ? undefined : time + by;
  return {
    ...job,
    deadline: shift(deadline),
    endsAt: shift(endsAt),
    offlineSince: shift(offlineSince),
    changedAt: changedAt + by,
  };
}

/** What a step asks of the device when it is entered. */
function requests(job: UpdateJob, afterMs: number): readonly UpdateEffect[] {
  const { step, attempt, offset, token } = job;
  switch (step) {
    case 'requesting-token':
      return [{ type: 'request-token', attempt, afterMs }];
    case 'sending-manifest':
      return token === undefined ? [] : [{ type: 'send-manifest', attempt, token }];
    case 'transferring':
      return [{ type: 'start-transfer', attempt, offset }];
    case 'verifying':
      return [{ type: 'request-verification', attempt, afterMs }];
    case 'restarting':
      // A token says which version runs. A report that nobody vouches for is worth asking, and so is silence.
      return job.unheard || job.silent || job.reportedVersion === job.newVersion
        ? [{ type: 'request-token', attempt, afterMs }]
        : [];
    default:
      return assertNever(step);
  }
}
