import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RetransmissionTimer } from '../../src/mup/retransmission-timer.ts';

const limits = { initialTimeoutMs: 1000, minTimeoutMs: 200, maxTimeoutMs: 10_000 };

describe('the timeout of a slice (RFC 6298 §2)', () => {
  test('is the configured one before a round trip was measured (2.1)', () => {
    expect(new RetransmissionTimer(limits).timeout).toBe(1000);
  });

  test('is SRTT + 4 × RTTVAR after the first measurement, that is 3 × R (2.2)', () => {
    const timer = new RetransmissionTimer(limits);
    timer.measured(400);
    expect(timer.timeout).toBe(1200);
  });

  test('follows the further ones by 1/8 and 1/4 (2.3)', () => {
    const timer = new RetransmissionTimer(limits);
    timer.measured(400);
    timer.measured(800);
    // RTTVAR = 3/4 × 200 + 1/4 × |400 − 800| = 250, SRTT = 7/8 × 400 + 1/8 × 800 = 450
    expect(timer.timeout).toBe(450 + 4 * 250);
  });

  test('doubles when it expires, and a measurement ends that (5.5, 5.7)', () => {
    const timer = new RetransmissionTimer(limits);
    timer.measured(400);
    timer.expired();
    timer.expired();
    expect(timer.timeout).toBe(4800);
    timer.measured(400);
    expect(timer.timeout).toBe(400 + 4 * 150);
  });

  test('stays within its bounds, whatever happens', () => {
    const event = fc.option(fc.double({ min: -1, max: 1e7, noNaN: true }));
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const timer = new RetransmissionTimer(limits);
        for (const roundTrip of events) {
          if (roundTrip === null) timer.expired();
          else timer.measured(roundTrip);
          expect(timer.timeout).toBeGreaterThanOrEqual(200);
          expect(timer.timeout).toBeLessThanOrEqual(10_000);
        }
      }),
    );
  });
});
