import { describe, expect, test } from '@jest/globals';
import { InternalError } from '../../src/base/errors.ts';
import { SliceSender, type SliceSenderStep } from '../../src/mup/slice-sender.ts';

const limits = { initialTimeoutMs: 1000, minTimeoutMs: 200, maxTimeoutMs: 10_000, stallTimeoutMs: 60_000 };

function sender(size: number, window: number, sliceSize = 100): SliceSender {
  return new SliceSender({ size, sliceSize, window, limits });
}

const offsets = (step: SliceSenderStep): number[] => step.send.map(({ offset }) => offset);

describe('sending slices (mup-protocol §3, Slices)', () => {
  test('window 1: each slice waits for the acknowledgement of the one before', () => {
    const it = sender(250, 1);
    expect(it.start(0).send).toEqual([{ offset: 0, length: 100 }]);
    expect(it.acknowledged(100, 10).send).toEqual([{ offset: 100, length: 100 }]);
    expect(it.acknowledged(200, 20).send).toEqual([{ offset: 200, length: 50 }]);
    expect(it.acknowledged(250, 30)).toEqual({ send: [], wakeAt: undefined, finished: true });
    expect(it.acknowledgedOffset).toBe(250);
  });

  test('a window is filled at once and then slides', () => {
    const it = sender(1000, 3);
    expect(offsets(it.start(0))).toEqual([0, 100, 200]);
    expect(offsets(it.acknowledged(100, 10))).toEqual([300]);
    expect(offsets(it.acknowledged(400, 20))).toEqual([400, 500, 600]);
  });

  test('an empty rest is no slice; an empty image is finished at once', () => {
    expect(offsets(sender(200, 9).start(0))).toEqual([0, 100]);
    expect(sender(0, 1).start(0)).toEqual({ send: [], wakeAt: undefined, finished: true });
  });

  test('a timeout goes back to what is acknowledged, and the next one takes twice as long', () => {
    const it = sender(1000, 2);
    expect(it.start(0).wakeAt).toBe(1000);
    expect(offsets(it.tick(999))).toEqual([]);
    const second = it.tick(1000);
    expect(offsets(second)).toEqual([0, 100]);
    expect(second.wakeAt).toBe(3000);
    expect(it.tick(3000).wakeAt).toBe(7000);
  });

  test('the timeout follows the measured round trip', () => {
    const it = sender(1000, 1);
    it.start(0);
    expect(it.acknowledged(100, 100).wakeAt).toBe(100 + 300);
  });

  test('Karn: a slice that was sent twice is not measured, and its backoff stays', () => {
    const it = sender(1000, 1);
    it.start(0);
    it.tick(1000);
    expect(it.acknowledged(100, 1001).wakeAt).toBe(1001 + 2000);
    expect(it.acknowledged(200, 1101).wakeAt).toBe(1101 + 300);
  });

  test('a repeated acknowledgement goes back at once when slices after it are in flight', () => {
    const it = sender(2000, 3);
    it.start(0);
    it.acknowledged(100, 10);
    // 100 was lost; the device answers 200 and 300 with the offset it expects.
    it.tick(2000);
    it.acknowledged(200, 2010);
    expect(offsets(it.acknowledged(200, 5000))).toEqual([200, 300, 400]);
  });

  test('the further acknowledgements of the same loss do not go back again', () => {
    const it = sender(2000, 4);
    it.start(0);
    it.acknowledged(100, 100);
    expect(offsets(it.acknowledged(100, 5000))).toEqual([100, 200, 300, 400]);
    expect(offsets(it.acknowledged(100, 5001))).toEqual([]);
    expect(offsets(it.acknowledged(100, 5002))).toEqual([]);
  });

  test('window 1: a doubled acknowledgement sends nothing twice', () => {
    const it = sender(1000, 1);
    it.start(0);
    expect(offsets(it.acknowledged(100, 10))).toEqual([100]);
    expect(offsets(it.acknowledged(100, 5000))).toEqual([]);
  });

  test('a late acknowledgement after going back is progress, and what it covers is not sent again', () => {
    const it = sender(1000, 2);
    it.start(0);
    it.acknowledged(200, 10);
    expect(offsets(it.tick(1000))).toEqual([200, 300]);
    expect(offsets(it.acknowledged(400, 1010))).toEqual([400, 500]);
  });

  test('a device may be ahead of us by what it was sent before, and no further', () => {
    const it = new SliceSender({ size: 1000, sliceSize: 100, window: 2, held: 700, limits });
    it.start(0);
    expect(offsets(it.acknowledged(701, 10))).toEqual([]);
    expect([it.acknowledgedOffset, it.heldOffset]).toEqual([0, 700]);
    expect(offsets(it.acknowledged(700, 10))).toEqual([700, 800]);
    expect(it.heldOffset).toBe(900);
  });

  test('octets that were not sent are acknowledged by nobody who has them: of a new transfer, of all of it', () => {
    const it = sender(1000, 2);
    it.start(0);
    for (const offset of [201, 700, 1000])
      expect(it.acknowledged(offset, 10)).toMatchObject({ send: [], finished: false });
    // Nor do they take the device's own word for a repetition of theirs.
    expect(offsets(it.acknowledged(200, 20))).toEqual([200, 300]);
    expect(it.acknowledged(1000, 30).finished).toBe(false);
    expect(it.heldOffset).toBe(400);
  });

  test('an offset at which the transfer is taken up was named by the device before', () => {
    const it = sender(1000, 1);
    it.resume(900, 0, 0);
    expect(it.heldOffset).toBe(900);
    it.acknowledged(300, 10);
    expect(offsets(it.acknowledged(300, 1010))).toEqual([300]);
    expect(offsets(it.acknowledged(900, 1020))).toEqual([900]);
  });

  test('an offset between two slices: the next slice begins there', () => {
    const it = sender(1000, 2);
    it.start(0);
    expect(it.acknowledged(150, 10).send).toEqual([
      { offset: 150, length: 100 },
      { offset: 250, length: 100 },
    ]);
  });

  test.each([1, 4])(
    'window %i: a device that lost what it had is believed when it says so twice',
    (window) => {
      const it = sender(2000, window);
      it.resume(1000, 0);
      expect(offsets(it.acknowledged(300, 10))).toEqual([]);
      const resent = it.tick(1000);
      expect(offsets(resent)[0]).toBe(1000);
      expect(offsets(it.acknowledged(300, 1010))[0]).toBe(300);
      expect(it.acknowledgedOffset).toBe(300);
    },
  );

  test.each([1001, 2 ** 32, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'the offset %p outside the image is ignored',
    (offset) => {
      const it = sender(1000, 1);
      const { wakeAt } = it.start(0);
      expect(it.acknowledged(offset, 10)).toEqual({ send: [], wakeAt, finished: false });
      expect(it.acknowledgedOffset).toBe(0);
      expect(offsets(it.resume(offset, 20))).toEqual([0]);
    },
  );

  test('resumption goes on at the offset that the device names, lower or higher', () => {
    const it = sender(1000, 2);
    it.start(0);
    it.acknowledged(200, 10);
    expect(offsets(it.resume(50, 20))).toEqual([50, 150]);
    expect(offsets(it.resume(900, 30))).toEqual([900]);
    expect(it.resume(1000, 40).finished).toBe(true);
    expect(offsets(it.resume(0, 50))).toEqual([0, 100]);
  });

  test('no progress for the stall time fails, for good', () => {
    const it = sender(1000, 1);
    it.start(0);
    it.acknowledged(100, 1000);
    for (let now = 2000; now < 61_000; now += 1000) expect(it.acknowledged(100, now).failed).toBeUndefined();
    expect(it.tick(61_000)).toEqual({ send: [], wakeAt: undefined, finished: false, failed: 'stalled' });
    expect(it.acknowledged(200, 61_001).failed).toBe('stalled');
    expect(it.resume(0, 61_002).failed).toBe('stalled');
  });

  test('going to and fro is no progress: a device that does so stalls', () => {
    const it = new SliceSender({ size: 1000, sliceSize: 100, window: 1, held: 300, limits });
    let step = it.start(0);
    let now = 0;
    for (; step.failed === undefined && now < 200_000; now += 100)
      step = it.acknowledged([300, 0, 0, 100][(now / 100) % 4] ?? 0, now);
    expect(step.failed).toBe('stalled');
    expect(now).toBeLessThanOrEqual(61_000);
  });

  test('before the start and after the end nothing is sent', () => {
    const it = sender(100, 1);
    const nothing = { send: [], wakeAt: undefined };
    expect(it.acknowledged(0, 0)).toEqual({ ...nothing, finished: false });
    expect(it.tick(1)).toEqual({ ...nothing, finished: false });
    it.start(2);
    it.acknowledged(100, 3);
    expect(it.acknowledged(0, 4)).toEqual({ ...nothing, finished: true });
    expect(it.tick(100_000)).toEqual({ ...nothing, finished: true });
  });

  test('a window that a description asks for does not bring a whole image into flight', () => {
    expect(sender(10_000_000, 0xffff_ffff, 1).start(0).send).toHaveLength(1024);
  });

  test.each([
    [100, 0, 1],
    [100, 1, 0],
    [100, 1.5, 1],
    [-1, 1, 1],
    [2 ** 32, 1, 1],
  ])('size %p, slices of %p and window %p are a bug of the caller', (size, sliceSize, window) => {
    expect(() => sender(size, window, sliceSize)).toThrow(InternalError);
  });

  test('with room for less than the window, the rest goes when it is its turn, and is timed from then', () => {
    const it = sender(1000, 3);
    expect(offsets(it.start(0, 0))).toEqual([]);
    expect([it.hasMore, it.acknowledgedOffset]).toEqual([true, 0]);
    expect(offsets(it.tick(50, 2))).toEqual([0, 100]);
    expect(it.tick(60, 0).wakeAt).toBe(50 + 1000);
    expect(offsets(it.tick(70, 2))).toEqual([200]);
    expect(it.hasMore).toBe(false);
    // 100 ms from when it left, not from the start.
    expect(it.acknowledged(100, 150, 0).wakeAt).toBe(150 + 300);
    expect(it.hasMore).toBe(true);
  });

  test('what waits for its turn while nothing is in flight times nothing out', () => {
    const it = sender(1000, 1);
    it.start(0);
    const step = it.acknowledged(100, 100, 0);
    expect(step.wakeAt).toBe(100 + limits.stallTimeoutMs);
    expect(offsets(it.tick(5000, 0))).toEqual([]);
    expect(it.tick(5000, 1).wakeAt).toBe(5000 + 300);
  });
});
