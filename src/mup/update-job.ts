import { assertNever } from '../base/errors.ts';
import { type DeviceStateName, deviceStateText } from './states.ts';
import {
  hasEnded,
  type UpdateEffect,
  type UpdateEnding,
  type UpdateEvent,
  type UpdateJob,
  type UpdateLimits,
  type UpdateStep,
  type UpdateTransition,
} from './update-job-types.ts';

/** How often an update begins at step 1 before what interrupts it counts as its failure. */
const maxRounds = 3;

/** Pause before a request is repeated. */
const retryDelayMs = 1000;

/** What a job is made of. */
export type UpdateOrder = Pick<UpdateJob, 'id' | 'uuid' | 'digest' | 'size' | 'newVersion'>;

/** A new job, which waits for its turn (event `start`). */
export function newUpdateJob(order: UpdateOrder, now: number, limits: UpdateLimits): UpdateJob {
  return {
    ...order,
    state: 'queued',
    step: 'requesting-token',
    deadline: now + limits.offlineDeadlineMs,
    createdAt: now,
    changedAt: now,
    offset: 0,
    attempt: 0,
    round: 1,
    interrupted: false,
  };
}

/**
 * The state machine of mup-protocol §4. Pure: what the job is next, and what its owner does about it.
 * Every state has a deadline, for whose passing the owner sends the event `deadline`. A job that has ended
 * stays as it is; it succeeds only when the device reports the new version after it was asked to verify.
 * @param now milliseconds since the epoch
 */
export function transition(
  job: UpdateJob,
  event: UpdateEvent,
  now: number,
  limits: UpdateLimits,
): UpdateTransition {
  const late = 'attempt' in event && event.attempt !== job.attempt;
  if (hasEnded(job) || late) return unchanged(job);
  return new Turn(job, now, limits).take(event);
}

function unchanged(job: UpdateJob): UpdateTransition {
  return { job, effects: [] };
}

/** One transition: a job, one event, one moment. */
class Turn {
  readonly #job: UpdateJob;
  readonly #now: number;
  readonly #limits: UpdateLimits;

  constructor(job: UpdateJob, now: number, limits: UpdateLimits) {
    this.#job = job;
    this.#now = now;
    this.#limits = limits;
  }

  take(event: UpdateEvent): UpdateTransition {
    const { state, step } = this.#job;
    switch (event.type) {
      case 'start':
        if (state !== 'queued') return unchanged(this.#job);
        return event.online ? this.#enter(step) : this.#wait();
      case 'device-online':
        return this.#online(event.version);
      case 'device-offline':
        // Offline is what a device that restarts is.
        return state === 'restarting' || !this.#isInStep() ? unchanged(this.#job) : this.#wait();
      case 'connection-lost':
        return this.#isInStep() ? this.#wait() : unchanged(this.#job);
      case 'deadline':
        return this.#now < (this.#job.deadline ?? 0) ? unchanged(this.#job) : this.#expired();
      case 'cancel':
        return this.#end('cancelled', { code: 'cancelled', text: `cancelled while ${state}` });
      default:
        return state === step ? this.#answered(event) : unchanged(this.#job);
    }
  }

  /** Events that answer what the step in hand asked for; out of step they change nothing. */
  #answered(event: Extract<UpdateEvent, { readonly attempt: number }>): UpdateTransition {
    const { step } = this.#job;
    switch (event.type) {
      case 'token-received':
        return step === 'requesting-token' ? this.#tokenReceived(event.token) : unchanged(this.#job);
      case 'manifest-accepted':
        return step === 'sending-manifest' ? this.#enter('transferring') : unchanged(this.#job);
      case 'transfer-progress':
        return step === 'transferring' ? this.#progressed(event.offset) : unchanged(this.#job);
      case 'transfer-finished':
        if (step !== 'transferring') return unchanged(this.#job);
        return this.#enter('verifying', { offset: this.#job.size });
      case 'transfer-failed':
        return step === 'transferring' ? this.#transferFailed(event) : unchanged(this.#job);
      case 'verified':
        return step === 'verifying' ? this.#enter('restarting') : unchanged(this.#job);
      case 'refused':
        return this.#refused(event.state);
      case 'request-failed':
        return this.#requestFailed(event, event.transient);
      default:
        return assertNever(event);
    }
  }

  #tokenReceived(token: NonNullable<UpdateJob['token']>): UpdateTransition {
    const { uuid, newVersion } = this.#job;
    if (token.uuid !== uuid)
      return this.#fail({ code: 'wrong-uuid', text: 'the token is of another device' });
    if (token.version >= newVersion)
      return this.#fail({
        code: 'version-not-newer',
        text: `the image has version ${newVersion}, the device runs version ${token.version}`,
      });
    return this.#enter('sending-manifest', { token });
  }

  #progressed(offset: number): UpdateTransition {
    const { size, offset: before } = this.#job;
    if (!Number.isInteger(offset) || offset <= before || offset > size) return unchanged(this.#job);
    const deadline = this.#now + this.#allowed('transferring');
    return unchanged({ ...this.#job, offset, deadline, interrupted: false, offlineSince: undefined });
  }

  #transferFailed(reason: UpdateEnding): UpdateTransition {
    return this.#job.interrupted ? this.#beginAgain(reason) : this.#fail(reason);
  }

  #refused(state: DeviceStateName): UpdateTransition {
    const { step, interrupted } = this.#job;
    const reason = { code: state, text: deviceStateText(state) };
    if (step === 'transferring' || step === 'restarting') return unchanged(this.#job);
    // The manifest may have been checked, its answer lost: the nonce is spent.
    if (step === 'sending-manifest' && interrupted && state === '22_INVALID-NONCE')
      return this.#beginAgain(reason);
    // The image may have been verified, the answer lost: only what the device reports now can tell.
    if (step === 'verifying' && interrupted && (state === '11_NOOP' || state === '12_ERROR'))
      return this.#enter('restarting');
    return this.#fail(reason);
  }

  #requestFailed(reason: UpdateEnding, transient: boolean): UpdateTransition {
    const { step } = this.#job;
    if (step === 'transferring' || step === 'restarting') return unchanged(this.#job);
    if (!transient) return this.#fail(reason);
    return step === 'sending-manifest' ? this.#beginAgain(reason) : this.#repeatRequest();
  }

  /** Asks again for a token or for verification, within the time that the step has left. */
  #repeatRequest(): UpdateTransition {
    const job = { ...this.#job, attempt: this.#job.attempt + 1, interrupted: true };
    return { job, effects: requests(job, retryDelayMs) };
  }

  #online(version: number | undefined): UpdateTransition {
    const { state, step, newVersion } = this.#job;
    const awaited = step === 'verifying' || step === 'restarting';
    if (awaited && version === newVersion) return this.#end('succeeded');
    if (state === 'waiting-for-device') return this.#enter(step, { interrupted: true });
    // It may still be the old firmware: presence is repeated. The deadline tells.
    if (state !== 'restarting' || version === undefined) return unchanged(this.#job);
    return unchanged({ ...this.#job, reportedVersion: version });
  }

  #expired(): UpdateTransition {
    const { state, interrupted } = this.#job;
    const reason = expiry(this.#job);
    return state === 'transferring' && interrupted ? this.#beginAgain(reason) : this.#fail(reason);
  }

  /** Step 1 again, with whatever the device holds of this update dropped. */
  #beginAgain(reason: UpdateEnding): UpdateTransition {
    const round = this.#job.round + 1;
    if (round > maxRounds) return this.#fail(reason);
    const { job, effects } = this.#enter('requesting-token', { round, offset: 0, token: undefined });
    return { job, effects: [...this.#leave(), ...effects] };
  }

  /** Enters a step, for the first time or again. Only a step further on is progress. */
  #enter(step: UpdateStep, changes: Partial<UpdateJob> = {}): UpdateTransition {
    const advanced = step !== this.#job.step;
    const job: UpdateJob = {
      ...this.#job,
      interrupted: false,
      offlineSince: advanced ? undefined : this.#job.offlineSince,
      reportedVersion: undefined,
      ...changes,
      state: step,
      step,
      attempt: this.#job.attempt + 1,
      deadline: this.#now + this.#allowed(step),
      changedAt: this.#now,
    };
    return { job, effects: requests(job, 0) };
  }

  #wait(): UpdateTransition {
    const { state, step, attempt, offlineSince = this.#now } = this.#job;
    const job: UpdateJob = {
      ...this.#job,
      state: 'waiting-for-device',
      attempt: attempt + 1,
      offlineSince,
      deadline: offlineSince + this.#limits.offlineDeadlineMs,
      changedAt: this.#now,
    };
    return { job, effects: state === step && step === 'transferring' ? [{ type: 'stop-transfer' }] : [] };
  }

  #fail(reason: UpdateEnding): UpdateTransition {
    return this.#end('failed', { code: reason.code, text: reason.text });
  }

  #end(state: 'succeeded' | 'failed' | 'cancelled', ending?: UpdateEnding): UpdateTransition {
    const job: UpdateJob = {
      ...this.#job,
      state,
      attempt: this.#job.attempt + 1,
      deadline: undefined,
      offlineSince: undefined,
      changedAt: this.#now,
      ending,
    };
    return { job, effects: this.#leave() };
  }

  /** What the step in hand has going on, ended. A device that is not there learns nothing: its own deadline helps. */
  #leave(): UpdateEffect[] {
    const { state } = this.#job;
    if (state === 'transferring') return [{ type: 'stop-transfer' }, { type: 'cancel-device' }];
    return state === 'sending-manifest' ? [{ type: 'cancel-device' }] : [];
  }

  #isInStep(): boolean {
    return this.#job.state === this.#job.step;
  }

  #allowed(step: UpdateStep): number {
    const limits = this.#limits;
    switch (step) {
      case 'requesting-token':
        return limits.tokenDeadlineMs;
      case 'sending-manifest':
        return limits.manifestDeadlineMs;
      case 'transferring':
        // The sender of the slices notices a stall by itself; this is for one that does not.
        return 2 * limits.stallTimeoutMs;
      case 'verifying':
        return limits.verifyDeadlineMs;
      case 'restarting':
        return limits.restartDeadlineMs;
      default:
        return assertNever(step);
    }
  }
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
      return [];
    default:
      return assertNever(step);
  }
}

function expiry(job: UpdateJob): UpdateEnding {
  const { state, reportedVersion, newVersion, offset, size } = job;
  switch (state) {
    case 'queued':
      return { code: 'queue-timeout', text: 'the job’s turn did not come' };
    case 'waiting-for-device':
      return { code: 'device-offline', text: `the device did not come back (${job.step})` };
    case 'requesting-token':
      return { code: 'token-timeout', text: 'the device handed out no token' };
    case 'sending-manifest':
      return { code: 'manifest-timeout', text: 'the device did not answer to the manifest' };
    case 'transferring':
      return { code: 'transfer-stalled', text: `the device took no slice after offset ${offset} of ${size}` };
    case 'verifying':
      return { code: 'verify-timeout', text: 'the device did not say whether the image is valid' };
    default:
      return reportedVersion === undefined
        ? { code: 'restart-timeout', text: 'the device did not come back from its restart' }
        : {
            code: 'version-not-installed',
            text: `the device reports version ${reportedVersion}, not ${newVersion}`,
          };
  }
}
