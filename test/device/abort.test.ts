import { afterEach, describe, expect, test } from '@jest/globals';
import { decodeUtf8 } from '../../src/base/bytes.ts';
import { BenchDevice, topics } from './bench-device.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

const abort = async (): Promise<string | undefined> =>
  (await device.request(topics.firmware, 'SEND-FIRMWARE-IMAGE', ['ABORT']))?.state;

describe('a transfer that the update server gives up (ADR 20)', () => {
  test('is dropped although the image has arrived whole, and the device takes another update', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.sendImage();
    expect(await abort()).toBe('10_OK');
    expect(await device.fin()).toBe('28_IMAGE-INVALID');
    expect(device.transport.filters).not.toContain(topics.image);
    expect(device.agent.version).toBe(1);
    expect(device.seen('transfer-abandoned')).toMatchObject([{ reason: 'the update server gave it up' }]);
    const record = JSON.parse(decodeUtf8(device.store.record ?? new Uint8Array()) ?? '');
    expect([record.transfer, device.store.slots.b.bytes.length]).toEqual([undefined, 0]);
    await device.begin();
    await device.sendImage();
    expect(await device.fin()).toBe('10_OK');
    expect(device.agent.version).toBe(2);
  });

  test('there is nothing to drop without one', async () => {
    device = await new BenchDevice().startRegistered();
    expect(await abort()).toBe('11_NOOP');
    expect((await device.request(topics.firmware, 'SEND-FIRMWARE-IMAGE', ['FIN', 'ABORT']))?.state).toBe(
      '12_ERROR',
    );
    expect((await device.request(topics.firmware, 'SEND-FIRMWARE-IMAGE', ['abort']))?.state).toBe('12_ERROR');
  });

  test('stays given up over a loss of power', async () => {
    device = await new BenchDevice().startRegistered();
    await device.begin();
    await device.sendImage();
    await abort();
    const store = device.store.snapshot();
    device.transport.disconnect();
    await device.agent.close();
    device = await new BenchDevice({}, { store, broker: device.broker }).start();
    expect(device.seen('transfer-resumed')).toEqual([]);
    expect(await device.fin()).toBe('28_IMAGE-INVALID');
    expect(device.agent.version).toBe(1);
  });
});

describe('a device that sleeps', () => {
  const limits = { idleDeadlineMs: 5000, transferDeadlineMs: 100_000 };

  test('keeps its transfer while it is away, and gives it up when nothing comes after it is back', async () => {
    device = await new BenchDevice({ limits }).startRegistered();
    await device.begin();
    await device.slice(0, new Uint8Array(10));
    device.transport.disconnect();
    device.clock.advance(60_000);
    await device.settled();
    expect(device.seen('transfer-abandoned')).toEqual([]);
    device.transport.reconnect();
    await device.settled();
    device.clock.advance(4999);
    await device.settled();
    expect(await device.slice(10, new Uint8Array(10))).toEqual([20]);
    device.clock.advance(5000);
    await device.settled();
    expect(device.seen('transfer-abandoned')).toHaveLength(1);
  });

  test('and does not keep it for ever', async () => {
    device = await new BenchDevice({ limits }).startRegistered();
    await device.begin();
    device.transport.disconnect();
    device.clock.advance(100_000);
    await device.settled();
    expect(device.seen('transfer-abandoned')).toHaveLength(1);
    device.transport.reconnect();
    await device.settled();
    expect(device.transport.filters).not.toContain(topics.image);
  });
});
