import { beforeEach, describe, expect, test } from '@jest/globals';
import { deferred } from '../../src/base/deferred.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { DeviceLines } from '../../src/mqtt/device-lines.ts';
import { ManualClock } from '../support/manual-clock.ts';

const device = deviceUuid('MYNO-1');
const other = deviceUuid('MYNO-2');

describe('a device that takes one message at a time (mup-protocol §3)', () => {
  let clock: ManualClock;
  let lines: DeviceLines;
  let begun: string[];

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  /** An exchange that ends when told to. */
  const exchange = (name: string, uuid = device, signal?: AbortSignal) => {
    const answer = deferred<string>();
    const outcome = lines
      .run(
        uuid,
        () => {
          begun.push(name);
          return answer.promise;
        },
        { waitMs: 1000, signal },
      )
      .catch((error: { code: string }) => error.code);
    return { answer, outcome };
  };

  beforeEach(() => {
    clock = new ManualClock();
    lines = new DeviceLines({ clock, limits: { maxInFlightPerDevice: 2 } });
    begun = [];
  });

  test('exchanges follow one another, in order; another device does not wait', async () => {
    const first = exchange('first');
    const second = exchange('second');
    exchange('elsewhere', other);
    await turn();
    expect(begun).toEqual(['first', 'elsewhere']);
    first.answer.resolve('1');
    expect(await first.outcome).toBe('1');
    await turn();
    expect(begun).toEqual(['first', 'elsewhere', 'second']);
    second.answer.resolve('2');
    expect(await second.outcome).toBe('2');
  });

  test('one that fails does not stop those behind it', async () => {
    const first = exchange('first');
    const second = exchange('second');
    first.answer.reject({ code: 'device-timeout' });
    expect(await first.outcome).toBe('device-timeout');
    second.answer.resolve('2');
    expect(await second.outcome).toBe('2');
  });

  test('after a request whose fate nobody knows the device has time to answer it', async () => {
    const first = exchange('first');
    first.answer.reject({ code: 'mqtt-lost' });
    expect(await first.outcome).toBe('mqtt-lost');
    const second = exchange('second');
    await turn();
    expect(begun).toEqual(['first']);
    clock.advance(999);
    await turn();
    expect(begun).toEqual(['first']);
    clock.advance(1);
    expect(await second.outcome).toBe('device-timeout');
    clock.advance(1000);
    const third = exchange('third');
    third.answer.resolve('3');
    expect(await third.outcome).toBe('3');
  });

  test('one that is cancelled while it waits never begins', async () => {
    const first = exchange('first');
    const gone = new AbortController();
    const second = exchange('second', device, gone.signal);
    await turn();
    gone.abort();
    expect(await second.outcome).toBe('cancelled');
    const third = exchange('third');
    first.answer.resolve('1');
    third.answer.resolve('3');
    expect(await third.outcome).toBe('3');
    expect(begun).toEqual(['first', 'third']);
  });

  test('one whose caller goes while the device works on it holds the line until the device has answered', async () => {
    const gone = new AbortController();
    const first = exchange('first', device, gone.signal);
    const second = exchange('second');
    await turn();
    gone.abort();
    expect(await first.outcome).toBe('cancelled');
    await turn();
    expect(begun).toEqual(['first']);
    first.answer.resolve('late');
    second.answer.resolve('2');
    expect(await second.outcome).toBe('2');
  });

  test('the wait is bounded in time and in number', async () => {
    const first = exchange('first');
    await turn();
    const waiting = [exchange('second'), exchange('third')];
    expect(await exchange('fourth').outcome).toBe('resource-denied');
    clock.advance(1000);
    expect(await Promise.all(waiting.map(({ outcome }) => outcome))).toEqual([
      'device-timeout',
      'device-timeout',
    ]);
    first.answer.resolve('1');
    expect(await first.outcome).toBe('1');
    await turn();
    expect(begun).toEqual(['first']);
    expect(clock.pending).toBe(0);
  });

  test('a device that is left in peace is asked when that is over', async () => {
    lines.rest(device, 500);
    const first = exchange('first');
    await turn();
    clock.advance(499);
    await turn();
    expect(begun).toEqual([]);
    clock.advance(1);
    first.answer.resolve('1');
    expect(await first.outcome).toBe('1');
  });

  test('what it does not answer is sent once it owes no answer, and then it is left in peace', async () => {
    const first = exchange('first');
    await turn();
    const told = lines.tell(device, async () => {
      begun.push('told');
    });
    await turn();
    expect(begun).toEqual(['first']);
    first.answer.resolve('1');
    await told;
    const second = exchange('second');
    await turn();
    expect(begun).toEqual(['first', 'told']);
    clock.advance(500);
    second.answer.resolve('2');
    expect(await second.outcome).toBe('2');
  });

  test('whoever has gone before does not get in line', async () => {
    expect(await exchange('never', device, AbortSignal.abort()).outcome).toBe('cancelled');
    expect(begun).toEqual([]);
  });
});
