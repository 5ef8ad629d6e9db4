import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { transition } from '../mup/update-job.ts';
import { retryDelayMs } from '../mup/update-job-deadlines.ts';
import {
  hasEnded,
  isBeyondRecall,
  type UpdateEvent,
  type UpdateJob,
  type UpdateLimits,
  type UpdateTransition,
} from '../mup/update-job-types.ts';
import type { RpcError } from '../netconf/rpc-error.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import { ClockSteps } from './clock-steps.ts';
import { EventQueue } from './event-queue.ts';
import { JobDeadline } from './job-deadline.ts';
import { JobEffects, type JobEffectsDependencies } from './job-effects.ts';
import { noHistory, withState } from './job-history.ts';
import type { JobRecord } from './job-record.ts';
import type { ProgressGate } from './progress-gate.ts';
import { cancelTooLate, diskRefuses, storeFailed } from './rpc-errors.ts';
import type { UpdateActivity } from './update-claims.ts';

export interface JobRunDependencies extends Omit<JobEffectsDependencies, 'events' | 'job'> {
  readonly store: Pick<DocumentStore, 'put'>;
  /** Whether the bridge has no connection to its broker. */
  readonly brokerAway: () => boolean;
  /** The deadlines that hold for a device now. */
  readonly limitsOf: (uuid: DeviceUuid) => UpdateLimits;
  /** When progress is told. */
  readonly gate: ProgressGate;
  readonly logger: Logger;
  readonly activity: UpdateActivity;
  /** States of a job that its history keeps. */
  readonly maxTransitions: number;
  /** Called when the state has changed, and is on disk. */
  readonly onState: (job: UpdateJob) => void;
  /** Called when more of the image was taken, at a bounded rate. */
  readonly onProgress: (job: UpdateJob) => void;
  /** Called when it has ended, and that is on disk. */
  readonly onEnd: (record: JobRecord) => void;
}

/**
 * Runs one job: feeds its state machine, and does what that asks for. A transition is on disk before anything of it
 * is done or told; while the disk does not take it the job stands still, and its deadline goes on.
 */
export class JobRun {
  readonly #deps: JobRunDependencies;
  readonly #events: EventQueue;
  readonly #effects: JobEffects;
  readonly #steps: ClockSteps;
  readonly #deadline: JobDeadline;
  #record: JobRecord;
  /** Ends the pause before the store is tried again. */
  #wake: () => void = () => {};
  /** Why the store does not take what the job is to be next; undefined unless it stands still for that. */
  #storeFault: string | undefined;
  #closed = false;

  constructor(record: JobRecord, deps: JobRunDependencies) {
    this.#record = record;
    this.#deps = deps;
    this.#steps = new ClockSteps(deps.clock);
    this.#deadline = new JobDeadline(deps.clock, () =>
      this.#events.addLatest({ type: 'deadline', brokerAway: deps.brokerAway() }),
    );
    this.#events = new EventQueue((event) => this.#take(event), deps.logger);
    this.#effects = new JobEffects({ ...deps, events: this.#events, job: () => this.#record.job });
    deps.activity.progress.begin(record.job.offset, record.job.size);
  }

  get record(): JobRecord {
    return this.#record;
  }

  /** What keeps the job from going on, where that is no matter of its device. */
  get hindrance(): string | undefined {
    if (this.#storeFault !== undefined) return diskRefuses(this.#storeFault);
    const waits = this.#record.job.state === 'waiting-for-device' && this.#deps.brokerAway();
    return waits ? 'the bridge has no connection to its broker' : undefined;
  }

  /** Takes up a job of an earlier start: nothing that was in flight is any more. */
  resume(): void {
    // A clock that is behind what it said before was set back: no time has passed for all we know.
    const by = this.#deps.clock.now() - this.#record.job.changedAt;
    if (by < 0) this.#events.add({ type: 'clock-stepped', by });
    this.#deadline.set(this.#record.job.deadline);
    this.connectionLost();
  }

  /** @throws RpcError `store-failed`: nothing was begun; whoever made the run closes it */
  async start(presence: 'online' | 'offline' | 'unknown'): Promise<void> {
    await this.#command({ type: 'start', presence });
  }

  /** @throws RpcError `store-failed`, `cancel-too-late`: the job goes on */
  async cancel(): Promise<void> {
    if (this.#storeFault !== undefined) throw storeFailed(this.#storeFault);
    await this.#command({ type: 'cancel' });
  }

  connectionLost(): void {
    this.#events.addLatest({ type: 'connection-lost' });
  }

  /** The device said so, or the broker has kept that it did. */
  heard(presence: 'online' | 'offline', version?: number, retained = false): void {
    this.#events.addReport(
      presence === 'online' ? { type: 'device-online', version, retained } : { type: 'device-offline' },
    );
  }

  /** Looks whether the wall clock was set; the times of a job on disk are its. */
  checkClock(): void {
    this.#events.addLatest({ type: 'clock-stepped', by: 0 });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#deadline.set(undefined);
    this.#effects.close();
    this.#wake();
    await this.#events.settled();
  }

  async #command(event: UpdateEvent): Promise<void> {
    const refused = await this.#events.add(event);
    if (refused !== undefined) throw refused;
  }

  /** @returns why a command was not carried out */
  async #take(event: UpdateEvent): Promise<RpcError | undefined> {
    const command = event.type === 'start' || event.type === 'cancel';
    const { job } = this.#record;
    if (event.type === 'cancel' && isBeyondRecall(job)) return cancelTooLate(job.uuid);
    let next = event;
    for (let failures = 0; !hasEnded(this.#record.job); failures += 1) {
      if (this.#closed) return command ? storeFailed('it is ending') : undefined;
      const stepped = this.#followClock();
      const moved = this.#move(next);
      if (moved === undefined && !stepped) return undefined;
      const record = moved === undefined ? this.#record : this.#recordOf(moved.job);
      const fault = await this.#stored(record, next, stepped);
      if (fault !== undefined && command) return storeFailed(fault);
      this.#storeFault = fault;
      if (fault === undefined) {
        if (moved !== undefined) this.#apply(record, moved);
        return undefined;
      }
      await this.#pause(failures);
      const { deadline = Number.POSITIVE_INFINITY } = this.#record.job;
      if (moved !== undefined && !hasEnded(moved.job) && this.#deps.clock.now() >= deadline)
        next = { type: 'store-failed', text: `the job could not be stored: ${fault}` };
    }
    return undefined;
  }

  /** Keeps the times of the job in the time of the wall clock. @returns whether that changed them */
  #followClock(): boolean {
    const by = this.#steps.take();
    if (by === 0) return false;
    this.#deps.logger.warn('the clock was set; the deadlines of an update move with it', {
      job: this.#record.job.id,
      ms: by,
    });
    const { job } = this.#transition({ type: 'clock-stepped', by });
    this.#record = { ...this.#record, job };
    this.#deadline.set(this.#record.job.deadline);
    return true;
  }

  #transition(event: UpdateEvent): UpdateTransition {
    const { clock, limitsOf } = this.#deps;
    const { job } = this.#record;
    return transition(job, event, clock.now(), limitsOf(job.uuid));
  }

  /** What an event makes of the job; undefined when it stays as it is. */
  #move(event: UpdateEvent): UpdateTransition | undefined {
    const moved = this.#transition(event);
    if (moved.job !== this.#record.job) return moved;
    // Timers and wall clocks disagree by a little.
    if (event.type === 'deadline') this.#deadline.set(this.#record.job.deadline);
    return undefined;
  }

  #recordOf(job: UpdateJob): JobRecord {
    const { history = noHistory } = this.#record;
    return { ...this.#record, job, history: withState(history, job, this.#deps.maxTransitions) };
  }

  /**
   * Progress alone is not stored: after a restart the device says where it is.
   * @returns what went wrong, if anything
   */
  async #stored(record: JobRecord, event: UpdateEvent, stepped: boolean): Promise<string | undefined> {
    const { store, logger } = this.#deps;
    const { job } = record;
    const before = this.#record.job;
    if (!stepped && job.attempt === before.attempt && event.type !== 'clock-stepped') return undefined;
    logger.debug('update job', { job: job.id, state: job.state, event: event.type });
    try {
      await store.put('jobs', job.id, record);
      return undefined;
    } catch (error) {
      const reason = errorMessage(error);
      logger.error('an update job was not stored', { job: job.id, state: job.state, reason });
      return reason;
    }
  }

  #apply(record: JobRecord, { job, effects }: UpdateTransition): void {
    const { activity } = this.#deps;
    const before = this.#record.job;
    this.#record = record;
    if (job.attempt === before.attempt) activity.progress.took(job.offset);
    else activity.progress.begin(job.offset, job.size);
    this.#deadline.set(this.#record.job.deadline);
    this.#tell(before, job);
    for (const effect of effects) this.#effects.perform(effect);
    if (hasEnded(job)) this.#deps.onEnd(record);
  }

  #tell(before: UpdateJob, job: UpdateJob): void {
    const { onState, onProgress, gate, clock } = this.#deps;
    if (job.state !== before.state) onState(job);
    else if (job.offset !== before.offset && gate.passes(job.offset, job.size, clock.monotonic()))
      onProgress(job);
  }

  /** Waits before the store is tried again, or until the bridge ends. */
  #pause(failures: number): Promise<void> {
    const { clock, limitsOf } = this.#deps;
    return new Promise((resolve) => {
      if (this.#closed) return resolve();
      const limits = limitsOf(this.#record.job.uuid);
      const cancel = clock.schedule(retryDelayMs(failures, limits), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
