import { assertNever } from '../base/errors.ts';
import { type DeviceStateName, deviceStateText } from './states.ts';
import { allowedMs, expiry } from './update-job-deadlines.ts';
import { JobMoves, shifted, unchanged } from './update-job-moves.ts';
import {
  hasEnded,
  type UpdateEnding,
  type UpdateEvent,
  type UpdateJob,
  type UpdateLimits,
  type UpdateTransition,
} from './update-job-types.ts';

/** Absences in a row, without a slice taken in between, after which the device has forgotten the transfer. */
const maxFruitless = 3;

/** What a device says to a second FIN that may have carried out the first, whose answer was lost. */
const doubtful: readonly DeviceStateName[] = ['11_NOOP', '12_ERROR', '28_IMAGE-INVALID'];

/** What a device says to a manifest when another round may help: its nonce is spent, its slot not yet free. */
const curable: readonly DeviceStateName[] = ['22_INVALID-NONCE', '26_SAVESLOT-IN-USE'];

/** What a job is made of. */
export type UpdateOrder = Pick<UpdateJob, 'id' | 'uuid' | 'digest' | 'size' | 'newVersion' | 'silent'>;

/** A new job, which waits for its turn (event `start`). */
export function newUpdateJob(order: UpdateOrder, now: number, limits: UpdateLimits): UpdateJob {
  const endsAt = now + limits.jobDeadlineMs;
  return {
    ...order,
    state: 'queued',
    step: 'requesting-token',
    deadline: Math.min(now + limits.offlineDeadlineMs, endsAt),
    endsAt,
    createdAt: now,
    changedAt: now,
    offset: 0,
    attempt: 0,
    round: 1,
    interrupted: false,
    unheard: false,
  };
}

/**
 * The state machine of mup-protocol §4. Pure: what the job is next, and what its owner does about it.
 * Every state has a deadline, for whose passing the owner sends the event `deadline`, and so has the job as a whole.
 * A job that has ended stays as it is; it succeeds only when the device reports the new version after it was asked to
 * verify the image; one that never reports a version, when it can be asked for a token again after it has verified it.
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

/** One transition: a job, one event, one moment. */
class Turn {
  readonly #job: UpdateJob;
  readonly #now: number;
  readonly #limits: UpdateLimits;
  readonly #moves: JobMoves;

  constructor(job: UpdateJob, now: number, limits: UpdateLimits) {
    this.#job = job;
    this.#now = now;
    this.#limits = limits;
    this.#moves = new JobMoves(job, now, limits);
  }

  take(event: UpdateEvent): UpdateTransition {
    const { state, step } = this.#job;
    switch (event.type) {
      case 'start':
        if (state !== 'queued') return unchanged(this.#job);
        return event.presence === 'offline'
          ? this.#moves.wait()
          : this.#moves.enter(step, { unheard: event.presence === 'unknown' });
      case 'device-online':
        return this.#online(event.version, event.retained === true);
      case 'device-offline':
        // Offline is what a device that restarts is.
        return state === 'restarting' || !this.#moves.isInStep() ? unchanged(this.#job) : this.#moves.wait();
      case 'connection-lost':
        return this.#moves.isInStep()
          ? this.#moves.wait({ unheard: true })
          : this.#moves.note({ unheard: true });
      case 'deadline':
        return this.#now < (this.#job.deadline ?? 0)
          ? unchanged(this.#job)
          : this.#expired(event.brokerAway === true);
      case 'store-failed':
        return this.#moves.fail({ code: event.type, text: event.text });
      case 'clock-stepped':
        return unchanged(event.by === 0 ? this.#job : shifted(this.#job, event.by));
      case 'cancel':
        return this.#moves.end('cancelled', { code: 'cancelled', text: this.#cancelledText() });
      default:
        return state === step ? this.#answered(event) : unchanged(this.#job);
    }
  }

  /** Events that answer what the step in hand asked for; out of step they change nothing. */
  #answered(event: Extract<UpdateEvent, { readonly attempt: number }>): UpdateTransition {
    const { step, reportedVersion } = this.#job;
    switch (event.type) {
      case 'token-received':
        if (step === 'restarting') return this.#versionReceived(event.token.version);
        return step === 'requesting-token' ? this.#tokenReceived(event.token) : unchanged(this.#job);
      case 'manifest-accepted':
        return step === 'sending-manifest' ? this.#moves.enter('transferring') : unchanged(this.#job);
      case 'transfer-progress':
        return step === 'transferring' ? this.#progressed(event.offset) : unchanged(this.#job);
      case 'transfer-finished':
        if (step !== 'transferring') return unchanged(this.#job);
        return this.#moves.enter('verifying', { offset: this.#job.size, finished: true });
      case 'transfer-failed':
        return step === 'transferring' ? this.#transferFailed(event) : unchanged(this.#job);
      case 'verified':
        // What it reports may have overtaken its answer.
        return step === 'verifying'
          ? this.#moves.enter('restarting', { verified: true, reportedVersion }, this.#limits.retryMinMs)
          : unchanged(this.#job);
      case 'refused':
        return this.#refused(event.state);
      case 'request-failed':
        return this.#requestFailed(event, event.transient);
      default:
        return assertNever(event);
    }
  }

  #tokenReceived(token: NonNullable<UpdateJob['token']>): UpdateTransition {
    const { uuid, newVersion, finished } = this.#job;
    if (token.uuid !== uuid)
      return this.#moves.fail({ code: 'wrong-uuid', text: 'the token is of another device' });
    if (token.version === newVersion && finished) return this.#moves.end('succeeded');
    if (token.version >= newVersion)
      return this.#moves.fail({
        code: 'version-not-newer',
        text: `the image has version ${newVersion}, the device runs version ${token.version}`,
      });
    return this.#moves.enter('sending-manifest', { token });
  }

  /** The device was asked which version it runs: where nobody but it can have said that it is the new one. */
  #versionReceived(version: number): UpdateTransition {
    const { newVersion, verified, doubt, silent } = this.#job;
    // That it is there is all that a silent one can say.
    if (version === newVersion || (silent && verified)) return this.#moves.end('succeeded');
    // It has not restarted, whoever said so: it owes the answer whether the image is valid.
    if (!verified && doubt === undefined) return this.#moves.enter('verifying', { interrupted: true });
    return this.#moves.note({ unheard: false, reportedVersion: version });
  }

  #progressed(offset: number): UpdateTransition {
    const { size, offset: before } = this.#job;
    if (!Number.isInteger(offset) || offset <= before || offset > size) return unchanged(this.#job);
    return this.#moves.note({
      offset,
      deadline: this.#moves.until(allowedMs('transferring', this.#limits)),
      interrupted: false,
      unheard: false,
      fruitless: undefined,
      offlineSince: undefined,
    });
  }

  #transferFailed(reason: UpdateEnding): UpdateTransition {
    const { interrupted, unheard, silent } = this.#job;
    // Which slices the device was promised is not known any more: another manifest promises anew.
    if (reason.code === 'manifest-not-accepted') return this.#moves.beginAgain(reason);
    if (unheard && !silent) return this.#moves.wait();
    // The device may go on where it was, and its absence not be known yet.
    const stalled = reason.code === 'transfer-stalled';
    if (stalled && !interrupted && !silent) return this.#moves.enter('transferring', { interrupted: true });
    return interrupted || silent ? this.#moves.beginAgain(reason) : this.#moves.fail(reason);
  }

  #refused(state: DeviceStateName): UpdateTransition {
    const { step, interrupted, resumed, reportedVersion, silent } = this.#job;
    const reason = { code: state, text: deviceStateText(state) };
    if (step === 'transferring' || step === 'restarting') return unchanged(this.#job);
    if (step === 'sending-manifest' && curable.includes(state)) return this.#moves.beginAgain(reason);
    // The image may have been verified, the answer lost: only what the device reports now can tell.
    const inDoubt = step === 'verifying' && interrupted && doubtful.includes(state);
    if (inDoubt && silent)
      return this.#moves.beginAgain({ ...reason, text: `${reason.text}, or has taken the image before` });
    if (inDoubt) return this.#moves.enter('restarting', { doubt: state, reportedVersion });
    // A loss of power may have taken some of what the device had acknowledged.
    if (step === 'verifying' && resumed && state === '28_IMAGE-INVALID')
      return this.#moves.beginAgain(reason);
    return this.#moves.fail(reason);
  }

  #requestFailed(reason: UpdateEnding, transient: boolean): UpdateTransition {
    const { step } = this.#job;
    if (step === 'transferring') return unchanged(this.#job);
    if (!transient) return step === 'restarting' ? unchanged(this.#job) : this.#moves.fail(reason);
    // Its nonce may be spent.
    return step === 'sending-manifest' ? this.#moves.beginAgain(reason) : this.#moves.repeatRequest();
  }

  #online(version: number | undefined, retained: boolean): UpdateTransition {
    const { state, step, newVersion, verified, reportedVersion } = this.#job;
    const unheard = retained && this.#job.unheard === true;
    const isNew = version === newVersion;
    if (step === 'restarting' && isNew && verified) return this.#moves.end('succeeded');
    if (state === 'waiting-for-device') return this.#return(version, unheard);
    // Whether it is the device that says so is asked once, and in the time that is left.
    if (state === 'restarting' && isNew && reportedVersion !== version)
      return this.#moves.askVersion(version);
    // It may still be the old firmware: presence is repeated. The deadline tells.
    const says = state === 'restarting' || (state === 'verifying' && isNew) ? version : undefined;
    return this.#moves.note({ unheard, reportedVersion: says ?? reportedVersion });
  }

  /** The device is back: the step is taken up again. */
  #return(version: number | undefined, unheard: boolean): UpdateTransition {
    const { step, newVersion, fruitless = 0, silent } = this.#job;
    const isLost = step === 'transferring' && (silent || fruitless >= maxFruitless);
    if (isLost || (silent && step === 'sending-manifest'))
      return this.#moves.beginAgain(expiry({ ...this.#job, state: step }, this.#now));
    const restarted = step === 'restarting' || (step === 'verifying' && version === newVersion);
    if (!restarted) return this.#moves.enter(step, { interrupted: true, unheard });
    return this.#moves.enter('restarting', { interrupted: true, unheard, reportedVersion: version });
  }

  /** With what the device may do all the same: nothing calls back an image that it holds for the signed one. */
  #cancelledText(): string {
    const { state, step, verified } = this.#job;
    const text = `cancelled while ${state}`;
    if (verified) return `${text}: the device has verified the image, and boots it`;
    // It was asked to verify, and went away before it could be told anything else.
    return state !== step && step === 'verifying' ? `${text}: the device may have taken the image` : text;
  }

  #expired(brokerAway: boolean): UpdateTransition {
    const { state, endsAt, unheard, verified, silent } = this.#job;
    const reason = expiry(this.#job, this.#now, brokerAway);
    if (!this.#moves.isInStep() || (endsAt !== undefined && this.#now >= endsAt))
      return this.#moves.fail(reason);
    if (unheard) return this.#moves.wait();
    // A device that was lost is known to be offline only when the broker has noticed. One that has verified its image
    // and does not come back is not helped by another.
    const again = state !== 'restarting' ? !(silent && state === 'requesting-token') : !verified;
    return again ? this.#moves.beginAgain(reason) : this.#moves.fail(reason);
  }
}
