import { afterEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { topics, uuid } from '../device/bench-device.ts';
import { leaves, until } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

const { restartDeadlineMs, offlineDeadlineMs } = defaultConfig.update;

describe('a device that reports the new version after its update was given up (ADR 33)', () => {
  let both: BenchUpdate;
  afterEach(() => both.close());

  /** A device that has verified its image, and then is dark for longer than it may. @returns the job's id */
  async function givenUp(): Promise<string> {
    both = await BenchUpdate.start();
    const digest = await both.bench.addImage();
    const light = both.standStillIn('restarting');
    const job = await both.order(digest);
    await both.reaches(job, 'restarting');
    await both.reaches(job, 'failed', restartDeadlineMs / 4);
    light();
    return job;
  }

  const reports = () =>
    both.bench.world.events.named('update-reported').map(({ content }) => leaves(content));

  test('the job stays failed, and says when; so does an event, once', async () => {
    const job = await givenUp();
    const { failure } = await both.bench.job(job);
    expect((await both.bench.job(job))['reported-at']).toBeUndefined();
    await both.restartDevice();
    await until(() => reports().length > 0, 'the report');
    const at = new Date(both.bench.clock.now()).toISOString();
    expect(await both.bench.job(job)).toMatchObject({ state: 'failed', failure, 'reported-at': at });
    expect(reports()).toEqual([{ job, device: uuid, 'new-version': '2' }]);
    await both.restartDevice();
    expect(reports()).toHaveLength(1);
  });

  test('over a restart of the bridge, whose clock was set forward meanwhile', async () => {
    both = await BenchUpdate.start();
    const digest = await both.bench.addImage();
    both.standStillIn('restarting');
    const job = await both.order(digest);
    await both.reaches(job, 'restarting');
    both.device.transport.disconnect();
    await both.restartBridge(async () => both.bench.clock.advance(2 * restartDeadlineMs));
    await both.reaches(job, 'failed', offlineDeadlineMs / 4);
    await both.restartBridge();
    await both.restartDevice();
    await until(() => reports().length > 0, 'the report');
    await both.restartBridge();
    const shown = await both.bench.job(job);
    expect([shown['state'], shown['reported-at']]).toEqual(['failed', expect.any(String)]);
  });

  test('a job that was cancelled when the device booted the image says so too', async () => {
    both = await BenchUpdate.start();
    const light = both.standStillIn('restarting');
    const job = await both.order(await both.bench.addImage());
    await both.reaches(job, 'restarting');
    await both.cancel(job);
    expect(await both.bench.job(job)).toMatchObject({
      state: 'cancelled',
      message: 'cancelled while restarting: the device has verified the image, and boots it',
    });
    light();
    await both.restartDevice();
    await until(() => reports().length > 0, 'the report');
    expect(await both.bench.job(job)).toMatchObject({
      state: 'cancelled',
      'reported-at': expect.any(String),
    });
  });

  test('another version, or one after a later update of the device, is no such report', async () => {
    const job = await givenUp();
    both.bench.broker.inject(topics.status, 'online;1');
    await both.bench.settled();
    expect(reports()).toEqual([]);
    await both.restartDevice();
    await until(() => reports().length > 0, 'the report');
    const next = await both.order(await both.bench.addImage(Uint8Array.of(3), 3));
    await both.reaches(next, 'succeeded');
    both.bench.broker.inject(topics.status, 'online;2');
    await both.bench.settled();
    expect(reports().map((report) => report['job'])).toEqual([job]);
  });
});
