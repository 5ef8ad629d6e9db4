import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { SliceChains } from '../../src/bridge/slice-chains.ts';
import { SliceChain } from '../../src/mup/slice-chain.ts';
import { ManualClock } from '../support/manual-clock.ts';

const octets = new Uint8Array(1000).fill(7);
const image = {
  digest: sha256(octets),
  size: octets.length,
  read: (offset: number, length: number) => octets.subarray(offset, offset + length),
};

describe('the chains of slices of a bridge', () => {
  test('one of slices of one octet, as a device may ask for, leaves everybody else their turns', async () => {
    const clock = new ManualClock();
    let longest = 0;
    let inOneTurn = 0;
    const chains = new SliceChains((bytes) => {
      clock.busy(0.1);
      inOneTurn += 1;
      longest = Math.max(longest, inOneTurn);
      return sha256(bytes);
    }, clock);
    let done = false;
    const chain = chains.of(image, 1).finally(() => {
      done = true;
    });
    let turns = 0;
    for (; !done; turns += 1) {
      await setImmediate();
      inOneTurn = 0;
      clock.advance(0);
    }
    expect(turns).toBeGreaterThan(5);
    // 10 ms, and the rest of a stretch.
    expect(longest).toBeLessThanOrEqual(100 + 128);
    expect((await chain).head).toEqual((await SliceChain.of(image, 1, sha256)).head);
  });

  test('one is made once for all devices that share it', async () => {
    const chains = new SliceChains(sha256, new ManualClock());
    expect(await chains.of(image, 100)).toBe(await chains.of(image, 100));
    expect(await chains.of(image, 100)).not.toBe(await chains.of(image, 99));
  });
});
