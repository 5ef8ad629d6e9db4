import type { Check } from '../kit/check.ts';
import type { Standing } from '../kit/expectations.ts';
import type { CheckResult } from '../kit/runner.ts';
import { element, type XmlAttribute, type XmlElement } from '../xml/element.ts';
import { writeXml } from '../xml/xml-writer.ts';
import { table } from './output.ts';

/** A check that was made, and what its result means. */
export interface JudgedResult extends CheckResult {
  readonly standing: Standing;
}

/** How a result is called in the report for people. */
const words: Readonly<Record<Standing, string>> = {
  passed: 'ok',
  failed: 'FAILED',
  skipped: 'skipped',
  error: 'ERROR',
  'expected-failure': 'fails, as expected',
  'unexpected-pass': 'PASSES, UNEXPECTEDLY',
};

/** The checks for people: what each is about, and what it needs. */
export function listLines(checks: readonly Check[]): string[] {
  return table([
    ['CHECK', 'SEVERITY', 'PROFILES', 'NEEDS', 'THE DEVICE'],
    ...checks.map(({ id, severity, profiles, needs, title }) => [
      id,
      severity,
      profiles.join(' '),
      needs.join(' ') || '-',
      title,
    ]),
  ]);
}

/** A check for programs. */
export function checkObject({ run: _, ...check }: Check): Readonly<Record<string, unknown>> {
  return check;
}

/** A result as lines for people: the rest of what there is to know stands below a failure. */
export function resultLines({ check, standing, expected, seen, reason, durationMs }: JudgedResult): string[] {
  const seconds = (durationMs / 1000).toFixed(2);
  const why = reason === undefined ? '' : `: ${reason}`;
  const line = `${words[standing]}  ${check.id}  (${seconds} s)${why}`;
  if (expected === undefined) return [line];
  return [
    line,
    `    rule:     ${check.title} (${check.section}; ${check.severity})`,
    `    expected: ${expected}`,
    `    seen:     ${seen}`,
  ];
}

/** The last line for people. */
export function summaryLine(results: readonly JudgedResult[], totalMs: number): string {
  const counts = Object.entries(countsOf(results)).map(([standing, count]) => `${count} ${standing}`);
  return `${results.length} checks in ${(totalMs / 1000).toFixed(1)} s: ${counts.join(', ') || 'none'}`;
}

/** The whole report for programs. */
export function reportObject(
  uuid: string,
  results: readonly JudgedResult[],
  totalMs: number,
): Readonly<Record<string, unknown>> {
  return {
    device: uuid,
    durationMs: Math.round(totalMs),
    counts: countsOf(results),
    checks: results.map(({ check, ...result }) => ({ ...checkObject(check), ...result })),
  };
}

/**
 * The report as JUnit XML, as CI servers read it: a test case a check, in a suite a group. An expected failure is a
 * skipped test case, one that passes unexpectedly a failed one.
 */
export function junitXml(uuid: string, results: readonly JudgedResult[]): string {
  const groups = [...new Set(results.map(({ check }) => groupOf(check)))];
  const suites = groups.map((group) =>
    suite(
      group,
      results.filter(({ check }) => groupOf(check) === group),
    ),
  );
  const root = element(
    '',
    'testsuites',
    suites,
    attributes({ name: `mup device-test ${uuid}`, ...tally(results) }),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeXml(root)}\n`;
}

function suite(group: string, results: readonly JudgedResult[]): XmlElement {
  return element('', 'testsuite', results.map(testCase), attributes({ name: group, ...tally(results) }));
}

function testCase({ check, standing, expected, seen, reason, durationMs }: JudgedResult): XmlElement {
  const said = reason ?? (expected === undefined ? words[standing] : `expected ${expected}; seen: ${seen}`);
  const text = `${check.title}\n${check.section}; ${check.severity}\n${said}`;
  const tag = tags[standing];
  const children = tag === undefined ? [] : [element('', tag, text, attributes({ message: said }))];
  const named = { classname: `mup.${groupOf(check)}`, name: check.id, time: seconds(durationMs) };
  return element('', 'testcase', children, attributes(named));
}

const tags: Readonly<Record<Standing, string | undefined>> = {
  passed: undefined,
  failed: 'failure',
  'unexpected-pass': 'failure',
  error: 'error',
  skipped: 'skipped',
  'expected-failure': 'skipped',
};

function tally(results: readonly JudgedResult[]): Readonly<Record<string, string>> {
  const count = (tag: string): string =>
    String(results.filter(({ standing }) => tags[standing] === tag).length);
  return {
    tests: String(results.length),
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(results.reduce((sum, { durationMs }) => sum + durationMs, 0)),
  };
}

function countsOf(results: readonly JudgedResult[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { standing } of results) counts[standing] = (counts[standing] ?? 0) + 1;
  return counts;
}

function groupOf({ id }: Check): string {
  return id.split('/')[0] ?? id;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string>>): XmlAttribute[] {
  return Object.entries(values).map(([name, value]) => ({ name, namespace: '', value }));
}
