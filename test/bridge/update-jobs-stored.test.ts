import { describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import type { JobRecord } from '../../src/bridge/job-record.ts';
import { topics } from '../device/bench-device.ts';
import { BenchBridge, until } from './bench-bridge.ts';
import { both, newer, start, stored } from './update-jobs-fixture.ts';

describe('update jobs on disk, against the real device agent (mup-protocol §4)', () => {
  test('every step is on disk before it is asked of the device', async () => {
    const order: string[] = [];
    const { store, broker } = both.bench.world;
    store.fault = ({ collection, document }) => {
      if (collection === 'jobs') order.push(`stored ${(document as JobRecord).job.state}`);
      return undefined;
    };
    broker.intercept = ({ topic, payload }) => {
      if (topic === topics.firmware) order.push(new TextDecoder().decode(payload).split(';')[1] ?? '');
      if (topic === topics.image && order.at(-1) !== 'slices') order.push('slices');
      return undefined;
    };
    await both.reaches(await both.order(stored), 'succeeded');
    expect(order.slice(0, 8)).toEqual([
      'stored requesting-token',
      'GET-DEVICE-TOKEN',
      'stored sending-manifest',
      'SEND-EXTENDED-MANIFEST',
      'stored transferring',
      'slices',
      'stored verifying',
      'SEND-FIRMWARE-IMAGE',
    ]);
    expect(order.at(-1)).toBe('stored succeeded');
  });

  test('an order that cannot be stored is refused, and leaves nothing behind', async () => {
    const { store } = both.bench.world;
    store.fault = ({ kind, collection }) =>
      kind === 'put' && collection === 'jobs' ? new Error('disk full') : undefined;
    await expect(both.order(stored)).rejects.toMatchObject({ code: 'store-failed' });
    expect(both.requests()).toEqual([]);
    store.fault = undefined;
    await both.reaches(await both.order(stored), 'succeeded');
    expect(store.keys('jobs')).toHaveLength(1);
  });

  test('a connection that is lost while an order fails brings no job to life', async () => {
    const { store, audit } = both.bench.world;
    let fail: () => void = () => {};
    store.delay = ({ collection }) =>
      collection === 'jobs'
        ? new Promise((resolve) => {
            fail = resolve;
          })
        : undefined;
    store.fault = ({ kind, collection }) =>
      kind === 'put' && collection === 'jobs' ? new Error('disk full') : undefined;
    const refused = expect(both.order(stored)).rejects.toMatchObject({ code: 'store-failed' });
    await until(() => store.calls.some(({ collection }) => collection === 'jobs'), 'an attempt to store it');
    both.bench.transport.disconnect();
    both.bench.transport.reconnect();
    store.delay = undefined;
    fail();
    await refused;
    store.fault = undefined;
    both.bench.clock.advance(2 * defaultConfig.update.offlineDeadlineMs);
    await both.bench.settled();
    expect(store.keys('jobs')).toEqual([]);
    expect(audit.filter(({ operation }) => operation === 'update-ended')).toEqual([]);
  });

  test('an order that can neither be stored nor taken back says so, and is taken back when there is room', async () => {
    const { store } = both.bench.world;
    store.fault = ({ collection }) => (collection === 'jobs' ? new Error('disk full') : undefined);
    await expect(both.order(stored)).rejects.toMatchObject({ code: 'store-uncertain' });
    await expect(both.order(stored)).rejects.toMatchObject({ code: 'store-failed' });
    store.fault = undefined;
    both.bench.clock.advance(60_000);
    await both.bench.settled();
    const [put] = store.calls.filter(({ collection }) => collection === 'jobs');
    expect(store.calls.at(-1)).toMatchObject({ kind: 'delete', collection: 'jobs', key: put?.key });
    await both.reaches(await both.order(stored), 'succeeded');
  });

  test('a disk that is full for a while holds the update up, and does not end it', async () => {
    const goOn = both.standStillIn('transferring');
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    const { store, logger } = both.bench.world;
    store.fault = ({ collection }) => (collection === 'jobs' ? new Error('disk full') : undefined);
    goOn();
    for (let s = 0; s < 20; s += 1) {
      both.bench.clock.advance(1000);
      await both.bench.settled();
    }
    expect(both.requests()).not.toContain('SEND-FIRMWARE-IMAGE');
    expect(logger.messages('error')).toContain('an update job was not stored');
    store.fault = undefined;
    await both.reaches(job, 'succeeded', 1000);
  });

  test('the jobs that have ended are bounded, in memory and on disk, and over a restart', async () => {
    await both.close();
    await start({ maxFinishedJobs: 2 });
    const same = await both.bench.addImage(newer, 1);
    const jobs: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      jobs.push(await both.order(same));
      await both.reaches(jobs[i] ?? '', 'failed');
    }
    await both.bench.settled();
    expect(both.bench.world.store.keys('jobs')).toEqual(jobs.slice(2));
    await both.restartBridge();
    expect(await both.bench.job(jobs[1] ?? '')).toEqual({});
    expect((await both.bench.job(jobs[3] ?? ''))['state']).toBe('failed');
  });

  test('the job that ended the longest ago makes room, also when it was not ordered first', async () => {
    const same = await both.bench.addImage(newer, 1);
    const fails = async (): Promise<string> => {
      const job = await both.order(same);
      await both.reaches(job, 'failed');
      return job;
    };
    const [waited, soon] = [await fails(), await fails()];
    const { world } = both.bench;
    const { job, ...order } = world.store.get('jobs', waited) as JobRecord;
    const endedLast = {
      ...order,
      job: { ...job, createdAt: job.createdAt - 1, changedAt: job.changedAt + 1 },
    };
    await both.bench.close();
    await world.store.put('jobs', waited, endedLast);
    const update = { ...defaultConfig.update, maxFinishedJobs: 1 };
    both.bench = await BenchBridge.start(world, { update });
    await both.bench.settled();
    expect(world.store.keys('jobs')).toEqual([waited]);
    expect(await both.bench.job(soon)).toEqual({});
  });

  test('of two unfinished jobs of a device on disk only the later goes on', async () => {
    both.standStillIn('requesting-token');
    const job = await both.order(stored);
    await both.reaches(job, 'requesting-token');
    const { store } = both.bench.world;
    const record = store.get('jobs', job) as JobRecord;
    const earlier = { ...record, job: { ...record.job, id: 'earlier', createdAt: record.job.createdAt - 1 } };
    await both.restartBridge(() => store.put('jobs', 'earlier', earlier));
    expect(await both.state('earlier')).toBeUndefined();
    expect(await both.state(job)).toBe('requesting-token');
    expect(store.keys('jobs')).toEqual([job]);
  });
});
