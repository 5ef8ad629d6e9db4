import { expect } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { deviceUuid, digest, jobId } from '../../src/base/ids.ts';
import { JobRun, type JobRunDependencies } from '../../src/bridge/job-run.ts';
import { ProgressGate } from '../../src/bridge/progress-gate.ts';
import { TransferProgress } from '../../src/bridge/transfer-progress.ts';
import { newUpdateJob } from '../../src/mup/update-job.ts';
import type { UpdateEffect, UpdateEvent, UpdateJob } from '../../src/mup/update-job-types.ts';
import type { Bare } from '../mup/job-steps.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { SettableClock } from '../support/settable-clock.ts';

/** The deadlines of the job. */
export const limits = defaultConfig.update;
const order = {
  id: jobId('1'),
  uuid: deviceUuid('dev-1'),
  digest: digest('0'.repeat(64)),
  size: 1000,
  newVersion: 2,
};
/** A token of the device, which runs version 1. */
export const token = { uuid: order.uuid, nonce: '0'.repeat(32), version: 1 };
/** What a full disk says. */
export const full = new Error('ENOSPC: no space left on device');

/** A run of which the test owns the disk and the device; the device never answers unless the test does it. */
export class RunBench {
  readonly clock = new SettableClock();
  readonly logger = new RecordingLogger();
  /** What the disk holds. */
  stored: UpdateJob | undefined;
  writes = 0;
  /** What happens at a write, before it is there. */
  disk: () => Promise<void> | void = () => {};
  /** What was told and asked of the device, in order. */
  readonly done: string[] = [];
  readonly asked: { readonly effect: UpdateEffect; answer(event: UpdateEvent): void }[] = [];
  readonly run: JobRun;

  constructor(changes: Partial<JobRunDependencies> = {}, job?: UpdateJob) {
    const deps = {
      store: {
        put: async (_: string, __: string, record: { job: UpdateJob }) => {
          this.writes += 1;
          await this.disk();
          this.stored = JSON.parse(JSON.stringify(record.job));
        },
      },
      requests: {
        perform: (_: UpdateJob, effect: UpdateEffect) => {
          this.done.push(effect.type);
          return new Promise<UpdateEvent>((answer) => this.asked.push({ effect, answer }));
        },
        cancel: async () => void this.done.push('cancel-device'),
      },
      brokerAway: () => false,
      limitsOf: () => limits,
      gate: new ProgressGate(limits),
      clock: this.clock,
      random: (length: number) => new Uint8Array(length).fill(255),
      logger: this.logger,
      activity: { progress: new TransferProgress(this.clock) },
      maxTransitions: 10,
      onState: (job: UpdateJob) => this.done.push(job.state),
      onProgress: () => {},
      onEnd: () => this.done.push('ended'),
      ...changes,
    } as unknown as JobRunDependencies;
    this.run = new JobRun({ job: job ?? newUpdateJob(order, this.clock.now(), limits), user: 'alice' }, deps);
  }

  get job(): UpdateJob {
    return this.run.record.job;
  }

  /** Answers what was asked of the device last. */
  answer(event: Bare<UpdateEvent>): void {
    this.asked.at(-1)?.answer({ ...event, attempt: this.job.attempt } as UpdateEvent);
  }

  /** Lets time pass, a second at a time unless said otherwise, until it holds. */
  async pass(holds: () => boolean, ms = 1000): Promise<void> {
    for (let s = 0; s < 5000 && !holds(); s += 1) {
      this.clock.advance(ms);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(holds()).toBe(true);
  }
}
