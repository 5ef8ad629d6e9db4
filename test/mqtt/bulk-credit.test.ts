import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BulkCredit } from '../../src/mqtt/bulk-credit.ts';

/** Sends packets of a size for so many turns to a broker that needs `delay` for what is under way. */
function run(credit: BulkCredit, turns: number, delay: (bytes: number) => number, packet = 600): void {
  let now = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    let bytes = 0;
    let pings = 0;
    while (credit.hasRoom) {
      bytes += packet;
      if (!credit.sent(packet)) continue;
      credit.pinged(now);
      pings += 1;
    }
    now += delay(bytes);
    for (; pings > 0; pings -= 1) credit.answered(now);
  }
}

describe('how much bulk may be under way', () => {
  test('no more than the limit and a packet goes before the broker has answered', () => {
    const credit = new BulkCredit();
    const { limit } = credit;
    let sent = 0;
    while (credit.hasRoom) {
      sent += 600;
      if (credit.sent(600)) credit.pinged(0);
    }
    expect(sent).toBeGreaterThanOrEqual(limit);
    expect(sent).toBeLessThan(limit + 600);
  });

  test('whatever is sent, there is always an answer to come that gives room', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2_000_000 }), { maxLength: 200 }), (packets) => {
        const credit = new BulkCredit();
        let open = 0;
        for (const bytes of packets) {
          for (; !credit.hasRoom && open > 0; open -= 1) credit.answered(1);
          expect(credit.hasRoom).toBe(true);
          if (!credit.sent(bytes)) continue;
          credit.pinged(0);
          open += 1;
        }
      }),
    );
  });

  test('it grows while the broker answers quickly, as over a long distance', () => {
    const credit = new BulkCredit();
    run(credit, 200, () => 80);
    expect(credit.limit).toBe(1024 * 1024);
  });

  test('it shrinks while a queue makes the answers late, and grows again afterwards', () => {
    const credit = new BulkCredit();
    run(credit, 1, () => 1);
    run(credit, 100, () => 200);
    expect(credit.limit).toBe(64 * 1024);
    run(credit, 200, () => 1);
    expect(credit.limit).toBe(1024 * 1024);
  });

  test('it settles where a slow link is busy and answers come little later than on an idle one', () => {
    const credit = new BulkCredit();
    // 5 MB/s, 1 ms on an idle connection.
    const delay = (bytes: number): number => 1 + bytes / 5000;
    run(credit, 1, () => 1);
    run(credit, 500, delay);
    expect(delay(credit.limit)).toBeGreaterThan(15);
    expect(delay(credit.limit)).toBeLessThan(40);
  });

  test('an answer that nobody asked for changes nothing', () => {
    const credit = new BulkCredit();
    const { limit } = credit;
    credit.answered(5);
    expect(credit.limit).toBe(limit);
  });
});
