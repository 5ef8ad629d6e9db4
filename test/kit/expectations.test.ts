import { describe, expect, test } from '@jest/globals';
import { allChecks } from '../../src/kit/checks/all.ts';
import { chosen, isAsExpected, parseExpectedFailures, standingOf } from '../../src/kit/expectations.ts';
import type { Outcome } from '../../src/kit/runner.ts';

const ids = allChecks.map(({ id }) => id);
const [check] = allChecks;
if (check === undefined) throw new Error('there are no checks');
const result = (outcome: Outcome) => ({ check, outcome, durationMs: 1 });

test('each check has an id of its own, a title that is a sentence, and a section', () => {
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, title, section } of allChecks) {
    expect(id).toMatch(/^[a-z]+\/[a-z-]+$/);
    expect(title).toMatch(/^[A-Z].*\.$/);
    expect(section).toMatch(/§|introduction/);
  }
});

describe('expected failures', () => {
  test('are ids, one a line, with reasons behind them', () => {
    const text = '# known\n\ntoken/nonce-fresh  # one nonce\nupdate/rollback\n';
    expect([...parseExpectedFailures(text, ids)]).toEqual(['token/nonce-fresh', 'update/rollback']);
  });

  test('a line that is no check is refused, with its place and what may be meant', () => {
    expect(() => parseExpectedFailures('token/fields\ntoken/nonce-fesh\n', ids)).toThrow(
      expect.objectContaining({
        code: 'bad-expected-failures',
        where: 'line 2',
        hint: expect.stringContaining('token/nonce-fresh'),
      }),
    );
  });

  test.each<[Outcome, string, string]>([
    ['passed', 'passed', 'unexpected-pass'],
    ['failed', 'failed', 'expected-failure'],
    ['skipped', 'skipped', 'skipped'],
    ['error', 'error', 'error'],
  ])('%s is %s, and %s where a failure is expected', (outcome, usual, expectedToFail) => {
    expect(standingOf(result(outcome), new Set())).toBe(usual);
    expect(standingOf(result(outcome), new Set([check.id]))).toBe(expectedToFail);
  });

  test('all is as expected but for failures, errors, and passes that nobody expected', () => {
    expect(isAsExpected(['passed', 'skipped', 'expected-failure'])).toBe(true);
    for (const one of ['failed', 'error', 'unexpected-pass'] as const)
      expect(isAsExpected(['passed', one])).toBe(false);
  });
});

describe('--only', () => {
  const among = (...patterns: string[]) => chosen(allChecks, patterns).map(({ id }) => id);

  test('takes ids and patterns; without one, all', () => {
    expect(among()).toEqual(ids);
    expect(among('image/abort', 'token/*')).toEqual([
      ...ids.filter((id) => id.startsWith('token/')),
      'image/abort',
    ]);
    expect(among('*/abort')).toEqual(['image/abort']);
  });

  test('a pattern that matches nothing is a mistake, and a dot is a dot', () => {
    for (const pattern of ['token/none', 'token.fields', 'image'])
      expect(() => among(pattern)).toThrow(expect.objectContaining({ code: 'bad-option', where: '--only' }));
  });
});
