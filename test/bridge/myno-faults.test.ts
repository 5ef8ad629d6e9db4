import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { BenchMyno } from './bench-myno.ts';

const image = Uint8Array.from({ length: 3000 }, (_, i) => (i * 7) & 0xff);
const digest = sha256(image);
const other = image.map((byte) => byte ^ 1);

/** What happens when the device has heard so many messages. */
const mishap = fc.record({
  after: fc.integer({ min: 1, max: 30 }),
  what: fc.constantFrom('bridge restarts', 'connection breaks', 'device restarts', 'relay is used', 'cancel'),
});

/** How many of a hundred messages are lost, and answers; and what else happens, in this order. */
const plan = fc.record({
  loses: fc.integer({ min: 0, max: 10 }),
  swallows: fc.integer({ min: 0, max: 10 }),
  dice: fc.infiniteStream(fc.integer({ min: 0, max: 99 })),
  mishaps: fc.array(mishap, { maxLength: 3 }),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

async function happens(both: BenchMyno, job: string, what: Plan['mishaps'][number]['what']): Promise<void> {
  switch (what) {
    case 'bridge restarts':
      return both.restartBridge();
    case 'connection breaks':
      both.bench.transport.disconnect();
      await both.bench.settled();
      both.bench.clock.advance(30_000);
      both.bench.transport.reconnect();
      return;
    case 'device restarts':
      await both.passes(both.device.boot());
      return;
    case 'relay is used':
      // Whether it is answered depends on what is lost.
      await both.passes(both.call('funcRelayOn')).catch(() => {});
      return;
    default:
      await both.bench.call('mup-bridge', 'cancel-update', { job }).catch(() => {});
  }
}

/** One update under a plan, and one more when all is well again. */
async function run({ loses, swallows, dice, mishaps }: Plan): Promise<void> {
  const both = await BenchMyno.start();
  try {
    await both.addImage(image, digest);
    await both.addImage(other, sha256(other), 3);
    const falls = (percent: number): boolean => Number(dice.next().value) < percent;
    both.device.faults = { loses: () => falls(loses), swallows: () => falls(swallows) };
    const job = await both.order(digest);
    const isOver = async (): Promise<boolean> =>
      ['succeeded', 'failed', 'cancelled'].includes((await both.bench.job(job))['state'] ?? '');
    for (const { after, what } of mishaps) {
      const from = both.device.heard.length;
      for (let turn = 0; turn < 400 && both.device.heard.length < from + after; turn += 1) {
        await both.bench.settled();
        both.bench.clock.advance(turn < 100 ? 5 : 2000);
      }
      if (!(await isOver())) await happens(both, job, what);
    }
    const end = await both.ended(job, 1000);
    // Nothing that the bridge sent has killed it or made it deaf.
    expect(both.device.failure).toBeUndefined();
    if (end['state'] === 'succeeded') expect(both.device.installed).toContain(2);
    if (end['state'] === 'failed') expect(end['failure']).toMatch(/^[a-z0-9]/);
    both.device.faults = {};
    expect(await both.ended(await both.order(sha256(other)), 500)).toMatchObject({ state: 'succeeded' });
    expect([both.device.failure, both.device.installed.at(-1)]).toEqual([undefined, 3]);
  } finally {
    await both.close();
  }
}

describe('updates of the prototype’s device under faults drawn at random', () => {
  test('each ends, none harms the device, and another update succeeds', async () => {
    await fc.assert(fc.asyncProperty(plan, run), { numRuns: 25, endOnFailure: true });
  }, 120_000);
});
