import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { toHex } from '../../src/base/bytes.ts';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { manifestValues } from '../../src/mup/manifest-values.ts';
import { extendManifest, signManifest } from '../../src/mup/signing.ts';
import type { RpcInput } from '../../src/netconf/backend.ts';
import { toRpcError } from '../../src/netconf/to-rpc-error.ts';
import { textOf } from '../../src/xml/element.ts';
import { server, stranger, unsigned, vendor } from '../device/bench-device.ts';
import { BenchMyno, description, uuid } from './bench-myno.ts';

const image = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 0xff);
const digest = sha256(image);

/** Sizes of slices of which one of the image, as it is, would have a length that makes the device deaf. */
const deadlySizes = [481, 482, 579, 580, 1021, 1091, 1092, 1189, 1190, 1506];

/** What a NETCONF client sends that signs for itself. */
function manifest(vendorSigns = vendor, content = image): RpcInput {
  const facts = { ...unsigned, digest: sha256(content), size: content.length };
  const signed = signManifest(facts, vendorSigns, es256, 'myno');
  const values = manifestValues(extendManifest(signed, { uuid, nonce: '123456' }, server, es256, 'myno'));
  const [, operation] = description.operations;
  return Object.fromEntries((operation?.inputs ?? []).map(({ name, role }) => [name, role && values[role]]));
}

describe('the three operations of the prototype’s device, driven by a NETCONF client (mup-protocol §3)', () => {
  let both: BenchMyno;

  const call = (name: string, input: RpcInput = {}, signal?: AbortSignal) =>
    both.passes(both.call(name, input, signal));
  const values = async (...args: Parameters<typeof call>) => (await call(...args)).map(textOf);
  const failure = (pending: Promise<unknown>): Promise<unknown> =>
    pending.then(
      () => 'it was answered',
      (error: unknown) => toRpcError(error).error,
    );
  const accepted = () => call('funcPubUpdateManifest', manifest());
  const sendImage = (input: RpcInput = { inputUpdateImage: toHex(image) }) =>
    call('funcPubUpdateImage', input);

  const start = async (update: Partial<Config['update']> = {}): Promise<void> => {
    both = await BenchMyno.start({ update: { ...defaultConfig.update, ...update } });
  };

  beforeEach(() => start());
  afterEach(async () => {
    await both.close();
  });

  test('token, manifest field by field, image in numbered slices, FIN', async () => {
    expect(await values('funcGetDeviceToken')).toEqual(['10_OK', '123456', '1']);
    expect(await values('funcPubUpdateManifest', manifest())).toEqual(['10_OK']);
    expect(both.device.heard.map((text) => text.replace(/,[0-9a-f]{64,}$/, ',…'))).toEqual([
      'GET-DEVICE-TOKEN',
      `PUB-UPDATE-MANIFEST;0,${unsigned.appId}`,
      `PUB-UPDATE-MANIFEST;1,${unsigned.linkOffset}`,
      'PUB-UPDATE-MANIFEST;2,…',
      `PUB-UPDATE-MANIFEST;3,${image.length}`,
      `PUB-UPDATE-MANIFEST;4,${unsigned.newVersion}`,
      `PUB-UPDATE-MANIFEST;5,${unsigned.oldVersion}`,
      'PUB-UPDATE-MANIFEST;6,…',
      'PUB-UPDATE-MANIFEST;7,123456',
      'PUB-UPDATE-MANIFEST;8,…',
      'PUB-UPDATE-MANIFEST;9,START-UPDATE',
    ]);
    expect(await sendImage()).toHaveLength(1);
    const slices = Math.ceil(image.length / 400);
    expect(both.device.heard.slice(11)).toEqual([
      ...Array.from({ length: slices }, (_, n) => `slice ${n}`),
      'PUB-UPDATE-IMAGE;FIN',
    ]);
    expect(both.device.installed).toEqual([2]);
  });

  test('an empty image in the call stands for the one in the repository', async () => {
    await both.addImage(image, digest);
    await accepted();
    await sendImage({ inputUpdateImage: '' });
    expect(both.device.installed).toEqual([2]);
  });

  test('no slice has a length that makes the device deaf, whatever is configured', async () => {
    for (const sliceSizeBytes of deadlySizes) {
      await both.close();
      await start({ mynoSliceSizeBytes: sliceSizeBytes });
      await accepted();
      await sendImage();
      expect([sliceSizeBytes, both.device.failure, both.device.installed]).toEqual([
        sliceSizeBytes,
        undefined,
        [2],
      ]);
    }
  });

  test('OK to the end of a manifest is a refusal: the device says so to a bad signature', async () => {
    expect(await failure(call('funcPubUpdateManifest', manifest(stranger)))).toMatchObject({
      code: 'device-error',
      message: expect.stringContaining('MANIFEST-SUCCESS'),
    });
    expect(await failure(sendImage())).toMatchObject({ code: 'manifest-not-accepted' });
    expect(both.device.heard).not.toContain('slice 0');
  });

  test('a value that would overflow a buffer of the device is not sent', async () => {
    const overlong = { ...manifest(), AppId: 'x'.repeat(33) };
    expect(await failure(call('funcPubUpdateManifest', overlong))).toMatchObject({ code: 'bad-manifest' });
    expect(both.device.heard).toEqual([]);
  });

  test('a lost slice, and one whose acknowledgement is lost, come again after a long silence', async () => {
    await accepted();
    let lost = 0;
    let swallowed = 0;
    both.device.faults = {
      loses: (text) => text === 'slice 3' && lost++ === 0,
      swallows: (text) => text === 'slice 5' && swallowed++ === 0,
    };
    const before = both.bench.clock.now();
    await sendImage();
    expect(both.bench.clock.now() - before).toBeGreaterThan(2 * defaultConfig.update.maxTimeoutMs);
    expect(both.device.heard.filter((text) => text === 'slice 5')).toHaveLength(2);
    expect([both.device.failure, both.device.installed]).toEqual([undefined, [2]]);
  });

  test('a transfer that nobody acknowledges is given up; FIN clears what the device has; the next is taken', async () => {
    await accepted();
    both.device.faults = { loses: (text) => text === 'slice 3' };
    expect(
      await failure(both.passes(both.call('funcPubUpdateImage', { inputUpdateImage: toHex(image) }), 1000)),
    ).toMatchObject({ code: 'transfer-stalled' });
    both.device.faults = {};
    await both.until(() => !both.device.isDirty, 'the FIN');
    expect(await failure(sendImage())).toMatchObject({ code: 'manifest-not-accepted' });
    await accepted();
    await sendImage();
    expect(both.device.installed).toEqual([2]);
  });

  test('a client that goes in mid-transfer: nothing is sent before the slice in flight is acknowledged, then FIN', async () => {
    await accepted();
    const gone = new AbortController();
    const sending = both.call('funcPubUpdateImage', { inputUpdateImage: toHex(image) }, gone.signal);
    await both.until(() => both.device.heard.includes('slice 3'), 'a slice');
    gone.abort();
    expect(await failure(sending)).toMatchObject({ code: 'cancelled' });
    await both.until(() => both.device.heard.includes('PUB-UPDATE-IMAGE;FIN'), 'the FIN');
    expect([both.device.failure, both.device.isDirty]).toEqual([undefined, false]);
    await accepted();
    await sendImage();
    expect(both.device.installed).toEqual([2]);
  });

  test('other requests go in between, never beside a slice or another request', async () => {
    await accepted();
    const sending = both.call('funcPubUpdateImage', { inputUpdateImage: toHex(image) });
    const relay = () => both.call('funcRelayOn');
    const answers = await both.passes(Promise.all([relay(), relay(), relay()]));
    expect(answers).toHaveLength(3);
    await both.passes(sending);
    expect(both.device.heard.indexOf('relayOn')).toBeLessThan(both.device.heard.indexOf('slice 12'));
    expect([both.device.failure, both.device.installed]).toEqual([undefined, [2]]);
  });

  test('a request whose caller has gone is answered before the next one is sent', async () => {
    const gone = new AbortController();
    const first = both.call('funcRelayOn', {}, gone.signal);
    await both.until(() => both.device.heard.includes('relayOn'), 'the request');
    gone.abort();
    expect(await failure(first)).toMatchObject({ code: 'cancelled' });
    await call('funcRelayOn');
    expect(both.device.failure).toBeUndefined();
  });

  test('two clients that send a manifest at once: one after the other', async () => {
    const pending = [
      both.call('funcPubUpdateManifest', manifest()),
      both.call('funcPubUpdateManifest', manifest()),
    ];
    await both.passes(Promise.all(pending));
    const places = both.device.heard.flatMap((text) => /^PUB-UPDATE-MANIFEST;(\d)/.exec(text)?.[1] ?? []);
    expect(places.join('')).toBe('01234567890123456789');
  });

  test('what the profile cannot give is warned of once a device', async () => {
    await call('funcGetDeviceToken');
    await call('funcGetDeviceToken');
    const warnings = both.bench.world.logger.lines.filter(({ message }) => message.includes('replay'));
    expect(warnings).toMatchObject([{ level: 'warn', fields: { uuid } }]);
  });
});
