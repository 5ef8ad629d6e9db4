import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toBase64 } from '../../src/base/base64.ts';
import type { RpcInput, RpcOutput } from '../../src/netconf/backend.ts';
import { textOf } from '../../src/xml/element.ts';
import { image, topics, uuid } from '../device/bench-device.ts';
import { until } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

describe('what a device has accepted, over a restart of the bridge', () => {
  let both: BenchUpdate;
  let imageDigest: string;

  const call = (name: string, input: RpcInput = {}, signal?: AbortSignal): Promise<RpcOutput> =>
    both.bench.call('mqtt-lamp', name, { uuidInput: uuid, ...input }, signal);
  const accepted = async (): Promise<void> => {
    await call('getDeviceToken');
    await call('sendExtendedManifest', { imageDigest });
  };
  const kept = (): unknown[] => both.bench.world.store.keys('accepted');

  beforeEach(async () => {
    both = await BenchUpdate.start();
    imageDigest = await both.bench.addImage();
  });
  afterEach(() => both.close());

  test('sendFirmwareImage goes on, and nothing is kept when the device has taken it', async () => {
    await accepted();
    expect(kept()).toEqual([uuid]);
    await both.restartBridge();
    expect((await call('sendFirmwareImage')).map(textOf)).toEqual(['10_OK']);
    await until(() => both.device.agent.version === 2);
    await both.bench.settled();
    expect(kept()).toEqual([]);
  });

  test('in mid-transfer: it goes on where the device is', async () => {
    await accepted();
    both.faults = { stopAfterSlices: 1 };
    const session = new AbortController();
    const broken = call('sendFirmwareImage', {}, session.signal).catch((error: unknown) => error);
    await until(() => both.device.seen('slice').length === 1);
    session.abort();
    expect(await broken).toMatchObject({ code: 'cancelled' });
    await both.restartBridge(async () => {
      both.faults = {};
    });
    await call('sendFirmwareImage');
    expect(both.device.seen('slice').map(({ offset, taken }) => [offset, taken])).toEqual(
      expect.arrayContaining([
        [0, true],
        [600, true],
      ]),
    );
    await until(() => both.device.agent.version === 2);
  });

  test('another image than the accepted one is not sent', async () => {
    await accepted();
    await both.restartBridge();
    const other = toBase64(image.map((byte) => byte ^ 1));
    await expect(call('sendFirmwareImage', { image: other })).rejects.toMatchObject({
      code: 'image-mismatch',
    });
  });

  test('it is dropped before the next token, although another bridge had it accepted', async () => {
    await accepted();
    await both.restartBridge();
    await accepted();
    expect(both.bench.broker.texts(topics.firmware).filter((text) => text.endsWith(';ABORT'))).toHaveLength(
      1,
    );
    await call('sendFirmwareImage');
    await until(() => both.device.agent.version === 2);
  });

  test('is forgotten with its device', async () => {
    await accepted();
    await both.bench.call('mup-bridge', 'remove-device', { device: uuid });
    await both.bench.settled();
    expect(kept()).toEqual([]);
  });

  test('that cannot be stored is an error, and does not keep the device from the next update', async () => {
    const { store } = both.bench.world;
    store.fault = ({ collection }) => (collection === 'accepted' ? new Error('disk full') : undefined);
    await expect(accepted()).rejects.toMatchObject({ code: 'store-failed' });
    store.fault = undefined;
    await accepted();
    await call('sendFirmwareImage');
    await until(() => both.device.agent.version === 2);
  });

  test('what could not be forgotten does no harm after a restart', async () => {
    await accepted();
    const { store, logger } = both.bench.world;
    store.fault = ({ kind, collection }) =>
      kind === 'delete' && collection === 'accepted' ? new Error('disk full') : undefined;
    await call('sendFirmwareImage');
    await until(() => both.device.agent.version === 2);
    await until(() => logger.messages('error').includes('an accepted image was not forgotten'));
    store.fault = undefined;
    await both.restartBridge();
    const newer = await both.bench.addImage(
      image.map((byte) => byte ^ 1),
      3,
    );
    await both.reaches(await both.order(newer), 'succeeded');
  });
});
