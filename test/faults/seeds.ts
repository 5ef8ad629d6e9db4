import { expect, test } from '@jest/globals';
import { runSeed } from './run.ts';

const batch = 50;

/** Runs seeds as tests, some at a time. What fails is told as the command that replays it with its trace. */
export function testSeeds(first: number, last: number): void {
  for (let from = first; from <= last; from += batch) {
    const to = Math.min(last, from + batch - 1);
    test(`seeds ${from} to ${to}`, () => expectSound(from, to), 120_000);
  }
}

async function expectSound(first: number, last: number): Promise<void> {
  const failures: string[] = [];
  for (let seed = first; seed <= last; seed += 1) {
    const { violations } = await runSeed(seed);
    if (violations.length > 0)
      failures.push([`npx tsx test/faults/replay.ts --seed ${seed}`, ...violations].join('\n  '));
  }
  expect(failures.join('\n')).toBe('');
}
