import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TransferProgress } from '../../src/bridge/transfer-progress.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A progress of which so many octets are taken every second. */
function steady(octets: number, seconds: number) {
  const clock = new ManualClock();
  const progress = new TransferProgress(clock);
  progress.begin(0, 100_000);
  for (let i = 1; i <= seconds; i += 1) {
    clock.advance(1000);
    progress.took(i * octets);
  }
  return { clock, progress };
}

describe('the rate of a transfer, and what remains of it', () => {
  test('nothing is said before anything was measured', () => {
    const clock = new ManualClock();
    const progress = new TransferProgress(clock);
    expect([progress.rate, progress.remainingSeconds]).toEqual([undefined, undefined]);
    progress.begin(600, 1000);
    clock.advance(1000);
    expect([progress.bytesSent, progress.bytesTotal, progress.rate]).toEqual([600, 1000, undefined]);
  });

  test('an even transfer has its rate from the first slice on', () => {
    for (const seconds of [1, 2, 30]) expect(steady(600, seconds).progress.rate).toBe(600);
    expect(steady(600, 30).progress.remainingSeconds).toBe(Math.ceil((100_000 - 18_000) / 600));
  });

  test('one that becomes slower is seen to within seconds, and one that stands still has none', () => {
    const { clock, progress } = steady(1000, 30);
    clock.advance(5000);
    expect(progress.rate).toBeLessThan(700);
    clock.advance(120_000);
    expect([progress.rate, progress.remainingSeconds]).toEqual([undefined, undefined]);
  });

  test('a break, or a beginning anew, does not count', () => {
    const { clock, progress } = steady(1000, 30);
    clock.advance(86_400_000);
    progress.begin(20_000, 100_000);
    clock.advance(1000);
    progress.took(20_500);
    expect(progress.rate).toBe(500);
    progress.took(0);
    expect([progress.bytesSent, progress.rate]).toEqual([0, 500]);
  });

  test('property: it lies between the slowest and the fastest second', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 60 }), (seconds) => {
        const clock = new ManualClock();
        const progress = new TransferProgress(clock);
        progress.begin(0, 1_000_000);
        let offset = 0;
        for (const octets of seconds) {
          clock.advance(1000);
          offset += octets;
          progress.took(offset);
        }
        expect(progress.rate).toBeGreaterThanOrEqual(Math.min(...seconds));
        expect(progress.rate).toBeLessThanOrEqual(Math.max(...seconds));
      }),
    );
  });
});
