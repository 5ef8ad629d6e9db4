import type { Clock } from '../base/clock.ts';
import { errorMessage } from '../base/errors.ts';
import type { Bench } from './bench.ts';
import { type Check, CheckFailure, CheckSkipped } from './check.ts';

/** How a check ended. `error`: it could not be brought to its end, and says nothing of the device. */
export type Outcome = 'passed' | 'failed' | 'skipped' | 'error';

/** What a check has come to. */
export interface CheckResult {
  readonly check: Check;
  readonly outcome: Outcome;
  /** Why it was skipped, or what stopped it. */
  readonly reason?: string;
  /** Of a failure: what was to be seen, and what was. */
  readonly expected?: string;
  readonly seen?: string;
  /** How long it took, the clearing up included, milliseconds. */
  readonly durationMs: number;
}

/** Told of each check when it begins, and when it has ended. */
export interface Progress {
  started(check: Check): void;
  ended(result: CheckResult): void;
}

/** How often a device may fail to answer after a check before it counts as gone. */
const recoveries = 3;

/**
 * Makes checks one after the other, and leaves the device without an image in between. One that a check has
 * silenced is waited for; when it does not come back, nothing more is asked of it.
 * @param signal ends the run after the check in hand
 */
export async function runChecks(
  bench: Bench,
  checks: readonly Check[],
  { progress, clock, signal }: { progress: Progress; clock: Clock; signal: AbortSignal },
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  let gone: string | undefined;
  for (const check of checks) {
    if (signal.aborted) break;
    progress.started(check);
    const began = clock.monotonic();
    const verdict = gone === undefined ? await verdictOf(bench, check) : stopped(gone);
    const isBack = gone === undefined && (await cleared(bench));
    if (gone === undefined && !isBack) gone = check.id;
    const result = { check, ...lostBy(verdict, isBack), durationMs: Math.round(clock.monotonic() - began) };
    results.push(result);
    progress.ended(result);
  }
  return results;
}

type Verdict = Omit<CheckResult, 'check' | 'durationMs'>;

async function verdictOf(bench: Bench, check: Check): Promise<Verdict> {
  try {
    await check.run(bench);
    return { outcome: 'passed' };
  } catch (error) {
    if (error instanceof CheckFailure)
      return { outcome: 'failed', expected: error.expected, seen: error.seen };
    const reason = errorMessage(error);
    return { outcome: error instanceof CheckSkipped ? 'skipped' : 'error', reason };
  }
}

/** A device that does not answer any more after it has passed a check has not passed it. */
function lostBy(verdict: Verdict, isBack: boolean): Verdict {
  if (isBack || verdict.outcome !== 'passed') return verdict;
  return { outcome: 'failed', expected: 'that the device answers after it', seen: 'no answer' };
}

function stopped(by: string): Verdict {
  return { outcome: 'error', reason: `the device answers no more since ${by}` };
}

/** @returns whether the device answers, and holds no image */
async function cleared(bench: Bench): Promise<boolean> {
  for (let attempt = 0; attempt < recoveries; attempt += 1) {
    try {
      await bench.restore();
      return true;
    } catch {
      // It may be restarting, or still busy with what the check has sent.
    }
  }
  return false;
}
