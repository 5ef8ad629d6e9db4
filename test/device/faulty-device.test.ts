import { afterEach, describe, expect, test } from '@jest/globals';
import { type DeviceFaults, FaultyTransport } from '../support/faulty-device.ts';
import { BenchDevice, image, topics } from './bench-device.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

async function faulty(faults: DeviceFaults): Promise<BenchDevice> {
  device = new BenchDevice({ wrap: (inner, clock) => new FaultyTransport(inner, topics, clock, faults) });
  return device.startRegistered();
}

describe('a faulty device of the tests shows its fault, and nothing else', () => {
  test('without a fault it is a device', async () => {
    await faulty({});
    await device.begin();
    await device.sendImage();
    expect(await device.fin()).toBe('10_OK');
    expect(device.agent.version).toBe(2);
  });

  test('stopAfterSlices', async () => {
    await faulty({ stopAfterSlices: 1 });
    await device.begin();
    expect(await device.slice(0, image.subarray(0, 300))).toEqual([300]);
    expect(await device.slice(300, image.subarray(300, 600))).toEqual([]);
  });

  test('dropEveryNthSlice and dropEveryNthAck', async () => {
    await faulty({ dropEveryNthSlice: 2, dropEveryNthAck: 2 });
    await device.begin();
    expect(await device.slice(0, image.subarray(0, 300))).toEqual([300]);
    expect(await device.slice(300, image.subarray(300, 600))).toEqual([]);
    expect(await device.slice(300, image.subarray(300, 600))).toEqual([]);
    expect(device.seen('slice').at(-1)?.expected).toBe(600);
  });

  test('ackDelayMs', async () => {
    await faulty({ ackDelayMs: 70 });
    await device.begin();
    expect(await device.slice(0, image.subarray(0, 300))).toEqual([]);
    device.clock.advance(70);
    await device.settled();
    expect(device.broker.texts(topics.ack)).toHaveLength(1);
  });

  test('silentOnMethod', async () => {
    await faulty({ silentOnMethod: 'SEND-EXTENDED-MANIFEST' });
    expect((await device.token()).version).toBe(1);
    expect(await device.request(topics.firmware, 'SEND-EXTENDED-MANIFEST')).toBeUndefined();
  });

  test('answerOn, answerId and wrongNonce', async () => {
    await faulty({ answerOn: 'mup/response/another', answerId: 'zz', wrongNonce: '0'.repeat(32) });
    expect(await device.request(topics.firmware, 'GET-DEVICE-TOKEN')).toBeUndefined();
    expect(device.broker.texts('mup/response/another')[0]).toMatch(/^zz;10_OK;.*;0{32};1$/);
  });

  test('claimedVersion', async () => {
    await faulty({ claimedVersion: 9 });
    expect(device.broker.texts(topics.status)).toEqual(['online;9', 'online;9']);
  });
});
