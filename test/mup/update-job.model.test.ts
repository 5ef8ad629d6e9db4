import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jobId } from '../../src/base/ids.ts';
import { deviceStates } from '../../src/mup/states.ts';
import { newUpdateJob, transition } from '../../src/mup/update-job.ts';
import { hasEnded, type UpdateEvent, type UpdateJob, updateSteps } from '../../src/mup/update-job-types.ts';
import { jobLimits as limits, token, unsigned, uuid } from './samples.ts';

const newVersion = 2;
const order = { id: jobId('1'), uuid, digest: unsigned.digest, size: 1000, newVersion };

/** An event whose attempt is given relative to the job's own, so that most are in time. */
interface Draft {
  readonly event: UpdateEvent | 'good';
  readonly off: number;
  readonly after: number;
}

const answer = fc.oneof(
  fc.record({
    type: fc.constant('token-received' as const),
    attempt: fc.constant(0),
    token: fc.record({
      uuid: fc.constantFrom<string>(uuid, uuid, uuid, 'other'),
      nonce: fc.constant(token.nonce),
      version: fc.constantFrom(1, 1, 1, 0, 2, 3),
    }),
  }),
  fc.record({
    type: fc.constantFrom('manifest-accepted' as const, 'verified' as const, 'transfer-finished' as const),
    attempt: fc.constant(0),
  }),
  fc.record({
    type: fc.constant('refused' as const),
    attempt: fc.constant(0),
    state: fc.constantFrom(...deviceStates.map(({ name }) => name)),
  }),
  fc.record({
    type: fc.constant('request-failed' as const),
    attempt: fc.constant(0),
    code: fc.constant('device-timeout'),
    text: fc.string(),
    transient: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('transfer-progress' as const),
    attempt: fc.constant(0),
    offset: fc.oneof(fc.integer({ min: -1, max: 1001 }), fc.double()),
  }),
  fc.record({
    type: fc.constant('transfer-failed' as const),
    attempt: fc.constant(0),
    code: fc.constant('transfer-stalled'),
    text: fc.string(),
  }),
);
const happening = fc.oneof(
  fc.record({
    type: fc.constant('start' as const),
    presence: fc.constantFrom('online' as const, 'offline' as const, 'unknown' as const),
  }),
  fc.record({
    type: fc.constant('device-online' as const),
    version: fc.constantFrom(undefined, 0, 1, 2, 3),
    retained: fc.boolean(),
  }),
  fc.constantFrom<UpdateEvent>(
    { type: 'device-offline' },
    { type: 'connection-lost' },
    { type: 'deadline' },
    { type: 'deadline' },
  ),
);
const rare = fc.constant<UpdateEvent>({ type: 'cancel' });

/** What happens when all goes well: without it, hardly a run of chance gets beyond the first steps. */
function nextGood(job: UpdateJob): UpdateEvent {
  const { state, attempt } = job;
  if (state === 'queued') return { type: 'start', presence: 'online' };
  if (state === 'requesting-token') return { type: 'token-received', attempt, token };
  if (state === 'sending-manifest') return { type: 'manifest-accepted', attempt };
  if (state === 'transferring') return { type: 'transfer-finished', attempt };
  if (state === 'verifying') return { type: 'verified', attempt };
  return { type: 'device-online', version: newVersion };
}

const drafts = fc.array(
  fc.record<Draft>({
    event: fc.oneof(
      { weight: 4, arbitrary: answer },
      { weight: 4, arbitrary: happening },
      { weight: 12, arbitrary: fc.constant('good') },
      { weight: 1, arbitrary: rare },
    ) as fc.Arbitrary<UpdateEvent | 'good'>,
    off: fc.constantFrom(0, 0, 0, 0, 0, 0, -1, 1),
    after: fc.constantFrom(0, 1, 10, 100, 1000),
  }),
  { maxLength: 60 },
);

function addressed({ event, off }: Draft, job: UpdateJob): UpdateEvent {
  if (event === 'good') return nextGood(job);
  return 'attempt' in event ? { ...event, attempt: job.attempt + off } : event;
}

/** Follows a run and checks each transition. */
function follow(
  run: readonly Draft[],
  check: (before: UpdateJob, event: UpdateEvent, now: number) => void,
): UpdateJob {
  let now = 0;
  let job = newUpdateJob(order, now, limits);
  for (const draft of run) {
    now += draft.after;
    const event = addressed(draft, job);
    check(job, event, now);
    job = transition(job, event, now, limits).job;
  }
  return job;
}

const runs = { numRuns: 500 };

describe('an update job under any sequence of events', () => {
  test('an ended job stays as it is and does nothing', () => {
    fc.assert(
      fc.property(drafts, (run) => {
        follow(run, (before, event, now) => {
          if (!hasEnded(before)) return;
          const { job, effects } = transition(before, event, now, limits);
          expect(job).toBe(before);
          expect(effects).toEqual([]);
        });
      }),
      runs,
    );
  });

  test('a job has a deadline as long as it has not ended, and its passing always changes the state', () => {
    fc.assert(
      fc.property(drafts, (run) => {
        follow(run, (before, event, now) => {
          const { job } = transition(before, event, now, limits);
          expect(job.deadline === undefined).toBe(hasEnded(job));
          if (job.deadline === undefined) return;
          const expired = transition(job, { type: 'deadline' }, job.deadline, limits).job;
          expect([expired.state, expired.round]).not.toEqual([job.state, job.round]);
        });
      }),
      runs,
    );
  });

  test('only what the device reports while its verification or restart is awaited makes a success', () => {
    let successes = 0;
    fc.assert(
      fc.property(drafts, (run) => {
        follow(run, (before, event, now) => {
          const { job } = transition(before, event, now, limits);
          if (job.state !== 'succeeded' || before.state === 'succeeded') return;
          successes += 1;
          const said = event.type === 'token-received' ? event.token.version : undefined;
          if (event.type !== 'device-online') {
            // Asked of the device itself, after it was asked to verify an image.
            expect([said, before.finished]).toEqual([newVersion, true]);
            return;
          }
          expect(event.version).toBe(newVersion);
          expect(before).toMatchObject({ step: 'restarting', verified: true, offset: order.size });
          expect(before.token?.version).toBeLessThan(newVersion);
        });
      }),
      { numRuns: 2000 },
    );
    expect(successes).toBeGreaterThan(0);
  });

  test('a request carries the attempt that its answer has to bring, and there is one at a time', () => {
    fc.assert(
      fc.property(drafts, (run) => {
        follow(run, (before, event, now) => {
          const { job, effects } = transition(before, event, now, limits);
          const requests = effects.filter((effect) => 'attempt' in effect);
          expect(requests.length).toBeLessThanOrEqual(1);
          for (const request of requests) expect(request.attempt).toBe(job.attempt);
          if (requests.length > 0) expect(job.attempt).toBeGreaterThan(before.attempt);
          if (hasEnded(job)) expect(requests).toEqual([]);
        });
      }),
      runs,
    );
  });

  test('an answer to an older attempt changes nothing', () => {
    fc.assert(
      fc.property(drafts, (run) => {
        follow(run, (before, event, now) => {
          if ('attempt' in event && event.attempt !== before.attempt)
            expect(transition(before, event, now, limits)).toEqual({ job: before, effects: [] });
        });
      }),
      runs,
    );
  });

  test('a transfer that runs is stopped before anything else is begun', () => {
    fc.assert(
      fc.property(drafts, (run) => {
        follow(run, (before, event, now) => {
          const { job, effects } = transition(before, event, now, limits);
          if (before.state !== 'transferring' || job.state === 'transferring') return;
          const finished = job.state === 'verifying';
          expect(effects[0]?.type).toBe(finished ? 'request-verification' : 'stop-transfer');
        });
      }),
      runs,
    );
  });

  test('a job is JSON: stored and read again it does the same', () => {
    fc.assert(
      fc.property(drafts, (run) => {
        follow(run, (before, event, now) => {
          const stored: UpdateJob = JSON.parse(JSON.stringify(before));
          expect(transition(stored, event, now, limits)).toEqual(transition(before, event, now, limits));
        });
      }),
      runs,
    );
  });

  test('waiting keeps the step, and the device’s return takes it up again', () => {
    fc.assert(
      fc.property(drafts, (run) => {
        follow(run, (before, event, now) => {
          const { job } = transition(before, event, now, limits);
          if (job.state !== 'waiting-for-device') return;
          expect(job.step).toBe(before.step);
          const back = transition(job, { type: 'device-online', version: 1 }, now, limits).job;
          // Unless it forgets what it takes each time.
          expect(back.state).toBe((job.fruitless ?? 0) < 3 ? job.step : 'requesting-token');
        });
      }),
      runs,
    );
  });

  test('an update begins again a bounded number of times', () => {
    fc.assert(
      fc.property(drafts, (run) => {
        const job = follow(run, () => {});
        expect(job.round).toBeLessThanOrEqual(3);
        expect(updateSteps).toContain(job.step);
      }),
      runs,
    );
  });

  test('it ends at its deadline, whatever happens and wherever the wall clock is set', () => {
    const ended = new Set<string>();
    const steps = fc.array(fc.constantFrom(0, 0, 0, 0, 86_400_000, -86_400_000), { maxLength: 60 });
    fc.assert(
      fc.property(drafts, steps, (run, clockSteps) => {
        let elapsed = 0;
        let offset = 0;
        let job = newUpdateJob(order, 0, limits);
        const feed = (event: UpdateEvent): void => {
          job = transition(job, event, elapsed + offset, limits).job;
        };
        /** The owner's timer, which no setting of the clock moves. */
        const letPass = (until: number): void => {
          while (job.deadline !== undefined && job.deadline - offset <= until) {
            elapsed = Math.max(elapsed, job.deadline - offset);
            feed({ type: 'deadline' });
          }
          elapsed = until;
        };
        run.forEach((draft, i) => {
          letPass(elapsed + draft.after);
          const by = clockSteps[i] ?? 0;
          offset += by;
          feed({ type: 'clock-stepped', by });
          feed(addressed(draft, job));
        });
        letPass(limits.jobDeadlineMs);
        expect(hasEnded(job)).toBe(true);
        ended.add(job.ending?.code ?? job.state);
      }),
      runs,
    );
    expect(ended.size).toBeGreaterThan(5);
  });

  test('a device is told to drop what it may hold, unless its image is valid', () => {
    fc.assert(
      fc.property(drafts, (run) => {
        follow(run, (before, event, now) => {
          const { job, effects } = transition(before, event, now, limits);
          if (hasEnded(before) || !hasEnded(job) || job.state === 'succeeded') return;
          const holds = before.state !== 'queued' && before.step !== 'requesting-token';
          const told = effects.some(({ type }) => type === 'cancel-device');
          expect(told).toBe(holds && before.verified !== true);
        });
      }),
      runs,
    );
  });
});
