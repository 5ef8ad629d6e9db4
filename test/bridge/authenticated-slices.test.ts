import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { encodeAcknowledgement, encodeSlice } from '../../src/mup/slices.ts';
import { authenticating, topics, uuid } from '../device/bench-device.ts';
import { newWorld } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';
import { settingsTree } from './bridge-settings.ts';

const image = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
const sliceSize = 600;

describe('an update with authenticated slices (ADR 28)', () => {
  let both: BenchUpdate;
  let stored: string;

  beforeEach(async () => {
    both = await BenchUpdate.start({}, newWorld(), authenticating);
    stored = await both.bench.addImage(image, 2);
  });
  afterEach(() => both.close());

  const forged = (): number => both.device.seen('slice').filter((slice) => slice.forged === true).length;
  const verified = () => both.device.seen('image-verified');
  /** Somebody else on the broker, who acts whenever a slice of the bridge's passes, before it. */
  const inject = (forge: (slice: Uint8Array) => readonly Uint8Array[]): void => {
    let own = false;
    both.bench.broker.intercept = ({ topic, payload }) => {
      if (topic !== topics.image || own) return undefined;
      own = true;
      for (const other of forge(payload)) both.bench.broker.inject(topics.image, other, { qos: 0 });
      own = false;
      return undefined;
    };
  };

  test('ends well, each octet sent once', async () => {
    await both.reaches(await both.order(stored), 'succeeded', 100);
    expect(both.device.agent.version).toBe(2);
    expect(both.slices()).toBe(Math.ceil(image.length / sliceSize));
    expect(verified()).toMatchObject([{ forged: 0 }]);
  });

  test('ends well at the first try while somebody injects slices before each of the bridge’s', async () => {
    inject((slice) => [
      slice.map((octet, i) => (i === slice.length - 1 ? octet ^ 1 : octet)),
      slice.map((octet, i) => (i === 4 ? octet ^ 1 : octet)),
      encodeSlice(new DataView(slice.slice().buffer).getUint32(0), new Uint8Array(sliceSize)),
    ]);
    const job = await both.order(stored);
    await both.reaches(job, 'succeeded', 100);
    expect(both.device.agent.version).toBe(2);
    expect((await both.bench.job(job))['round']).toBe('1');
    expect(forged()).toBeGreaterThan(image.length / sliceSize);
    expect(verified()).toMatchObject([{ forged: forged() }]);
  });

  test('without it the same attack ruins the image', async () => {
    await both.close();
    both = await BenchUpdate.start();
    stored = await both.bench.addImage(image, 2);
    inject((slice) => [slice.map((octet, i) => (i === slice.length - 1 ? octet ^ 1 : octet))]);
    const ended = await both.reaches(await both.order(stored), 'failed', 100);
    expect(ended).toMatchObject({ failure: '28_IMAGE-INVALID' });
  });

  test('slices of an earlier manifest are none of this one’s', async () => {
    const earlier: Uint8Array[] = [];
    inject((slice) => {
      earlier.push(slice);
      return [];
    });
    await both.reaches(await both.order(stored), 'succeeded', 100);
    // The next version begins with the same octets.
    const next = image.with(image.length - 1, 0x55);
    const third = await both.bench.addImage(next, 3);
    let replayed = 0;
    inject(() => earlier.slice(replayed, ++replayed));
    await both.reaches(await both.order(third), 'succeeded', 100);
    expect(both.device.agent.version).toBe(3);
    expect(replayed).toBe(earlier.length);
    expect(verified().at(-1)).toMatchObject({ forged: earlier.length });
  });

  test('an acknowledgement between two slices moves nothing', async () => {
    let acknowledgements = 0;
    both.bench.broker.intercept = (message) => {
      const { topic, payload } = message;
      if (topic !== topics.ack || payload.length !== 4) return undefined;
      acknowledgements += 1;
      return acknowledgements % 5 === 0
        ? [{ ...message, payload: encodeAcknowledgement(sliceSize * acknowledgements + 1) }]
        : undefined;
    };
    await both.reaches(await both.order(stored), 'succeeded', 100);
    expect(acknowledgements).toBeGreaterThan(20);
  });

  describe('goes on where it was', () => {
    const midway = async (): Promise<string> => {
      both.standStillIn('transferring');
      const job = await both.order(stored);
      await both.reaches(job, 'transferring');
      await both.bench.settled();
      return job;
    };

    test('after a restart of the device', async () => {
      const job = await midway();
      await both.restartDevice();
      await both.reaches(job, 'succeeded', 100);
      expect(both.device.seen('transfer-resumed')).toMatchObject([{ offset: 20 * sliceSize }]);
    });

    test('after a restart of the bridge, also when another slice size was set meanwhile', async () => {
      const job = await midway();
      await both.restartBridge(async () => {
        both.faults = {};
      });
      both.bench.world.running.commit(settingsTree({ all: { 'slice-size': 256 } }));
      await both.reaches(job, 'succeeded', 100);
      expect((await both.bench.job(job))['round']).toBe('1');
    });

    test('after a restart of the bridge that has forgotten what it promised, with a new promise', async () => {
      const job = await midway();
      await both.restartBridge(async () => {
        await both.bench.world.store.delete('accepted', uuid);
        both.faults = {};
      });
      await both.reaches(job, 'succeeded', defaultConfig.update.retryMinMs);
      expect((await both.bench.job(job))['round']).toBe('2');
    });
  });

  test('slices with their hashes fit into what the device takes', async () => {
    await both.close();
    const small = { ...authenticating, maximumPacketSize: 300 };
    both = await BenchUpdate.start({}, newWorld(), small);
    stored = await both.bench.addImage(image, 2);
    await both.reaches(await both.order(stored), 'succeeded', 100);
    const longest = Math.max(
      ...both.bench.broker.published
        .filter(({ topic }) => topic === topics.image)
        .map(({ payload }) => payload.length + topics.image.length),
    );
    expect(longest).toBe(300 - 8);
  });
});
