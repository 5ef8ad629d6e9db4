import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BenchDevice, saysOnline, topics } from './bench-device.ts';

const interval = 10_000;
let device: BenchDevice;

/** Says it in the device's place. */
async function say(text: string, retain = true): Promise<void> {
  device.broker.inject(topics.status, text, { retain });
  await device.settled();
  device.clock.advance(0);
  await device.settled();
}
const said = (): string[] => device.broker.texts(topics.status);

beforeEach(async () => {
  device = await new BenchDevice().startRegistered();
});
afterEach(() => device.agent.close());

describe('a device that is there says so when somebody says that it is not', () => {
  test('at once, and the broker keeps its word', async () => {
    await say('offline');
    expect(said().slice(-2)).toEqual(['offline', saysOnline(1)]);
    const kept = device.broker.retained.get(topics.status)?.payload;
    expect(Buffer.from(kept ?? []).toString()).toBe(saysOnline(1));
  });

  test('so many times as it is said, but once in ten seconds', async () => {
    await say('offline');
    const before = said().length;
    for (let n = 0; n < 5; n += 1) await say('offline');
    expect(said().slice(before)).toEqual(Array(5).fill('offline'));
    device.clock.advance(interval - 1);
    await device.settled();
    expect(said().slice(before)).toHaveLength(5);
    device.clock.advance(1);
    await device.settled();
    expect(said().slice(before + 5)).toEqual([saysOnline(1)]);
    device.clock.advance(interval);
    await device.settled();
    expect(said().slice(before + 5)).toHaveLength(1);
  });

  test.each(['online;7', 'online;1', 'offline;', 'OFFLINE', ''])(
    'but not to %j: two of them would not end it',
    async (text) => {
      await say(text);
      expect(said().at(-1)).toBe(text);
    },
  );

  test('not when it restarts: it has said so itself', async () => {
    const before = said().length;
    await device.agent.close();
    device.clock.advance(interval);
    await device.settled();
    expect(said().slice(before)).toEqual(['offline']);
  });

  test('and it works all the same where it may not hear that', async () => {
    await device.agent.close();
    const { broker } = device;
    broker.refusedFilters.add(topics.status);
    device = await new BenchDevice({}, { broker, store: device.store.snapshot() }).startRegistered();
    expect(said().at(-1)).toBe(saysOnline(1));
    expect((await device.token()).version).toBe(1);
  });
});
