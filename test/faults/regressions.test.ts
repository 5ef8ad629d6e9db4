import { describe, expect, test } from '@jest/globals';
import type { Plan } from './plan.ts';
import { runPlan } from './run.ts';

/** What a run of chance once found, without the rest of that run. */
const quiet: Plan = {
  profile: 'mup',
  devices: ['d1'],
  window: 1,
  sliceSizeBytes: 256,
  imageBytes: 1999,
  mqtt311: false,
  digestFirst: false,
  authenticates: false,
  orders: [],
  faults: [],
};

describe('what runs with faults have found', () => {
  test('seed 552: a device that was kept, and not answered before the bridge was killed, is updated all the same', async () => {
    const { history, violations } = await runPlan(
      {
        ...quiet,
        orders: [{ who: 'd1', atMs: 20_500, version: 2 }],
        faults: [
          {
            ...{ kind: 'kill', who: 'bridge', when: { step: 'put devices', nth: 1 } },
            ...{ end: { phase: 'after', power: false }, downMs: 19_000 },
          },
        ],
      },
      'seed 552',
    );
    const states = history.filter((happening) => happening.kind === 'job-state');
    const [first] = states;
    const ofFirst = states.filter((state) => state.kind === 'job-state' && state.job === Object(first).job);
    expect(ofFirst.map((state) => [Object(state).state, Object(state).code]).at(-1)).toEqual([
      'succeeded',
      undefined,
    ]);
    expect(violations).toEqual([]);
  });
});
