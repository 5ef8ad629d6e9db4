import { afterEach, expect, test } from '@jest/globals';
import { encodeSlice } from '../../src/mup/slices.ts';
import { diskFull } from '../support/virtual-disk.ts';
import { BenchDevice, endorsed, image, server, topics } from './bench-device.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

test('a device that could not keep the update server’s key asks for it again, and can be updated then', async () => {
  device = await new BenchDevice().start();
  device.store.recordFault = diskFull();
  await device.answerRegistration(endorsed(server, 1));
  expect(device.events).toEqual([]);
  // Nobody took notice of the answer, so the wait for one goes on.
  device.clock.advance(13_000);
  await device.settled();
  await device.answerRegistration(endorsed(server, 1));
  expect(device.events).toEqual([{ kind: 'server-key-taken', epoch: 1 }, { kind: 'registered' }]);
});

test('a device that could not boot its new firmware tries again until it can', async () => {
  device = await new BenchDevice().startRegistered();
  await device.begin();
  await device.sendImage();
  const { store } = device;
  const write = store.writeRecord.bind(store);
  let full = false;
  store.writeRecord = async (bytes) => {
    if (full) throw diskFull();
    await write(bytes);
    full = true;
  };
  expect(await device.fin()).toBe('10_OK');
  expect(device.seen('restarted')).toEqual([]);
  device.clock.advance(60_000);
  await device.settled();
  expect(device.seen('restarted')).toEqual([]);
  store.writeRecord = write;
  device.clock.advance(60_000);
  await device.settled();
  expect(device.seen('restarted')).toEqual([{ kind: 'restarted', version: 2 }]);
});

test('a transfer is given up once, however many slices of it could not be written', async () => {
  device = await new BenchDevice().startRegistered();
  await device.begin();
  device.store.slots.b.write = () => {
    throw diskFull();
  };
  for (const offset of [0, 300, 600])
    device.broker.inject(topics.image, encodeSlice(offset, image.subarray(offset, offset + 300)), { qos: 0 });
  await device.settled();
  expect(device.seen('transfer-abandoned')).toHaveLength(1);
});

test('a device that is switched off while it cannot boot stays off', async () => {
  device = await new BenchDevice().startRegistered();
  await device.begin();
  await device.sendImage();
  const { store } = device;
  const write = store.writeRecord.bind(store);
  store.writeRecord = async (bytes) => {
    await write(bytes);
    store.writeRecord = () => Promise.reject(diskFull());
  };
  await device.fin();
  await device.agent.close();
  store.writeRecord = write;
  device.clock.advance(60_000);
  await device.settled();
  expect(device.seen('restarted')).toEqual([]);
});
