import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasEnded, type UpdateEvent } from '../../src/mup/update-job-types.ts';
import type { Bare } from '../mup/job-steps.ts';
import { full, RunBench, token } from './job-run-bench.ts';

/** What happens to a job, and whether the disk takes what follows from it. */
type Step =
  | { readonly kind: 'answer'; readonly event: Bare<UpdateEvent> | 'good' }
  | { readonly kind: 'disk'; readonly full: boolean }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'clock'; readonly by: number }
  | { readonly kind: 'presence'; readonly presence: 'online' | 'offline'; readonly version: number }
  | { readonly kind: 'connection-lost' }
  | { readonly kind: 'cancel' };

const noAnswer = { type: 'request-failed', code: 'device-timeout', text: '', transient: true } as const;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Step>({ kind: 'answer', event: 'good' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'answer', event: noAnswer }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('disk' as const), full: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 1000, 30_000, 200_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      by: fc.constantFrom(-1e9, -5000, 5000, 1e9),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('presence' as const),
      presence: fc.constantFrom('online' as const, 'offline' as const),
      version: fc.constantFrom(1, 2),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'connection-lost' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'cancel' }) },
);

const good: Readonly<Record<string, Bare<UpdateEvent>>> = {
  'request-token': { type: 'token-received', token },
  'send-manifest': { type: 'manifest-accepted' },
  'start-transfer': { type: 'transfer-finished' },
  'request-verification': { type: 'verified' },
};

/** So that the property says something of these ends in every run. */
const answered: Step = { kind: 'answer', event: 'good' };
const examples: readonly (readonly Step[])[] = [
  [answered, answered, answered, answered, { kind: 'presence', presence: 'online', version: 2 }],
  [{ kind: 'disk', full: true }, answered, { kind: 'pass', ms: 200_000 }, { kind: 'pass', ms: 200_000 }],
  [answered, { kind: 'cancel' }],
];

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Does one step of a history. */
async function happen(bench: RunBench, one: Step): Promise<void> {
  const { run, clock } = bench;
  if (one.kind === 'answer') {
    const asked = bench.asked.at(-1)?.effect.type ?? '';
    const event = one.event === 'good' ? good[asked] : one.event;
    if (event !== undefined) bench.answer(event);
  } else if (one.kind === 'disk') bench.disk = one.full ? () => Promise.reject(full) : () => {};
  else if (one.kind === 'pass') clock.advance(one.ms);
  else if (one.kind === 'clock') clock.set(one.by);
  else if (one.kind === 'presence') run.heard(one.presence, one.version);
  else if (one.kind === 'connection-lost') run.connectionLost();
  else await run.cancel().catch((error: unknown) => expect(error).toMatchObject({ code: 'store-failed' }));
  await settled();
}

test('whatever the disk does: nothing is asked or told that is not on it, and the job ends', async () => {
  const endings = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bench = new RunBench({
        onState: (job) => expect(bench.stored).toEqual(job),
        onEnd: ({ job }) => {
          expect(bench.stored).toEqual(job);
          expect(hasEnded(job)).toBe(true);
          endings.add(job.ending?.code ?? job.state);
        },
      });
      await bench.run.start('online');
      let asked = 0;
      for (const one of steps) {
        await happen(bench, one);
        for (const { effect } of bench.asked.slice(asked))
          if ('attempt' in effect) expect(bench.stored?.attempt).toBeGreaterThanOrEqual(effect.attempt);
        asked = bench.asked.length;
      }
      bench.disk = () => {};
      await bench.pass(() => hasEnded(bench.job), 10_000_000);
      expect(bench.stored).toEqual(bench.job);
      const { length } = bench.done;
      await happen(bench, { kind: 'presence', presence: 'online', version: 2 });
      bench.clock.advance(1e9);
      expect(bench.done).toHaveLength(length);
      expect(
        bench.logger.messages('error').filter((text) => text !== 'an update job was not stored'),
      ).toEqual([]);
    }),
    { numRuns: 150, examples: examples.map((steps) => [[...steps]]) },
  );
  expect([...endings]).toEqual(expect.arrayContaining(['succeeded', 'cancelled', 'store-failed']));
});
