import { UsageError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { CheckResult } from './runner.ts';

/** What a result means once it is known which checks the device is expected to fail. */
export type Standing = 'passed' | 'failed' | 'skipped' | 'error' | 'expected-failure' | 'unexpected-pass';

/** A check whose failure is expected may fail or be skipped; that it passes is news. */
export function standingOf({ check, outcome }: CheckResult, expected: ReadonlySet<string>): Standing {
  if (!expected.has(check.id)) return outcome;
  if (outcome === 'failed') return 'expected-failure';
  return outcome === 'passed' ? 'unexpected-pass' : outcome;
}

/** Whether a run ended as it was expected to. */
export function isAsExpected(standings: readonly Standing[]): boolean {
  return !standings.some((one) => one === 'failed' || one === 'error' || one === 'unexpected-pass');
}

/**
 * The ids in a file of expected failures: one a line; what follows `#` says why.
 * @throws UsageError `bad-expected-failures` for an id that no check has
 */
export function parseExpectedFailures(text: string, ids: readonly string[]): ReadonlySet<string> {
  const lines = text.split('\n').map((line) => line.replace(/#.*$/, '').trim());
  const wrong = lines.findIndex((line) => line !== '' && !ids.includes(line));
  if (wrong < 0) return new Set(lines.filter((line) => line !== ''));
  const found = lines[wrong] ?? '';
  const meant = nearest(found, ids);
  throw new UsageError('bad-expected-failures', `${JSON.stringify(found.slice(0, 80))} is no check`, {
    where: `line ${wrong + 1}`,
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}mup device-test --list says which there are.`,
  });
}

/**
 * The checks whose ids match one of the patterns, in which `*` stands for any text.
 * @throws UsageError `bad-option` for a pattern that none matches
 */
export function chosen<T extends { readonly id: string }>(
  checks: readonly T[],
  patterns: readonly string[],
): readonly T[] {
  if (patterns.length === 0) return checks;
  const expressions = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`);
  });
  const idle = patterns.find((_, i) => !checks.some(({ id }) => expressions[i]?.test(id) === true));
  if (idle === undefined) return checks.filter(({ id }) => expressions.some((one) => one.test(id)));
  throw new UsageError('bad-option', `no check is called ${JSON.stringify(idle.slice(0, 80))}`, {
    where: '--only',
    hint: 'mup device-test --list says which there are; * stands for any text.',
  });
}
