import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { utf8 } from '../../src/base/bytes.ts';
import { topics } from '../device/bench-device.ts';
import { until } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

const image = Uint8Array.from({ length: 30_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
const newer = image.map((byte) => byte ^ 0x55);

describe('an update that is cancelled (ADR 20)', () => {
  let both: BenchUpdate;
  let stored: string;

  /** What was asked of the device's update operations, without ids and manifests. */
  const asked = (): string[] =>
    both.bench.broker.texts(topics.firmware).map((text) => text.split(';').slice(1, 3).join(';'));

  beforeEach(async () => {
    both = await BenchUpdate.start();
    stored = await both.bench.addImage(image, 2);
  });
  afterEach(() => both.close());

  test('when all of the image has arrived: it is not installed, also not by a FIN that comes late', async () => {
    const goOn = both.standStillIn('verifying');
    const job = await both.order(stored);
    await both.reaches(job, 'verifying');
    const fin = both.bench.broker.texts(topics.firmware).at(-1) ?? '';
    expect(fin).toMatch(/;SEND-FIRMWARE-IMAGE;FIN$/);
    await both.cancel(job);
    goOn();
    await until(() => both.device.seen('transfer-abandoned').length > 0, 'the end of the transfer');
    both.bench.broker.inject(topics.firmware, fin);
    await both.bench.settled();
    expect(asked().at(-2)).toBe('SEND-FIRMWARE-IMAGE;ABORT');
    expect(both.device.seen('image-verified')).toEqual([]);
    expect(both.device.agent.version).toBe(1);
    expect(await both.state(job)).toBe('cancelled');
    await both.reaches(await both.order(await both.bench.addImage(newer, 3)), 'succeeded');
    expect(both.device.agent.version).toBe(3);
  });

  test('is told to the device after that is on disk', async () => {
    both.standStillIn('transferring');
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    const { store } = both.bench.world;
    store.fault = ({ collection }) => (collection === 'jobs' ? new Error('disk full') : undefined);
    await expect(both.cancel(job)).rejects.toMatchObject({ code: 'store-failed' });
    expect(asked()).not.toContain('SEND-FIRMWARE-IMAGE;ABORT');
    expect(await both.state(job)).toBe('transferring');
    store.fault = undefined;
    await both.cancel(job);
    expect(asked()).toContain('SEND-FIRMWARE-IMAGE;ABORT');
  });

  test('while the device is away: it is told when it is back', async () => {
    both.standStillIn('transferring');
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    both.device.transport.disconnect();
    await both.reaches(job, 'waiting-for-device');
    await both.cancel(job);
    await both.bench.settled();
    expect(asked()).not.toContain('SEND-FIRMWARE-IMAGE;ABORT');
    both.device.transport.reconnect();
    await until(() => both.device.seen('transfer-abandoned').length > 0, 'the end of the transfer');
    both.device.transport.disconnect();
    both.device.transport.reconnect();
    await both.bench.settled();
    expect(asked().filter((request) => request === 'SEND-FIRMWARE-IMAGE;ABORT')).toHaveLength(1);
  });

  test('of a device that knows no ABORT: it is free at its own deadline, and refuses updates until then', async () => {
    const goOn = both.standStillIn('transferring');
    const job = await both.order(stored);
    await both.reaches(job, 'transferring');
    goOn();
    both.bench.broker.intercept = (message) => {
      const text = new TextDecoder().decode(message.payload);
      return text.endsWith(';ABORT')
        ? [{ ...message, payload: utf8(text.replace(/ABORT$/, 'OTHER')) }]
        : undefined;
    };
    await both.cancel(job);
    const second = await both.order(await both.bench.addImage(newer, 3));
    expect(await both.reaches(second, 'failed', 1000)).toMatchObject({ failure: '26_SAVESLOT-IN-USE' });
    both.device.clock.advance(600_000);
    await until(() => both.device.seen('transfer-abandoned').length > 0, 'its own deadline');
    await both.reaches(await both.order(stored), 'succeeded');
  });

  test('a slot that holds what the bridge knows nothing of is freed, and the update goes on', async () => {
    await both.device.begin();
    expect(both.device.seen('manifest-accepted')).toHaveLength(1);
    const ended = await both.reaches(await both.order(stored), 'succeeded', 1000);
    expect(ended['round']).toBe('2');
    expect(asked()).toContain('SEND-FIRMWARE-IMAGE;ABORT');
    expect(both.device.agent.version).toBe(2);
  });
});
