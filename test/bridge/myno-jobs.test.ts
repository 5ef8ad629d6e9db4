import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { deferred } from '../../src/base/deferred.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { signManifest } from '../../src/mup/signing.ts';
import { stranger, unsigned, vendor } from '../device/bench-device.ts';
import type { StoreCall } from '../support/memory-document-store.ts';
import { leaves, newWorld } from './bench-bridge.ts';
import { BenchMyno, uuid } from './bench-myno.ts';

const image = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 0xff);
const digest = sha256(image);
const fin = 'PUB-UPDATE-IMAGE;FIN';
const long = 500;

describe('update-firmware for the prototype’s device (mup-protocol §3, §4)', () => {
  let both: BenchMyno;
  let restarts: boolean;

  const start = async (changes: Partial<Config['update']> = {}): Promise<void> => {
    both = await BenchMyno.start({ update: { ...defaultConfig.update, ...changes } }, newWorld(), restarts);
    await both.addImage(image, digest);
  };
  const fins = (): number => both.device.heard.filter((text) => text === fin).length;
  const slice = (n: number): Promise<void> =>
    both.until(() => both.device.heard.at(-1) === `slice ${n}`, `slice ${n}`);
  /** Whatever happened before, the device takes another image. */
  const stillUpdatable = async (): Promise<void> => {
    both.device.faults = {};
    const other = image.map((byte) => byte ^ 1);
    await both.addImage(other, sha256(other), 3);
    expect(await both.ended(await both.order(sha256(other)), long)).toMatchObject({ state: 'succeeded' });
    expect([both.device.failure, both.device.installed.at(-1)]).toEqual([undefined, 3]);
  };

  beforeEach(async () => {
    restarts = true;
    await start();
  });
  afterEach(async () => {
    await both.close();
  });

  test.each([
    ['restarts', true],
    ['goes on', false],
  ])('succeeds: the device verified the image, %s, and answers again', async (_, does) => {
    await both.close();
    restarts = does;
    await start();
    const job = await both.order(digest);
    expect(await both.ended(job, long)).toMatchObject({
      state: 'succeeded',
      'bytes-sent': '5000',
      round: '1',
    });
    expect([both.device.failure, both.device.installed, fins()]).toEqual([undefined, [2], 1]);
    expect(both.device.heard.at(-1)).toBe('GET-DEVICE-TOKEN');
    await stillUpdatable();
  });

  test('a signature that does not hold: named, and nothing of the image is sent', async () => {
    const forged = Uint8Array.of(1, 2, 3);
    const facts = { ...unsigned, digest: sha256(forged), size: forged.length };
    await both.bench.images.add(signManifest(facts, stranger, es256, 'myno'), forged);
    const job = await both.order(sha256(forged));
    expect(await both.ended(job, long)).toMatchObject({ state: 'failed', failure: '20_MANIFEST-NOT-VALID' });
    expect(both.device.heard).not.toContain('slice 0');
    await stillUpdatable();
  });

  test('a manifest signed in the form of profile mup is none to this device', async () => {
    const other = Uint8Array.of(4, 5, 6);
    const facts = { ...unsigned, digest: sha256(other), size: other.length };
    await both.bench.images.add(signManifest(facts, vendor, es256, 'mup'), other);
    expect(await both.ended(await both.order(sha256(other)), long)).toMatchObject({
      failure: '20_MANIFEST-NOT-VALID',
    });
  });

  test('a lost slice comes again; a device that is gone for a while is waited for', async () => {
    let lost = 0;
    both.device.faults = { loses: (text) => text === 'slice 3' && lost++ === 0 };
    expect(await both.ended(await both.order(digest), long)).toMatchObject({
      state: 'succeeded',
      round: '1',
    });
    await stillUpdatable();
  });

  test('nothing gets through in mid-transfer for long: it begins again, and again the device drops what it has', async () => {
    const job = await both.order(digest);
    await slice(4);
    const from = both.bench.clock.now();
    const silence = 10 * defaultConfig.update.stallTimeoutMs;
    both.device.faults = { loses: () => both.bench.clock.now() < from + silence };
    expect(await both.ended(job, long)).toMatchObject({ state: 'succeeded', round: '2' });
    expect([both.device.failure, both.device.installed]).toEqual([undefined, [2]]);
    await stillUpdatable();
  });

  test.each([
    'GET-DEVICE-TOKEN',
    'PUB-UPDATE-MANIFEST;3,5000',
    'PUB-UPDATE-MANIFEST;9,START-UPDATE',
    'slice 7',
    'slice 12',
    fin,
  ])('the answer to %s is lost: it succeeds all the same', async (text) => {
    let swallowed = 0;
    both.device.faults = { swallows: (asked) => asked === text && swallowed++ === 0 };
    expect(await both.ended(await both.order(digest), long)).toMatchObject({ state: 'succeeded' });
    expect([swallowed > 0, both.device.failure]).toEqual([true, undefined]);
    await stillUpdatable();
  });

  test('the bridge is restarted in mid-transfer: FIN, and from the start', async () => {
    const job = await both.order(digest);
    await slice(6);
    await both.restartBridge();
    expect(await both.ended(job, long)).toMatchObject({ state: 'succeeded', round: '2' });
    expect([both.device.failure, both.device.installed]).toEqual([undefined, [2]]);
    await stillUpdatable();
  });

  test('the bridge’s connection breaks in mid-transfer', async () => {
    const job = await both.order(digest);
    await slice(6);
    both.bench.transport.disconnect();
    await both.bench.settled();
    both.bench.clock.advance(60_000);
    both.bench.transport.reconnect();
    expect(await both.ended(job, long)).toMatchObject({ state: 'succeeded', round: '2' });
    expect([both.device.failure, both.device.installed]).toEqual([undefined, [2]]);
  });

  test('the device loses its power in mid-transfer, and describes itself when it is back', async () => {
    const job = await both.order(digest);
    await slice(6);
    await both.passes(both.device.boot());
    expect(await both.ended(job, long)).toMatchObject({ state: 'succeeded', round: '2' });
    expect([both.device.failure, both.device.installed]).toEqual([undefined, [2]]);
  });

  const cancel = (job: string): Promise<unknown> => both.bench.call('mup-bridge', 'cancel-update', { job });

  test.each(['PUB-UPDATE-MANIFEST;4,2', 'slice 0', 'slice 6'])(
    'cancelled at %s: the device drops what it has, and is updatable',
    async (text) => {
      const job = await both.order(digest);
      await both.until(() => both.device.heard.at(-1) === text, text);
      await cancel(job);
      expect(await both.ended(job)).toMatchObject({ state: 'cancelled' });
      await stillUpdatable();
      expect(both.device.installed).toEqual([3]);
      expect((await both.bench.job(job))['reported-at']).toBeUndefined();
    },
  );

  test('cancelled when the last slice is on its way: the device takes the image, and the job says so', async () => {
    const job = await both.order(digest);
    await slice(12);
    await cancel(job);
    expect(await both.ended(job)).toMatchObject({ state: 'cancelled' });
    const reports = () =>
      both.bench.world.events.named('update-reported').map(({ content }) => leaves(content));
    await both.until(() => reports().length > 0, 'the report', long);
    expect(both.device.installed).toEqual([2]);
    expect(reports()).toEqual([{ job, device: uuid, 'new-version': '2' }]);
    const at = (await both.bench.job(job))['reported-at'];
    await stillUpdatable();
    await both.restartBridge();
    expect(await both.bench.job(job)).toMatchObject({ state: 'cancelled', 'reported-at': at });
  });

  test.each(['verifying', 'transferring'])(
    'when it has all of the image and the job is %s, it cannot be cancelled any more, and that is said',
    async (state) => {
      const { store } = both.bench.world;
      // Before the job is verifying, the disk is busy.
      const busy = deferred();
      const isNext = (call: StoreCall): boolean => Object(call.document).job?.state === 'verifying';
      if (state === 'transferring') store.delay = (call) => (isNext(call) ? busy.promise : undefined);
      const job = await both.order(digest);
      if (state === 'verifying') await both.until(() => both.device.heard.at(-1) === fin, fin);
      else await both.until(() => store.calls.some(isNext), 'the last acknowledgement');
      const refusal = cancel(job).then(String, (error: unknown) => error);
      store.delay = undefined;
      busy.resolve();
      expect(await refusal).toMatchObject({
        code: 'cancel-too-late',
        message: expect.stringContaining('has all of the image'),
      });
      expect(await both.ended(job, long)).toMatchObject({ state: 'succeeded' });
    },
  );

  test('a job that waits for a device which was asked to verify the image can be cancelled', async () => {
    const job = await both.order(digest);
    await both.until(() => both.device.heard.at(-1) === fin, fin);
    both.bench.transport.disconnect();
    await both.bench.settled();
    expect(await both.bench.job(job)).toMatchObject({ state: 'waiting-for-device', step: 'verifying' });
    await cancel(job);
    expect(await both.ended(job)).toMatchObject({
      state: 'cancelled',
      message: expect.stringContaining('may have taken the image'),
    });
  });

  test('a device that never answers again: named, at the deadline of the last round', async () => {
    await both.close();
    await start({ offlineDeadlineMs: 600_000 });
    const job = await both.order(digest);
    await slice(4);
    both.device.faults = { loses: () => true };
    expect(await both.ended(job, 5000)).toMatchObject({ state: 'failed', failure: 'token-timeout' });
    await stillUpdatable();
  });

  test('whoever publishes a presence for it ends nothing', async () => {
    const job = await both.order(digest);
    await slice(4);
    both.bench.broker.inject(`mup/status/${uuid}`, 'online;2', { retain: true });
    both.bench.broker.inject(`mup/status/${uuid}`, 'offline', { retain: true });
    expect(await both.ended(job, long)).toMatchObject({ state: 'succeeded', round: '1' });
  });
});
