import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ProgressGate } from '../../src/bridge/progress-gate.ts';

const limits = { progressIntervalMs: 1000, progressPercent: 5 };

describe('how often the progress of an update is told (update.progressIntervalMs, update.progressPercent)', () => {
  test('once in the interval, and not before so many percent more were taken', () => {
    const gate = new ProgressGate(limits);
    expect(gate.passes(49, 1000, 0)).toBe(false);
    expect(gate.passes(50, 1000, 1)).toBe(true);
    expect(gate.passes(500, 1000, 1000)).toBe(false);
    expect(gate.passes(500, 1000, 1001)).toBe(true);
    expect(gate.passes(549, 1000, 5000)).toBe(false);
    expect(gate.passes(550, 1000, 5001)).toBe(true);
  });

  test('a transfer that begins again is told again', () => {
    const gate = new ProgressGate(limits);
    expect(gate.passes(900, 1000, 0)).toBe(true);
    expect(gate.passes(10, 1000, 2000)).toBe(false);
    expect(gate.passes(60, 1000, 3000)).toBe(true);
  });

  test('property: a transfer is never told more often than either bound allows', () => {
    const steps = fc.array(fc.tuple(fc.nat(100), fc.nat(700)), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (made) => {
        const gate = new ProgressGate(limits);
        const told: { readonly offset: number; readonly now: number }[] = [];
        let [offset, now] = [0, 0];
        for (const [octets, ms] of made) {
          offset += octets;
          now += ms;
          if (gate.passes(offset, 10_000, now)) told.push({ offset, now });
        }
        told.forEach((one, i) => {
          const before = told[i - 1];
          if (before === undefined) return;
          expect(one.now - before.now).toBeGreaterThanOrEqual(1000);
          expect(one.offset - before.offset).toBeGreaterThanOrEqual(500);
        });
      }),
    );
  });
});
