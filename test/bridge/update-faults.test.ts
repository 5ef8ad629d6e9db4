import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import { description, topics, uuid } from '../device/bench-device.ts';
import { until } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

const image = Uint8Array.from({ length: 30_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

describe('an update whose world falls apart (mup-protocol §4)', () => {
  let both: BenchUpdate;
  let stored: string;

  /** Methods of the requests that went to the device, FIN and ABORT by name. */
  const asked = (): string[] =>
    both.bench.broker
      .texts(topics.firmware)
      .map((request) => request.split(';').slice(1))
      .map(([method = '', input = '']) => (method === 'SEND-FIRMWARE-IMAGE' ? input : method));
  /** Loses the next answer to a request of that kind. */
  const loseAnswerTo = (method: string): void => {
    let lost = false;
    both.bench.broker.intercept = ({ topic }) => {
      if (topic !== topics.answers || lost || asked().at(-1) !== method) return undefined;
      lost = true;
      return [];
    };
  };
  const offline = (): Promise<void> =>
    until(() => both.bench.registry.get(uuid)?.presence === 'offline', 'the absence');

  beforeEach(async () => {
    both = await BenchUpdate.start();
    stored = await both.bench.addImage(image, 2);
  });
  afterEach(() => both.close());

  test('the new version, said by somebody else before the image is verified, ends nothing', async () => {
    const goOn = both.standStillIn('verifying');
    const job = await both.order(stored);
    await both.reaches(job, 'verifying');
    both.bench.broker.inject(topics.status, 'online;2', { retain: true });
    both.bench.broker.inject(topics.status, 'offline', { retain: true });
    both.bench.broker.inject(topics.status, 'online;2', { retain: true });
    await both.bench.settled();
    expect(await both.state(job)).not.toBe('succeeded');
    expect(both.device.agent.version).toBe(1);
    goOn();
    await both.reaches(job, 'succeeded', 1000);
    expect(both.device.agent.version).toBe(2);
  });

  test.each([
    ['GET-DEVICE-TOKEN', 1],
    ['SEND-EXTENDED-MANIFEST', 2],
    ['FIN', 1],
  ])('the answer to %s is lost: the update succeeds all the same, in round %d', async (method, round) => {
    loseAnswerTo(method);
    const ended = await both.reaches(await both.order(stored), 'succeeded', 1000);
    expect(Number(ended['round'])).toBe(round);
    expect(both.device.agent.version).toBe(2);
  });

  test('the last acknowledgement is lost: the last slice is sent again, and taken once', async () => {
    let lost = false;
    both.bench.broker.intercept = ({ topic, payload }) => {
      const last = topic === topics.ack && new DataView(payload.slice().buffer).getUint32(0) === image.length;
      if (!last || lost) return undefined;
      lost = true;
      return [];
    };
    await both.reaches(await both.order(stored), 'succeeded', 300);
    const slices = both.device.seen('slice').filter(({ offset, length }) => offset + length === image.length);
    expect(slices.map(({ taken }) => taken)).toEqual([true, false]);
  });

  test.each(['GET-DEVICE-TOKEN', 'SEND-EXTENDED-MANIFEST', 'FIN'])(
    'the answer to %s comes twice, and changes nothing the second time',
    async (method) => {
      both.bench.broker.intercept = (message) =>
        message.topic === topics.answers && asked().at(-1) === method ? [message, message] : undefined;
      await both.reaches(await both.order(stored), 'succeeded', 100);
      expect(asked()).toEqual(['GET-DEVICE-TOKEN', 'SEND-EXTENDED-MANIFEST', 'FIN']);
    },
  );

  test('a device that comes back with an older firmware fails the update, and says which', async () => {
    both.faults = { claimedVersion: 0 };
    const ended = await both.reaches(await both.order(stored), 'failed', 5000);
    expect(ended).toMatchObject({ failure: 'version-not-installed', step: 'restarting' });
    expect(ended['message']).toContain('version 0');
  });

  test('the bridge starts a second time while the device restarts', async () => {
    const goOn = both.standStillIn('restarting');
    const job = await both.order(stored);
    await both.reaches(job, 'restarting');
    await both.restartBridge();
    await both.restartBridge(async () => goOn());
    await both.restartDevice();
    await both.reaches(job, 'succeeded', 100);
  });

  test('a device that comes and goes is updated in the end', async () => {
    const job = await both.order(stored);
    let flaps = 0;
    both.bench.broker.intercept = ({ topic }) => {
      if (topic !== topics.ack || flaps >= 20) return undefined;
      flaps += 1;
      if (flaps % 4 === 0) {
        both.device.transport.disconnect();
        queueMicrotask(() => both.device.transport.reconnect());
      }
      return undefined;
    };
    await both.reaches(job, 'succeeded', 500);
    expect(flaps).toBe(20);
    expect((await both.bench.job(job))['round']).toBe('1');
  });

  test('a sleepy device takes a part of the image at each of its short wakes', async () => {
    both.device.transport.disconnect();
    await offline();
    const job = await both.order(stored);
    await both.reaches(job, 'waiting-for-device');
    let taken = 0;
    both.bench.broker.intercept = ({ topic }) => {
      if (topic === topics.ack) taken += 1;
      if (topic === topics.ack && taken % 10 === 0) both.device.transport.disconnect();
      return undefined;
    };
    const offsets: string[] = [];
    while ((await both.state(job)) === 'waiting-for-device') {
      offsets.push((await both.bench.job(job))['bytes-sent'] ?? '');
      both.bench.clock.advance(defaultConfig.update.offlineDeadlineMs / 2);
      both.device.transport.reconnect();
      await both.bench.settled();
    }
    await both.reaches(job, 'succeeded', 100);
    expect(offsets.length).toBeGreaterThan(4);
    expect(offsets).toEqual([...new Set(offsets)].toSorted((one, other) => Number(one) - Number(other)));
  });

  test('what the broker has kept of a device that died with it is no reason to give it up', async () => {
    both.standStillIn('transferring');
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    const { broker, clock } = both.bench;
    // The broker went down with the device: nobody has published its will.
    const [status] = broker.published.filter(({ topic }) => topic === topics.status);
    if (status !== undefined) broker.retained.set(topics.status, status);
    broker.remove(both.device.transport);
    both.bench.transport.disconnect();
    both.bench.transport.reconnect();
    await both.reaches(job, 'transferring', 100);
    for (let s = 0; s < 200 && (await both.state(job)) !== 'waiting-for-device'; s += 1) {
      clock.advance(1000);
      await both.bench.settled();
    }
    expect(await both.state(job)).toBe('waiting-for-device');
    await both.restartDevice();
    await both.reaches(job, 'succeeded', 100);
  });

  test('a bridge that has forgotten the device goes on when it has described itself', async () => {
    both.standStillIn('transferring');
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    await both.restartBridge(async () => {
      await both.bench.world.store.delete('devices', uuid);
      both.faults = {};
    });
    expect(await both.state(job)).toBe('waiting-for-device');
    await both.bench.register(description, 'the description again');
    await both.reaches(job, 'succeeded', 100);
  });

  test('an order while the broker is away waits for it', async () => {
    both.bench.transport.disconnect();
    const job = await both.order(stored);
    expect(await both.state(job)).toBe('waiting-for-device');
    both.bench.clock.advance(defaultConfig.update.tokenDeadlineMs * 2);
    await both.bench.settled();
    both.bench.transport.reconnect();
    await both.reaches(job, 'succeeded', 100);
  });

  test('a device of which nothing was heard since the bridge started is asked, and else waited for', async () => {
    both.device.transport.disconnect();
    await both.restartBridge(async () => void both.bench.broker.retained.clear());
    const job = await both.order(stored);
    await both.reaches(job, 'requesting-token');
    await both.reaches(job, 'waiting-for-device', 1000);
    both.device.transport.reconnect();
    await both.reaches(job, 'succeeded', 100);
  });

  describe('a device that describes itself anew in mid-transfer', () => {
    const described = async (changed: Partial<DeviceDescription>): Promise<string> => {
      const goOn = both.standStillIn('transferring');
      const job = await both.order(stored);
      await both.reaches(job, 'transferring');
      await both.bench.register({ ...description, ...changed }, 'another description');
      goOn();
      return job;
    };

    test('with the same topics is updated', async () => {
      await both.reaches(await described({ text: 'with another text' }), 'succeeded', 300);
    });

    test('without its update operations: the job fails, and says so', async () => {
      const job = await described({
        operations: description.operations.filter(({ role }) => role === 'generic'),
      });
      expect(await both.reaches(job, 'failed', 300)).toMatchObject({ failure: 'not-updatable' });
    });
  });
});
