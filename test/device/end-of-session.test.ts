import { afterEach, expect, test } from '@jest/globals';
import { decodeUtf8, toHex } from '../../src/base/bytes.ts';
import { deferred } from '../../src/base/deferred.ts';
import { encodeRequest } from '../../src/mqtt/rpc-codec.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { signVendorKey } from '../../src/mup/vendor-key.ts';
import { BenchDevice, endorsed, server, stranger, strangerKey, topics, vendor } from './bench-device.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

/** The roll-over to another key of the vendor. */
function rotation(): Uint8Array {
  const { newKey, counter, signature } = signVendorKey(strangerKey, 1, vendor, es256);
  const inputs = [toHex(newKey), String(counter), toHex(signature)];
  return encodeRequest({ id: 'rotation', method: 'ROTATE-VENDOR-KEY', inputs, profile: 'mup' });
}

test('what is being written when the device restarts is written before the next boot reads or writes', async () => {
  device = await new BenchDevice().startRegistered();
  const { store, broker } = device;
  const write = store.writeRecord.bind(store);
  const held = deferred();
  let writing = 0;
  let most = 0;
  store.writeRecord = async (bytes) => {
    writing += 1;
    most = Math.max(most, writing);
    if (decodeUtf8(bytes)?.includes('"vendorKeyCounter": 1') === true) await held.promise;
    await write(bytes);
    writing -= 1;
  };
  device.agent.onEvent(({ kind }) => {
    if (kind === 'image-verified') broker.inject(topics.firmware, rotation());
  });
  await device.begin();
  await device.sendImage();
  await device.fin();
  held.resolve();
  await device.settled();
  expect(most).toBe(1);
  expect(device.seen('vendor-key-taken')).toHaveLength(1);
  expect(JSON.parse(decodeUtf8(store.record ?? new Uint8Array()) ?? '')).toMatchObject({
    version: 2,
    vendorKeyCounter: 1,
  });
});

test('a key that is looked at when the device ends brings nothing up again', async () => {
  device = await new BenchDevice().start();
  device.broker.inject(topics.descriptionStatus, endorsed(stranger, 9, stranger));
  await device.agent.close();
  await device.settled();
  expect(device.seen('server-key-refused')).toHaveLength(1);
  expect(device.clock.pending).toBe(0);
});

test('a key that is taken when the device ends does not bring it back: the broker keeps that it is gone', async () => {
  device = await new BenchDevice().start();
  device.broker.inject(topics.descriptionStatus, endorsed(server, 1));
  await device.agent.close();
  await device.settled();
  expect(device.seen('server-key-taken')).toHaveLength(1);
  expect(device.broker.texts(topics.status)).toEqual(['online;1', 'offline']);
});
