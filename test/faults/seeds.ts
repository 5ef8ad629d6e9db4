import { expect, test } from '@jest/globals';
import { runMynoSeed, runSeed } from './run.ts';

/** How the seeds of a profile are run, and what replays one of them. */
const kinds = {
  mup: { run: runSeed, replay: 'npx tsx test/faults/replay.ts' },
  myno: { run: runMynoSeed, replay: 'npx tsx test/faults/replay.ts --profile myno' },
};

const batch = 50;

/** Runs seeds as tests, some at a time. What fails is told as the command that replays it with its trace. */
export function testSeeds(first: number, last: number, kind: keyof typeof kinds = 'mup'): void {
  for (let from = first; from <= last; from += batch) {
    const to = Math.min(last, from + batch - 1);
    test(`seeds ${from} to ${to}`, () => expectSound(from, to, kind), 120_000);
  }
}

async function expectSound(first: number, last: number, kind: keyof typeof kinds): Promise<void> {
  const { run, replay } = kinds[kind];
  const failures: string[] = [];
  for (let seed = first; seed <= last; seed += 1) {
    const { violations } = await run(seed);
    if (violations.length > 0) failures.push([`${replay} --seed ${seed}`, ...violations].join('\n  '));
  }
  expect(failures.join('\n')).toBe('');
}
