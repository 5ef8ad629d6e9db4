import { parseArgs } from 'node:util';
import { runMynoSeed, runSeed } from './run.ts';

/**
 * Runs seeds of the fault harness again: `npx tsx test/faults/replay.ts --seed 17` with a full trace,
 * `--seeds 1-5000` with a line for each that fails and how the jobs ended; `--profile myno` those with devices of
 * the prototype.
 */
const { values } = parseArgs({
  options: { seed: { type: 'string' }, seeds: { type: 'string' }, profile: { type: 'string' } },
});
const run = values.profile === 'myno' ? runMynoSeed : runSeed;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function replay(seed: number): Promise<void> {
  const { plan, violations } = await run(seed, { trace: print });
  print(JSON.stringify(plan, undefined, 2));
  print(violations.length === 0 ? 'nothing is wrong' : violations.join('\n'));
}

async function survey(first: number, last: number): Promise<void> {
  const endings = new Map<string, number>();
  let failed = 0;
  for (let seed = first; seed <= last; seed += 1) {
    const { history, violations } = await run(seed);
    for (const happening of history) {
      if (happening.kind === 'faults-over') break;
      const ending = endingOf(happening);
      if (ending !== undefined) endings.set(ending, (endings.get(ending) ?? 0) + 1);
    }
    if (violations.length === 0) continue;
    failed += 1;
    print(`seed ${seed}: ${violations[0]}`);
  }
  for (const [ending, times] of [...endings].toSorted(([, a], [, b]) => b - a)) print(`${times} ${ending}`);
  print(`${failed} of ${last - first + 1} seeds failed`);
}

/** How a job ended, or why an order was refused, in the midst of the faults. */
function endingOf(happening: Awaited<ReturnType<typeof run>>['history'][number]): string | undefined {
  if (happening.kind === 'order-refused') return `refused: ${happening.code}`;
  if (happening.kind !== 'job-state') return undefined;
  const { state, code } = happening;
  if (state === 'failed') return `failed: ${code}`;
  return state === 'succeeded' || state === 'cancelled' ? state : undefined;
}

if (values.seed !== undefined) await replay(Number(values.seed));
if (values.seeds !== undefined) {
  const [first = 1, last = first] = values.seeds.split('-').map(Number);
  await survey(first, last);
}
