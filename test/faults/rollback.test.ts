import { expect, test } from '@jest/globals';
import { type Plan, planOf } from './plan.ts';
import { runPlan } from './run.ts';

/** The plan of a seed, in which each device also goes back to its firmware before, once it has a new one. */
function withRollback(seed: number): Plan {
  const plan = planOf(seed);
  const afterMs = [0, 40, 500, 5000][seed % 4] ?? 0;
  const rollbacks = plan.devices.map(
    (who) => ({ kind: 'rollback', who, when: { atMs: 0 }, afterMs }) as const,
  );
  return { ...plan, faults: [...plan.faults, ...rollbacks] };
}

test('boot loaders that go back to the firmware before: each update ends by name, and the next one succeeds', async () => {
  let rolledBack = 0;
  let noticed = 0;
  for (let seed = 1; seed <= 24; seed += 1) {
    const { history, violations } = await runPlan(withRollback(seed), `rollback ${seed}`);
    expect([seed, ...violations]).toEqual([seed]);
    rolledBack += history.filter(({ kind }) => kind === 'rolled-back').length;
    noticed += history.filter(
      (one) => one.kind === 'job-state' && one.code === 'version-not-installed',
    ).length;
  }
  // The runs are about something.
  expect([rolledBack > 10, noticed > 2]).toEqual([true, true]);
}, 120_000);
