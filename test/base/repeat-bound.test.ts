import { expect, test } from '@jest/globals';
import { RepeatBound } from '../../src/base/repeat-bound.ts';
import { ManualClock } from '../support/manual-clock.ts';

test('messages that are all different do not make it grow', () => {
  const told: unknown[] = [];
  const clock = new ManualClock();
  const tell = (leftOut: unknown): void => void told.push(leftOut);
  const bound = new RepeatBound({ limits: { maxRepeatsPerMinute: 1 }, clock, tell });
  const written = (message: string): boolean => bound.mayWrite('warn', message);
  expect(written('first')).toBe(true);
  expect(written('first')).toBe(false);
  for (let i = 0; i < 1000; i += 1) written(`connection cut: ${i}`);
  // It was forgotten; what had been left out of it is told all the same.
  expect(written('first')).toBe(true);
  clock.advance(60_000);
  expect(told).toEqual([{ level: 'warn', message: 'first', lines: 1 }]);
});
