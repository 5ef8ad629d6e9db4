import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deviceUuid } from '../../src/base/ids.ts';
import { topics } from '../device/bench-device.ts';
import { description, operation } from '../support/example-description.ts';
import { BenchBridge } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';
import { type SettingsTree, settingsTree } from './bridge-settings.ts';

const image = Uint8Array.from({ length: 20_000 }, (_, i) => i & 0xff);

describe('settings hold from the next request or transfer on, without a restart', () => {
  describe('of slices', () => {
    let both: BenchUpdate;

    beforeEach(async () => {
      both = await BenchUpdate.start();
    });
    afterEach(() => both.close());

    const set = (tree: SettingsTree): void => both.bench.world.running.commit(settingsTree(tree));
    /** Octets of image in each slice of an update. */
    const sliceSizes = async (version: number): Promise<number[]> => {
      const before = both.bench.broker.published.length;
      const content = image.map((byte) => byte ^ version);
      await both.reaches(await both.order(await both.bench.addImage(content, version)), 'succeeded');
      return both.bench.broker.published
        .slice(before)
        .filter(({ topic }) => topic === topics.image)
        .map(({ payload }) => payload.length - 4);
    };

    test('their size is the one that is set when the transfer begins', async () => {
      const [first = 0] = await sliceSizes(2);
      set({ all: { 'slice-size': 300 } });
      expect(Math.max(...(await sliceSizes(3)))).toBe(Math.min(first, 300));
      set({ all: { 'slice-size': 300 }, devices: { [both.uuid]: { 'slice-size': 100 } } });
      expect(Math.max(...(await sliceSizes(4)))).toBe(100);
      set({});
      expect(Math.max(...(await sliceSizes(5)))).toBe(first);
    });

    test('none is larger than the packets that pass to the broker', async () => {
      both.bench.transport.maximumPacketSize = 200;
      set({ all: { 'slice-size': 60_000 } });
      expect(Math.max(...(await sliceSizes(2)))).toBe(200 - 12 - topics.image.length);
    });

    test('so many are sent ahead as the window says', async () => {
      set({ all: { window: 8 } });
      both.faults = { stopAfterSlices: 0 };
      await both.reaches(await both.order(await both.bench.addImage(image, 2)), 'transferring');
      for (let turn = 0; turn < 20; turn += 1) await both.bench.settled();
      expect(both.slices()).toBe(8);
    });

    test('a transfer without progress is taken up anew after the time that is set, and fails in the end', async () => {
      set({ devices: { [both.uuid]: { 'stall-timeout': 5000 } } });
      both.faults = { stopAfterSlices: 0 };
      const job = await both.order(await both.bench.addImage(image, 2));
      await both.reaches(job, 'transferring');
      for (let turn = 0; turn < 20; turn += 1) await both.bench.settled();
      const { attempt } = await both.bench.job(job);
      both.bench.clock.advance(4999);
      await both.bench.settled();
      expect(await both.bench.job(job)).toMatchObject({ state: 'transferring', attempt });
      both.bench.clock.advance(1);
      await both.bench.settled();
      const anew = { state: 'transferring', attempt: String(Number(attempt) + 1) };
      expect(await both.bench.job(job)).toMatchObject(anew);
      const failed = await both.reaches(job, 'failed', 1000);
      expect(failed).toMatchObject({ step: 'transferring', failure: 'transfer-stalled' });
    });

    test('an update waits as long for a device that is offline as is set when it goes', async () => {
      set({ all: { 'offline-deadline': 1000 } });
      both.bench.broker.inject(topics.status, 'offline');
      await both.bench.settled();
      const job = await both.order(await both.bench.addImage(image, 2));
      expect(await both.state(job)).toBe('waiting-for-device');
      both.bench.clock.advance(1000);
      await both.reaches(job, 'failed');
    });
  });

  test('a request is given up after the time that is set for its device', async () => {
    const bench = await BenchBridge.start();
    await bench.register(description({ operations: [operation('on')] }));
    const call = async (waits: number): Promise<void> => {
      let ended = false;
      const pending = bench.call('mqtt-lamp', 'on', { uuidInput: deviceUuid('dev-1') }).catch((error) => {
        ended = true;
        return error;
      });
      await bench.settled();
      bench.clock.advance(waits - 1);
      await bench.settled();
      expect(ended).toBe(false);
      bench.clock.advance(1);
      expect(await pending).toMatchObject({ fields: { appTag: 'device-timeout' } });
    };
    await call(10_000);
    bench.world.running.commit(settingsTree({ categories: { Lamp: { 'request-timeout': 500 } } }));
    await call(500);
    bench.world.running.commit([]);
    await call(10_000);
    await bench.close();
  });
});
