import { expect } from '@jest/globals';
import { jobId } from '../../src/base/ids.ts';
import { newUpdateJob, transition } from '../../src/mup/update-job.ts';
import type { UpdateEffect, UpdateEvent, UpdateJob } from '../../src/mup/update-job-types.ts';
import { jobLimits as limits, token, unsigned, uuid } from './samples.ts';

/** A job with the time of its world, fed event by event. */
export class Run {
  job: UpdateJob;
  effects: readonly UpdateEffect[] = [];
  now = 1000;

  /** @param silent of a device that says nothing of its presence and its version */
  constructor(silent?: true) {
    const order = { id: jobId('1'), uuid, digest: unsigned.digest, size: 1000, newVersion: 2, silent };
    this.job = newUpdateJob(order, this.now, limits);
  }

  /** Feeds an event; one that answers an effect gets the job's attempt. */
  feed(event: Bare<UpdateEvent>): this {
    const { job, effects } = transition(
      this.job,
      { ...event, attempt: this.job.attempt } as UpdateEvent,
      this.now,
      limits,
    );
    this.job = job;
    this.effects = effects;
    return this;
  }

  /** Feeds an event as it is. */
  raw(event: UpdateEvent): this {
    const { job, effects } = transition(this.job, event, this.now, limits);
    this.job = job;
    this.effects = effects;
    return this;
  }

  /** Moves on to the deadline and reports it. */
  expire(): this {
    this.now = this.job.deadline ?? this.now;
    return this.feed({ type: 'deadline' });
  }

  /** What it made the owner do. */
  get did(): readonly string[] {
    return this.effects.map(({ type }) => type);
  }
}

/** An event without the attempt that it answers. */
export type Bare<E> = E extends { readonly attempt: number } ? Omit<E, 'attempt'> : E;

const steps: readonly Bare<UpdateEvent>[] = [
  { type: 'start', presence: 'online' },
  { type: 'token-received', token },
  { type: 'manifest-accepted' },
  { type: 'transfer-finished' },
  { type: 'verified' },
];

/** A job that has come to a step. */
export function at(
  step: 'requesting-token' | 'sending-manifest' | 'transferring' | 'verifying' | 'restarting',
  silent?: true,
): Run {
  const run = new Run(silent);
  for (const event of steps) {
    run.feed(event);
    if (run.job.state === step) break;
  }
  expect(run.job.state).toBe(step);
  return run;
}

/** `online;<version>` on the status topic. */
export const online = (version?: number): UpdateEvent => ({ type: 'device-online', version });
export const offline: UpdateEvent = { type: 'device-offline' };
