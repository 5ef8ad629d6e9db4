import { describe, expect, test } from '@jest/globals';
import { UnavailableError } from '../../src/base/errors.ts';
import type { CheckSkipped } from '../../src/kit/check.ts';
import { Reconnection, type ReconnectionDeps } from '../../src/kit/reconnection.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A reconnection that cannot be had, tried twice. @returns why it was skipped, and how often it was tried */
async function twice(
  changes: Pick<ReconnectionDeps, 'takeOver'>,
): Promise<{ reasons: string[]; tries: number }> {
  let tries = 0;
  const clock = new ManualClock();
  const reconnection = new Reconnection({
    takeOver: () => {
      tries += 1;
      return changes.takeOver();
    },
    desk: { next: () => new Promise(() => {}) },
    clock,
    timeoutMs: 1000,
  });
  const reasons: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    const skipped = reconnection
      .run()
      .catch((error: CheckSkipped) => reasons.push(`${error.code}: ${error.message}`));
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(3000);
    await skipped;
  }
  return { reasons, tries };
}

describe('a reconnection that cannot be had is skipped, and tried once', () => {
  test('the device does not describe itself again', async () => {
    const { reasons, tries } = await twice({ takeOver: async () => {} });
    expect(reasons).toEqual(
      Array(2).fill(expect.stringMatching(/^check-skipped: .*did not describe itself again/)),
    );
    expect(tries).toBe(1);
  });

  test('the broker does not let the kit have the device’s client id', async () => {
    const refused = new UnavailableError('mqtt-unreachable', 'no connection to the broker: not authorized');
    const { reasons, tries } = await twice({ takeOver: () => Promise.reject(refused) });
    expect(reasons).toEqual(
      Array(2).fill(expect.stringMatching(/^check-skipped: .*client id.*not authorized/)),
    );
    expect(tries).toBe(1);
  });
});
