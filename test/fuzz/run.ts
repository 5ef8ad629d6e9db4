import { parseArgs } from 'node:util';
import { keep } from './corpus.ts';
import { fuzz, type Outcome } from './fuzz.ts';
import type { Target } from './target.ts';
import { targets } from './targets.ts';

/**
 * `npx tsx test/fuzz/run.ts [--target T]… [--minutes N] [--seed S]`: fuzzes the decoders of what comes from outside,
 * in turns, and keeps each input that breaks one in `corpus/`.
 */
const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: [] },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});

interface Tally {
  executions: number;
  slowestMs: number;
  findings: number;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Whole turns are taken by every target, so that an hour that is cut short has reached all of them. */
const turnMs = 3000;

const wanted = targets.filter(({ name }) => values.target.length === 0 || values.target.includes(name));
const tallies = new Map(wanted.map(({ name }) => [name, { executions: 0, slowestMs: 0, findings: 0 }]));
const end = performance.now() + Number(values.minutes) * 60_000;
const broken = new Set<string>();

/** Whoever is interrupted is told what was done until then. */
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void finish().then(() => process.exit()));

if (wanted.length === 0)
  say(`there is no such target; there are ${targets.map(({ name }) => name).join(', ')}`);
for (
  let seed = Number(values.seed);
  wanted.length > broken.size && performance.now() < end;
  seed += 1_000_003
)
  for (const target of wanted)
    if (!broken.has(target.name) && performance.now() < end) await turn(target, seed);
await finish();

async function finish(): Promise<void> {
  for (const { close } of wanted) await close?.();
  report();
}

async function turn(target: Target, seed: number): Promise<void> {
  const outcome = await fuzz(target, seed, Math.min(end, performance.now() + turnMs));
  count(target.name, outcome);
  const { failure } = outcome;
  if (failure === undefined) return;
  broken.add(target.name);
  const { error } = failure;
  say(`${target.name}, seed ${failure.seed}: ${error instanceof Error ? error.stack : String(error)}`);
  say(`kept as ${keep(target.name, failure.input)}`);
}

function count(name: string, { executions, slowest, failure }: Outcome): void {
  const tally: Tally | undefined = tallies.get(name);
  if (tally === undefined) return;
  tally.executions += executions;
  tally.findings += failure === undefined ? 0 : 1;
  if (slowest.ms <= tally.slowestMs) return;
  tally.slowestMs = slowest.ms;
  if (slowest.ms > 250) say(`${name}: ${Math.round(slowest.ms)} ms for ${shown(slowest.input)}`);
}

function shown(input: Uint8Array): string {
  const start = Buffer.from(input.subarray(0, 160)).toString('latin1');
  return `${input.length} octets ${JSON.stringify(start)}`;
}

function report(): void {
  say('| target | executions | slowest, ms | findings |\n|---|--:|--:|--:|');
  for (const [name, { executions, slowestMs, findings }] of tallies)
    say(`| ${name} | ${executions} | ${Math.round(slowestMs)} | ${findings} |`);
  process.exitCode = broken.size === 0 ? 0 : 1;
}
