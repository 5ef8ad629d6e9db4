import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deviceUuid } from '../../src/base/ids.ts';
import { ReadingQueue } from '../../src/ontology/reading-queue.ts';

const [honest, hostile] = [deviceUuid('honest'), deviceUuid('hostile')];
const all = <T>(queue: ReadingQueue<T>): T[] => queue.drain();

describe('the order in which descriptions are read', () => {
  test('is that of their arrival, where nothing tells them apart', () => {
    const queue = new ReadingQueue<number>(10);
    for (const i of [1, 2, 3]) queue.add(deviceUuid(`dev-${i}`), 26_000, i, 0);
    expect([queue.next(), queue.next(), queue.next(), queue.next()]).toEqual([1, 2, 3, undefined]);
  });

  test('puts the short before the long that came a moment earlier', () => {
    const queue = new ReadingQueue<string>(10);
    queue.add(hostile, 250_000, 'long', 0);
    queue.add(honest, 26_000, 'short', 100);
    expect(all(queue)).toEqual(['short', 'long']);
  });

  test('puts a device whose descriptions have taken long behind the others, for a while', () => {
    const queue = new ReadingQueue<string>(10);
    queue.spent(hostile, 5000, 0);
    queue.add(hostile, 100, 'again', 1000);
    queue.add(honest, 26_000, 'first', 40_000);
    queue.add(honest, 26_000, 'much later', 60_000);
    expect(all(queue)).toEqual(['first', 'again', 'much later']);
  });

  test('what has to leave where too many wait is what is due last, whoever came first', () => {
    const queue = new ReadingQueue<string>(2);
    expect(queue.add(hostile, 250_000, 'long', 0)).toBeUndefined();
    expect(queue.add(honest, 100, 'short', 0)).toBeUndefined();
    expect(queue.add(honest, 200, 'next', 0)).toBe('long');
    expect(queue.add(hostile, 250_000, 'long', 0)).toBe('long');
    expect(all(queue)).toEqual(['short', 'next']);
  });

  test('lets nobody wait for ever: what comes later than all penalties is read later', () => {
    const arrivals = fc.array(fc.record({ bytes: fc.nat(262_144), took: fc.nat(10_000) }), { maxLength: 20 });
    fc.assert(
      fc.property(arrivals, (before) => {
        const queue = new ReadingQueue<string>(1000);
        for (const { bytes, took } of before) {
          queue.spent(hostile, took, 0);
          queue.add(hostile, bytes, 'early', 0);
        }
        queue.add(honest, 0, 'late', 20 * 100_000 + 2622);
        expect(queue.drain().indexOf('late')).toBe(before.length);
      }),
    );
  });
});
