import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toBase64 } from '../../src/base/base64.ts';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { PeerError } from '../../src/base/errors.ts';
import type { DeviceToken, ExtendedManifest } from '../../src/mup/manifest.ts';
import type { RpcInput, RpcOutput } from '../../src/netconf/backend.ts';
import { toRpcError } from '../../src/netconf/to-rpc-error.ts';
import { textOf } from '../../src/xml/element.ts';
import {
  description,
  extended,
  image,
  manifestInputs,
  manifestRoles,
  stranger,
  topics,
  unsigned,
  uuid,
  vendor,
} from '../device/bench-device.ts';
import { until } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

describe('the three operations, driven by a NETCONF client (paper, Figure 2)', () => {
  let both: BenchUpdate;

  const call = (name: string, input: RpcInput = {}, signal?: AbortSignal): Promise<RpcOutput> =>
    both.bench.call('mqtt-lamp', name, { uuidInput: uuid, ...input }, signal);
  const token = async (): Promise<DeviceToken> => {
    const [, device = '', nonce = '', version = ''] = (await call('getDeviceToken')).map(textOf);
    return { uuid: device, nonce, version: Number(version) };
  };
  const manifest = (made: ExtendedManifest): RpcInput => {
    const values = manifestInputs(made);
    return Object.fromEntries(manifestRoles.map((role, i) => [role, values[i]]));
  };
  const accepted = async (): Promise<void> => {
    await call('sendExtendedManifest', manifest(extended(await token())));
  };
  /** The rpc-error that a client gets. */
  const failure = async (pending: Promise<unknown>): Promise<unknown> => {
    const thrown: unknown = await pending.then(
      () => {
        throw new Error('it was answered');
      },
      (error: unknown) => error,
    );
    const { error, unforeseen } = toRpcError(thrown);
    expect(unforeseen).toBe(false);
    return error;
  };
  const restarted = (): Promise<void> =>
    until(() => both.device.agent.version === 2 && both.device.seen('restarted').length > 0, 'the restart');

  const start = async (update: Partial<Config['update']> = {}): Promise<void> => {
    both = await BenchUpdate.start({ update: { ...defaultConfig.update, ...update } });
  };

  beforeEach(() => start());
  afterEach(() => both.close());

  test('a client that signs for itself: the manifest goes on as it is, the image by its digest', async () => {
    await both.bench.addImage();
    await accepted();
    expect((await call('sendFirmwareImage')).map(textOf)).toEqual(['10_OK']);
    await restarted();
  });

  test('a client that names the image alone: the bridge signs, with the device’s latest token', async () => {
    const imageDigest = await both.bench.addImage();
    await token();
    await token();
    expect((await call('sendExtendedManifest', { imageDigest })).map(textOf)).toEqual(['10_OK']);
    await call('sendFirmwareImage');
    await restarted();
  });

  test('the image may come along, in base64', async () => {
    await accepted();
    await call('sendFirmwareImage', { image: toBase64(image) });
    await restarted();
    expect(await both.bench.images.list()).toEqual([]);
  });

  test.each([
    ['without a token', async () => undefined],
    ['with a token that was used', accepted],
  ])('the bridge signs nothing %s', async (_, before) => {
    await before();
    const imageDigest = await both.bench.addImage();
    expect(await failure(call('sendExtendedManifest', { imageDigest }))).toMatchObject({ code: 'no-token' });
  });

  test('a token of before the device described itself anew is not used', async () => {
    const imageDigest = await both.bench.addImage();
    await token();
    await both.bench.register({ ...description, text: 'with another text' }, 'another description');
    expect(await failure(call('sendExtendedManifest', { imageDigest }))).toMatchObject({ code: 'no-token' });
  });

  test('an image without its accepted manifest is not sent', async () => {
    await both.bench.addImage();
    expect(await failure(call('sendFirmwareImage'))).toMatchObject({ code: 'manifest-not-accepted' });
    await token();
    expect(await failure(call('sendFirmwareImage'))).toMatchObject({ code: 'manifest-not-accepted' });
    expect(both.slices()).toBe(0);
  });

  test('another image than the accepted one is not sent', async () => {
    await accepted();
    for (const wrong of [image.subarray(1), image.map((byte) => byte ^ 1)])
      expect(await failure(call('sendFirmwareImage', { image: toBase64(wrong) }))).toMatchObject({
        code: 'image-mismatch',
      });
    expect(both.slices()).toBe(0);
    await call('sendFirmwareImage', { image: toBase64(image) });
    await restarted();
  });

  test('an image that the bridge does not hold is data-missing', async () => {
    await token();
    const imageDigest = '0'.repeat(64);
    expect(await failure(call('sendExtendedManifest', { imageDigest }))).toMatchObject({
      tag: 'data-missing',
      code: 'unknown-image',
    });
    expect(await failure(call('sendExtendedManifest', { imageDigest: 'nonsense' }))).toMatchObject({
      tag: 'data-missing',
    });
  });

  test('a manifest of which a part is missing is neither complete nor a digest alone', async () => {
    const made = manifest(extended(await token()));
    expect(await failure(call('sendExtendedManifest', { ...made, nonce: undefined }))).toMatchObject({
      tag: 'missing-element',
      where: expect.stringContaining('nonce'),
    });
    expect(both.requests()).toEqual(['GET-DEVICE-TOKEN']);
  });

  test.each([
    ['the same version', async () => both.bench.addImage(image, 1), 'version-not-newer'],
    ['a difference to another version', async () => both.bench.addImage(image, 3, 2), 'wrong-old-version'],
  ])('an image of %s is refused before the device hears of it', async (_, add, code) => {
    const imageDigest = await add();
    await token();
    expect(await failure(call('sendExtendedManifest', { imageDigest }))).toMatchObject({ code });
    expect(both.requests()).toEqual(['GET-DEVICE-TOKEN']);
  });

  test('a replayed manifest is refused by the device, and its state goes to the client', async () => {
    const made = manifest(extended(await token()));
    await call('sendExtendedManifest', made);
    await call('sendFirmwareImage', { image: toBase64(image) });
    await restarted();
    const error = await failure(call('sendExtendedManifest', made));
    expect(error).toMatchObject({
      code: 'device-error',
      message: expect.stringContaining('22_INVALID-NONCE'),
    });
  });

  test.each([
    ['another update server', '23_OUTER-SIGN-INVALID', { serverOf: stranger }],
    ['another vendor', '24_INNER-SIGN-INVALID', { vendorOf: stranger }],
    ['another application', '21_WRONG-APP-ID', { manifest: { appId: 'OTHER' } }],
    ['an old version', '25_INVALID-VERSIONNR', { manifest: { newVersion: 1 } }],
  ])('a manifest of %s is refused by the device with %s', async (_, state, changes) => {
    const made = extended(await token(), { vendorOf: vendor, ...changes });
    const error = await failure(call('sendExtendedManifest', manifest(made)));
    expect(error).toMatchObject({ code: 'device-error', message: expect.stringContaining(state) });
    // The device goes on with its old firmware, and takes the right one.
    expect(both.device.agent.version).toBe(unsigned.newVersion - 1);
    await accepted();
    await call('sendFirmwareImage', { image: toBase64(image) });
    await restarted();
  });

  test('a manifest that was accepted and never used does not block the next', async () => {
    await accepted();
    await accepted();
    await call('sendFirmwareImage', { image: toBase64(image) });
    await restarted();
  });

  test('a token with a nonce or version that is none is refused', async () => {
    both.faults = { wrongNonce: 'ABC' };
    expect(await failure(call('getDeviceToken'))).toMatchObject({ code: 'device-answer-invalid' });
  });

  test('of two clients that send at once one is refused', async () => {
    await accepted();
    const sending = () => call('sendFirmwareImage', { image: toBase64(image) });
    const outcomes = await Promise.allSettled([sending(), sending()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes).toContainEqual({
      status: 'rejected',
      reason: expect.objectContaining({ tag: 'in-use', code: 'update-in-progress' }),
    });
  });

  describe('while slices are sent', () => {
    /** A transfer that stands still after its first slice. */
    const begin = async (signal?: AbortSignal): Promise<{ readonly answer: Promise<unknown> }> => {
      await accepted();
      both.faults = { stopAfterSlices: 1 };
      const answer = call('sendFirmwareImage', { image: toBase64(image) }, signal).catch(
        (error: unknown) => error,
      );
      await until(() => both.slices() === 2, 'the second slice');
      return { answer };
    };

    test('get shows how far it is', async () => {
      const session = new AbortController();
      const { answer } = await begin(session.signal);
      const [devices] = await both.bench.get();
      expect(JSON.stringify(devices)).toContain('"transferring"');
      session.abort();
      await answer;
    });

    test('a session that ends stops the slices and frees the device; another goes on where it is', async () => {
      const session = new AbortController();
      const { answer } = await begin(session.signal);
      session.abort();
      expect(await answer).toMatchObject({ code: 'cancelled' });
      both.bench.clock.advance(60_000);
      await both.bench.settled();
      expect(both.slices()).toBe(2);
      expect(both.bench.transport.filters).not.toContain(topics.ack);
      expect(both.bench.clock.pending).toBeLessThan(5);
      both.faults = {};
      await call('sendFirmwareImage', { image: toBase64(image) });
      await restarted();
    });

    test('a broker that goes and comes back does not end it', async () => {
      const { answer } = await begin();
      both.bench.transport.disconnect();
      both.bench.clock.advance(5000);
      await both.bench.settled();
      both.faults = {};
      both.bench.transport.reconnect();
      for (let i = 0; i < 50; i += 1) {
        both.bench.clock.advance(100);
        await both.bench.settled();
      }
      expect(await answer).toMatchObject([{ children: ['10_OK'] }]);
    });

    test('a device that takes no more slices: transfer-stalled, and the device is free', async () => {
      const { answer } = await begin();
      for (let i = 0; i < 70; i += 1) {
        both.bench.clock.advance(1000);
        await both.bench.settled();
      }
      expect(await answer).toMatchObject({ tag: 'operation-failed', code: 'transfer-stalled' });
      both.faults = {};
      await accepted();
      await call('sendFirmwareImage', { image: toBase64(image) });
      await restarted();
    });

    test('a slice that the broker does not take ends it: it would not take the repetition', async () => {
      await accepted();
      both.bench.transport.publishFaults.push({
        error: new PeerError('packet-too-big', 'too big'),
        arrives: false,
      });
      expect(await failure(call('sendFirmwareImage', { image: toBase64(image) }))).toMatchObject({
        code: 'packet-too-big',
      });
    });
  });

  test('a transfer that cannot begin because the broker is away ends with its session, or after a while', async () => {
    await accepted();
    both.bench.transport.disconnect();
    const session = new AbortController();
    const first = failure(call('sendFirmwareImage', { image: toBase64(image) }, session.signal));
    await both.bench.settled();
    session.abort();
    expect(await first).toMatchObject({ code: 'cancelled' });
    const second = failure(call('sendFirmwareImage', { image: toBase64(image) }));
    await both.bench.settled();
    both.bench.clock.advance(defaultConfig.update.stallTimeoutMs);
    expect(await second).toMatchObject({ code: 'transfer-stalled' });
    both.bench.transport.reconnect();
    await both.bench.settled();
    expect(both.bench.transport.filters).not.toContain(topics.ack);
    await call('sendFirmwareImage', { image: toBase64(image) });
    await restarted();
  });

  test('a verification that is not answered is a timeout, not silence', async () => {
    await accepted();
    both.faults = { silentOnMethod: 'SEND-FIRMWARE-IMAGE' };
    const pending = failure(call('sendFirmwareImage', { image: toBase64(image) }));
    await until(() => both.requests().includes('SEND-FIRMWARE-IMAGE'));
    both.bench.clock.advance(defaultConfig.update.verifyDeadlineMs);
    expect(await pending).toMatchObject({ code: 'device-timeout' });
  });
});
