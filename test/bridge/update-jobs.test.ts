import { describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { digest, isDigest } from '../../src/base/ids.ts';
import { updateSteps } from '../../src/mup/update-job-types.ts';
import { textOf } from '../../src/xml/element.ts';
import { description, topics, uuid } from '../device/bench-device.ts';
import { description as plainDescription } from '../support/example-description.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { BenchBridge, newWorld, until } from './bench-bridge.ts';
import { idOf } from './bench-update.ts';
import { both, image, newer, stored } from './update-jobs-fixture.ts';

describe('an update job against the real device agent (mup-protocol §§3–4)', () => {
  test('token, manifest, slices, FIN, restart: succeeded when the device reports the new version', async () => {
    const job = await both.order(stored);
    const ended = await both.reaches(job, 'succeeded');
    expect(ended).toMatchObject({
      id: job,
      device: uuid,
      image: stored,
      user: 'alice',
      'bytes-sent': '100000',
      'bytes-total': '100000',
    });
    expect(both.device.agent.version).toBe(2);
    expect(both.requests()).toEqual(['GET-DEVICE-TOKEN', 'SEND-EXTENDED-MANIFEST', 'SEND-FIRMWARE-IMAGE']);
    expect(both.bench.registry.get(uuid)?.firmwareVersion).toBe(2);
    const [devices] = await both.bench.get();
    expect(JSON.stringify(devices)).not.toContain('bytes-sent');
  });

  test('a second update, and the RPCs of a client, are refused with the job that has the device', async () => {
    both.standStillIn('transferring');
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    const refusal = expect.objectContaining({ tag: 'in-use', code: 'update-in-progress' });
    await expect(both.order(stored)).rejects.toEqual(refusal);
    for (const name of ['getDeviceToken', 'sendExtendedManifest', 'sendFirmwareImage'])
      await expect(both.bench.call('mqtt-lamp', name, { uuidInput: uuid })).rejects.toEqual(refusal);
    await expect(both.bench.call('mup-bridge', 'remove-device', { device: uuid })).rejects.toEqual(refusal);
    const thrown: unknown = await both.order(stored).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ fields: { info: [{ name: 'job' }] } });
    const [info] = (thrown as { fields: { info: Parameters<typeof textOf> } }).fields.info;
    expect(textOf(info)).toBe(job);
    // Other operations of the device are not concerned.
    const lit = both.bench.call('mqtt-lamp', 'setColor', {
      uuidInput: uuid,
      color: { red: '1', green: '2', blue: '3' },
      mode: 'steady',
    });
    expect(await lit).toHaveLength(2);
  });

  test('two updates ordered at once: one runs, the other is refused', async () => {
    const outcomes = await Promise.allSettled([both.order(stored), both.order(stored)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    for (const outcome of outcomes)
      if (outcome.status === 'fulfilled') await both.reaches(outcome.value, 'succeeded');
  });

  describe.each(updateSteps)('in step %s', (step) => {
    test('a cancelled update leaves the device as it was, and usable at once', async () => {
      const goOn = both.standStillIn(step);
      const job = await both.order(stored);
      await both.reaches(job, step);
      await both.cancel(job);
      expect(await both.state(job)).toBe('cancelled');
      await expect(both.cancel(job)).rejects.toMatchObject({ tag: 'data-missing' });
      goOn();
      const again = await both.order(await both.bench.addImage(newer, 3));
      await both.reaches(again, 'succeeded', 100);
      expect(both.device.agent.version).toBe(3);
    });

    test('a bridge that restarts takes the job up and ends it', async () => {
      const goOn = both.standStillIn(step);
      const job = await both.order(stored);
      await both.reaches(job, step);
      await both.restartBridge(async () => goOn());
      if (step === 'restarting') await both.restartDevice();
      await both.reaches(job, 'succeeded', 100);
      expect(both.device.agent.version).toBe(2);
      expect((await both.bench.job(job))['user']).toBe('alice');
    });

    test('a device that loses its power in the middle is updated when it is back', async () => {
      const goOn = both.standStillIn(step);
      const job = await both.order(stored);
      await both.reaches(job, step);
      goOn();
      await both.restartDevice();
      await both.reaches(job, 'succeeded', 100);
      expect(both.device.agent.version).toBe(2);
    });

    test('a broker that goes and comes back does not end it', async () => {
      const goOn = both.standStillIn(step);
      const job = await both.order(stored);
      await both.reaches(job, step);
      both.bench.transport.disconnect();
      await both.reaches(job, 'waiting-for-device');
      goOn();
      both.bench.transport.reconnect();
      if (step === 'restarting') await both.restartDevice();
      await both.reaches(job, 'succeeded', 100);
    });

    test('a device that does not go on is given up at the deadline of the step', async () => {
      both.standStillIn(step);
      const job = await both.order(stored);
      await both.reaches(job, step);
      const ended = await both.reaches(job, 'failed', 20_000);
      expect(ended['step']).toBe(step);
      expect(ended['failure']).toMatch(/timeout|stalled|not-installed/);
      expect(ended['finished-at']).toBeDefined();
    });
  });

  test('a manifest whose answer was lost is not sent twice: the update begins again', async () => {
    let lost = 0;
    both.bench.broker.intercept = ({ topic }) => {
      if (topic !== topics.answers || both.requests().at(-1) !== 'SEND-EXTENDED-MANIFEST' || lost > 0)
        return undefined;
      lost += 1;
      return [];
    };
    const job = await both.order(stored);
    await both.reaches(job, 'sending-manifest');
    await both.restartBridge();
    await both.reaches(job, 'succeeded', 100);
    expect(both.device.agent.version).toBe(2);
  });

  test('lost slices and acknowledgements are made up for', async () => {
    both.faults = { dropEveryNthSlice: 17, dropEveryNthAck: 13 };
    await both.reaches(await both.order(stored), 'succeeded', 300);
    expect(both.device.agent.version).toBe(2);
  });

  test('a transfer that was interrupted goes on where the device is, not from the start', async () => {
    const goOn = both.standStillIn('transferring');
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    await until(() => both.device.seen('slice').length >= 20);
    await both.restartBridge(async () => goOn());
    const before = both.slices();
    await both.reaches(job, 'succeeded', 100);
    expect(both.slices() - before).toBeLessThan(Math.ceil(image.length / 600) - 15);
  });

  test('an image that is removed before it is sent ends the job, and names no file', async () => {
    const goOn = both.standStillIn('requesting-token');
    const job = await both.order(stored);
    await both.reaches(job, 'requesting-token');
    await both.bench.images.remove(digest(stored));
    goOn();
    expect(await both.reaches(job, 'failed', 1000)).toMatchObject({ failure: 'unknown-image' });
    await both.reaches(await both.order(await both.bench.addImage(newer, 2)), 'succeeded');
  });

  test('an image that is removed while it is sent ends the job, and the device is free', async () => {
    both.bench.broker.intercept = ({ topic }) => {
      if (topic === topics.image && both.slices() === 50 && isDigest(stored))
        void both.bench.images.remove(stored);
      return undefined;
    };
    expect(await both.reaches(await both.order(stored), 'failed', 100)).toMatchObject({
      failure: 'unknown-image',
      step: 'transferring',
    });
    both.bench.broker.intercept = undefined;
    await both.reaches(await both.order(await both.bench.addImage(newer, 2)), 'succeeded', 100);
  });

  test('an image that cannot be read fails without a word of the bridge’s files', async () => {
    both.bench.world.imageStore.read = () => Promise.reject(new Error("EIO, read '/srv/mup/images/x.bin'"));
    const ended = await both.reaches(await both.order(stored), 'failed', 100);
    expect(ended['failure']).toBe('internal');
    expect(ended['message']).not.toContain('/srv');
    expect(both.bench.world.logger.messages('error')).toContain('an update failed inside the bridge');
  });

  test.each([
    ['the version that runs', 1, 0, 'version-not-newer'],
    ['a difference to another version', 3, 2, 'wrong-old-version'],
  ])(
    'an image of %s is refused before any manifest is sent (mup-protocol §3)',
    async (_, version, old, failure) => {
      const job = await both.order(await both.bench.addImage(newer, version, old));
      expect(await both.reaches(job, 'failed')).toMatchObject({ failure });
      expect(both.requests()).not.toContain('SEND-EXTENDED-MANIFEST');
      expect(both.slices()).toBe(0);
    },
  );

  test('what the device refuses ends the job with its state', async () => {
    const tooBig = new Uint8Array(300_000).fill(7);
    const job = await both.order(await both.bench.addImage(tooBig, 2));
    expect(await both.reaches(job, 'failed')).toMatchObject({
      failure: '27_IMAGE-TOO-BIG',
      step: 'sending-manifest',
    });
    expect(both.slices()).toBe(0);
  });

  test('an update of a device that is offline waits for it, and no longer than update.offlineDeadlineMs', async () => {
    both.device.transport.disconnect();
    await until(() => both.bench.registry.get(uuid)?.presence === 'offline');
    const job = await both.order(stored);
    await both.reaches(job, 'waiting-for-device');
    expect(both.requests()).toEqual([]);
    both.device.transport.reconnect();
    await both.reaches(job, 'succeeded', 100);
    both.device.transport.disconnect();
    await both.bench.settled();
    const second = await both.order(await both.bench.addImage(newer, 3));
    // The time that the bridge itself is away counts too.
    await both.restartBridge();
    both.bench.clock.advance(defaultConfig.update.offlineDeadlineMs);
    expect(await both.reaches(second, 'failed')).toMatchObject({ failure: 'device-offline' });
  });

  test('an update needs a device that describes all three operations', async () => {
    await both.bench.register(plainDescription());
    const job = await both.bench.call('mup-bridge', 'update-firmware', { device: 'dev-1', digest: stored });
    const id = job[0] === undefined ? '' : textOf(job[0]);
    expect(await both.reaches(id, 'failed')).toMatchObject({ failure: 'not-updatable' });
  });

  test('a device or an image that is not there is refused at once', async () => {
    const order = (input: Record<string, string>): Promise<unknown> =>
      both.bench.call('mup-bridge', 'update-firmware', input);
    await expect(order({ device: 'nobody', digest: stored })).rejects.toMatchObject({
      tag: 'data-missing',
      code: 'instance-required',
    });
    await expect(order({ device: uuid, digest: sha256(newer) })).rejects.toMatchObject({
      tag: 'data-missing',
      code: 'unknown-image',
    });
  });
});

describe('deadlines of a job', () => {
  /** A wall clock that is behind the timers, as rounding and corrections make it. */
  class LaggingClock extends ManualClock {
    lag = 0;

    override now(): number {
      return super.now() - this.lag;
    }
  }

  test('hold although a timer fires before the wall clock says so', async () => {
    const clock = new LaggingClock();
    const bench = await BenchBridge.start({ ...newWorld(), clock });
    await bench.register(description, 'lamp');
    bench.broker.inject(topics.status, 'offline');
    await bench.settled();
    const stored = await bench.addImage(image, 2);
    const job = idOf(await bench.call('mup-bridge', 'update-firmware', { device: uuid, digest: stored }));
    clock.lag = 1;
    clock.advance(defaultConfig.update.offlineDeadlineMs);
    await bench.settled();
    expect((await bench.job(job))['state']).toBe('waiting-for-device');
    clock.advance(1);
    await bench.settled();
    expect(await bench.job(job)).toMatchObject({ state: 'failed', failure: 'device-offline' });
    await bench.close();
  });
});
