import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { digest } from '../../src/base/ids.ts';
import type { JobRecord } from '../../src/bridge/job-record.ts';
import { formatVendorManifest } from '../../src/mup/manifest-json.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { childElements, element, type XmlElement } from '../../src/xml/element.ts';
import { topics, uuid } from '../device/bench-device.ts';
import { leaves, until } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

const image = Uint8Array.from({ length: 60_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

describe('what get shows of an update job', () => {
  let both: BenchUpdate;
  let stored: string;

  beforeEach(async () => {
    both = await BenchUpdate.start({ update: { ...defaultConfig.update, maxJobTransitions: 20 } });
    stored = await both.bench.addImage(image, 2);
  });
  afterEach(() => both.close());

  const entry = async (job: string): Promise<readonly XmlElement[]> => {
    const node = (name: string, content: readonly XmlElement[] | string): XmlElement =>
      element(bridgeNamespace, name, content);
    const [jobs] = await both.bench.get(node('update-jobs', [node('job', [node('id', job)])]));
    const [found] = jobs === undefined ? [] : childElements(jobs);
    return found === undefined ? [] : childElements(found);
  };
  const history = async (job: string): Promise<Record<string, string>[]> =>
    (await entry(job)).filter(({ name }) => name === 'transition').map(leaves);

  test('who ordered what, from where, with which manifest; when it is given up', async () => {
    both.faults = { stopAfterSlices: 20 };
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    const { manifest } = (await both.bench.images.get(digest(stored))) ?? {};
    const now = both.bench.clock.now();
    expect(await both.bench.job(job)).toMatchObject({
      device: uuid,
      image: stored,
      manifest: sha256(utf8(manifest === undefined ? '' : formatVendorManifest(manifest))),
      'new-version': '2',
      user: 'alice',
      'source-host': '127.0.0.1',
      round: '1',
      'started-at': new Date(now).toISOString(),
      'changed-at': new Date(now).toISOString(),
      'transitions-dropped': '0',
    });
    const deadline = Date.parse((await both.bench.job(job))['deadline'] ?? '');
    expect(deadline).toBeGreaterThan(now);
    expect((await both.bench.job(job))['finished-at']).toBeUndefined();
  });

  test('rate and remaining time, while the image travels and not after', async () => {
    both.faults = { stopAfterSlices: 20 };
    both.bench.broker.intercept = ({ topic }) => {
      if (topic === topics.ack) both.bench.clock.advance(100);
      return undefined;
    };
    const job = await both.order(stored);
    await until(() => both.device.seen('slice').length >= 20);
    const shown = await both.bench.job(job);
    expect(Number(shown['rate'])).toBeGreaterThan(4000);
    expect(Number(shown['rate'])).toBeLessThan(8000);
    const left = 60_000 - Number(shown['bytes-sent']);
    expect(Number(shown['remaining-time'])).toBe(Math.ceil(left / Number(shown['rate'])));
    const [devices] = await both.bench.get(element(bridgeNamespace, 'devices', []));
    expect(JSON.stringify(devices)).toContain('remaining-time');
    await both.cancel(job);
    const ended = await both.bench.job(job);
    expect(ended).toMatchObject({ state: 'cancelled', failure: 'cancelled', 'bytes-total': '60000' });
    expect([ended['rate'], ended['remaining-time'], ended['deadline']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(ended['finished-at']).toBe(ended['changed-at']);
  });

  test('why it stands still, where that is no matter of the device', async () => {
    const goOn = both.standStillIn('transferring');
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    expect((await both.bench.job(job))['message']).toBeUndefined();
    both.bench.transport.disconnect();
    await both.reaches(job, 'waiting-for-device');
    expect((await both.bench.job(job))['message']).toBe('the bridge has no connection to its broker');
    const { store } = both.bench.world;
    store.fault = ({ collection }) => (collection === 'jobs' ? new Error('ENOSPC: no space') : undefined);
    goOn();
    both.bench.transport.reconnect();
    await both.bench.settled();
    both.bench.broker.inject(topics.status, 'online;1');
    await both.bench.settled();
    expect(await both.bench.job(job)).toMatchObject({
      state: 'waiting-for-device',
      message: 'the bridge cannot write to its disk: ENOSPC: no space',
    });
    store.fault = undefined;
    const end = await both.reaches(job, 'succeeded', 1000);
    expect(end['message']).toBeUndefined();
  });

  test('every notification of progress has the rate and the remaining time', async () => {
    both.bench.broker.intercept = ({ topic }) => {
      if (topic === topics.ack) both.bench.clock.advance(100);
      return undefined;
    };
    await both.reaches(await both.order(stored), 'succeeded');
    const told = both.bench.world.events.named('update-progress').map(({ content }) => leaves(content));
    expect(told.length).toBeGreaterThan(1);
    for (const one of told)
      expect([Number(one['rate']) > 4000, Number(one['remaining-time']) <= 15]).toEqual([true, true]);
  });

  test('why a round was begun again', async () => {
    await both.device.begin();
    const job = await both.order(stored);
    await both.reaches(job, 'succeeded', 1000);
    const begun = (await history(job)).filter(({ state }) => state === 'requesting-token');
    expect(begun.map(({ round, reason }) => [round, reason])).toEqual([
      ['1', undefined],
      ['2', '26_SAVESLOT-IN-USE'],
    ]);
  });

  test('what it went through, also after a restart of the bridge', async () => {
    both.faults = { stopAfterSlices: 20 };
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    await both.restartBridge(async () => {
      both.faults = {};
    });
    await both.reaches(job, 'succeeded', 100);
    const states = (await history(job)).map((one) => one['state']);
    expect(states).toEqual([
      ...['queued', 'requesting-token', 'sending-manifest', 'transferring', 'waiting-for-device'],
      ...['transferring', 'verifying', 'restarting', 'succeeded'],
    ]);
    await both.restartBridge();
    expect((await history(job)).map((one) => one['state'])).toEqual(states);
    const times = (await history(job)).map((one) => Date.parse(one['time'] ?? ''));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('of a job that an earlier version has stored what is known', async () => {
    const job = await both.order(await both.bench.addImage(image.subarray(1), 1));
    await both.reaches(job, 'failed');
    const { store } = both.bench.world;
    const { job: state, user } = store.get('jobs', job) as JobRecord;
    await both.restartBridge(() => store.put('jobs', job, { job: state, user }));
    expect(await both.bench.job(job)).toMatchObject({ state: 'failed', user: 'alice' });
    expect(await history(job)).toEqual([]);
  });
});
