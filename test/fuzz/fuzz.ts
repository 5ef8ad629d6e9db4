import fc from 'fast-check';
import { corpusOf } from './corpus.ts';
import { inputs } from './mutations.ts';
import type { Target } from './target.ts';

/** What came of fuzzing a target. */
export interface Outcome {
  readonly executions: number;
  /** The input that took longest, of those that were tried, and milliseconds of processor time. */
  readonly slowest: { readonly ms: number; readonly input: Uint8Array };
  readonly failure: Failure | undefined;
}

/** An input that broke a target, made as small as fast-check could. */
export interface Failure {
  readonly input: Uint8Array;
  readonly error: unknown;
  /** With this seed the target's first inputs hold it. */
  readonly seed: number;
}

/** Inputs that are drawn from one seed. */
const batch = 50;

/**
 * Tries inputs until there is no more time, at least one batch, or one breaks the target.
 * @param seed of the first batch; each further one has the next
 * @param until on the clock of `performance.now()`, milliseconds
 */
export async function fuzz(target: Target, seed: number, until: number): Promise<Outcome> {
  const arbitrary = inputs(target, [...(await target.seeds()), ...corpusOf(target.name).values()]);
  let executions = 0;
  let slowest: Outcome['slowest'] = { ms: 0, input: new Uint8Array() };
  const property = fc.asyncProperty(arbitrary, async (input) => {
    const begun = process.cpuUsage();
    executions += 1;
    await target.run(input);
    const ms = process.cpuUsage(begun).user / 1000;
    if (ms > slowest.ms) slowest = { ms, input };
  });
  for (let at = seed; ; at += 1) {
    const { failed, counterexample, errorInstance } = await fc.check(property, {
      seed: at | 0,
      numRuns: batch,
    });
    if (failed)
      return {
        executions,
        slowest,
        failure: { input: counterexample?.[0] ?? new Uint8Array(), error: errorInstance, seed: at },
      };
    // Promises alone would keep signals and timers out.
    await new Promise((resolve) => setImmediate(resolve));
    if (performance.now() >= until) return { executions, slowest, failure: undefined };
  }
}
