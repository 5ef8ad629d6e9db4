import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toHex } from '../../src/base/bytes.ts';
import { readPrivateKey } from '../../src/mup/adapters/key-files.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import type { ExtendedManifest, VendorManifest } from '../../src/mup/manifest.ts';
import { parseVendorManifest } from '../../src/mup/manifest-json.ts';
import type { PrivateKey } from '../../src/mup/signature-scheme.ts';
import { extendManifest } from '../../src/mup/signing.ts';
import { leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith } from '../support/peers.ts';
import { Site } from '../support/site.ts';
import { operator } from '../support/system.ts';

const uuid = 'NCCLIENT-0002';
const module = 'urn:mup:yang:mqtt-demo-board';
const bridgeModule = 'urn:mup:yang:mup-bridge';
const imageBytes = 5000;

describeWith(['ncclient'], 'wrong inputs by ncclient, each with its documented rpc-error', () => {
  let site: Site;
  let client: Ncclient;
  let serverKey: PrivateKey;
  let manifest: VendorManifest;
  let imageFile: string;

  beforeAll(async () => {
    site = await Site.start();
    await site.startDevice(uuid);
    serverKey = await readPrivateKey(site.serverKey);
    ({ file: imageFile } = await site.addImage(2, imageBytes));
    manifest = parseVendorManifest(await readFile(imageFile.replace(/\.bin$/, '.json')));
    client = await Ncclient.connect({ port: site.bridge.port, ...operator });
  }, 120_000);

  afterAll(async () => {
    await client?.stop();
    await site?.stop();
  });

  const call = (rpc: string, leaves: Parameters<typeof rpcXml>[2] = {}) =>
    client.dispatch(rpcXml(module, rpc, { uuidInput: uuid, ...leaves }));

  async function nonce(): Promise<string> {
    const { reply } = await call('getDeviceToken');
    return leafOf(reply, 'nonce') ?? '';
  }

  function leaves(extended: ExtendedManifest): Record<string, string> {
    return {
      suite: extended.suite,
      appId: extended.appId,
      linkOffset: String(extended.linkOffset),
      digest: extended.digest,
      size: String(extended.size),
      newVersion: String(extended.newVersion),
      oldVersion: String(extended.oldVersion),
      innerSignature: toHex(extended.innerSignature),
      uuid: extended.uuid,
      nonce: extended.nonce,
      outerSignature: toHex(extended.outerSignature),
    };
  }

  const signed = async (of: VendorManifest, key = serverKey) =>
    leaves(extendManifest(of, { uuid, nonce: await nonce() }, key, es256));

  test('a UUID of no registered device: data-missing, instance-required', async () => {
    const { error } = await call('relayOn', { uuidInput: 'NOBODY-0001' });
    expect(error).toMatchObject({ type: 'application', tag: 'data-missing', appTag: 'instance-required' });
    expect(error?.path).toContain('uuidInput');
  });

  test('a UUID that cannot be one: invalid-value', async () => {
    const { error } = await call('relayOn', { uuidInput: 'a/+/#' });
    expect(error).toMatchObject({ type: 'application', tag: 'invalid-value' });
    expect(error?.path).toContain('uuidInput');
  });

  test('a missing field: missing-element', async () => {
    const { error } = await call('setLampColor', { color: { red: '1', green: '2' } });
    expect(error).toMatchObject({ type: 'protocol', tag: 'missing-element' });
    expect(error?.info).toContain('blue');
  });

  test('a value out of range: invalid-value, with its place', async () => {
    const { error } = await call('setLampColor', { color: { red: '1', green: '2', blue: '256' } });
    expect(error).toMatchObject({ type: 'application', tag: 'invalid-value' });
    expect(error?.path).toContain('blue');
  });

  test('a value outside its enumeration: invalid-value', async () => {
    expect((await call('setMode', { mode: 'arctic' })).error).toMatchObject({ tag: 'invalid-value' });
  });

  test('an RPC that no module has: operation-not-supported', async () => {
    expect((await call('makeCoffee')).error).toMatchObject({
      type: 'protocol',
      tag: 'operation-not-supported',
    });
  });

  test('malformed XML ends nothing but its own session', async () => {
    const other = await Ncclient.connect({ port: site.bridge.port, ...operator });
    await other.perform({ op: 'send', text: '<rpc message-id="1"><get></rpc>' });
    expect(leafOf((await call('relayOff')).reply, 'retval')).toBe('10_OK');
    await other.stop();
  });

  test('a manifest without a token: 22_INVALID-NONCE of the device', async () => {
    const extended = extendManifest(manifest, { uuid, nonce: '0'.repeat(32) }, serverKey, es256);
    const { error } = await call('sendExtendedManifest', leaves(extended));
    expect(error).toMatchObject({ type: 'application', tag: 'operation-failed', appTag: 'device-error' });
    expect(error?.message).toContain('22_INVALID-NONCE');
  });

  test('an incomplete manifest: missing-element', async () => {
    const { outerSignature: _, ...rest } = await signed(manifest);
    expect((await call('sendExtendedManifest', rest)).error).toMatchObject({
      type: 'protocol',
      tag: 'missing-element',
    });
  });

  test('a signature of another update server: 23_OUTER-SIGN-INVALID of the device', async () => {
    const { error } = await call('sendExtendedManifest', await signed(manifest, es256.generate()));
    expect(error).toMatchObject({ tag: 'operation-failed', appTag: 'device-error' });
    expect(error?.message).toContain('23_OUTER-SIGN-INVALID');
  });

  test('a signature of another vendor: 24_INNER-SIGN-INVALID of the device', async () => {
    const forged = { ...manifest, innerSignature: new Uint8Array(64).fill(1) };
    const { error } = await call('sendExtendedManifest', await signed(forged));
    expect(error?.message).toContain('24_INNER-SIGN-INVALID');
  });

  test('the version that runs already: 25_INVALID-VERSIONNR of the device', async () => {
    const { error } = await call('sendExtendedManifest', await signed({ ...manifest, newVersion: 1 }));
    expect(error?.message).toContain('25_INVALID-VERSIONNR');
  });

  test('the same version, given as an image: refused by the bridge, before anything is sent', async () => {
    const { file } = await site.addImage(1, imageBytes);
    const { digest } = parseVendorManifest(await readFile(file.replace(/\.bin$/, '.json')));
    await nonce();
    expect((await call('sendExtendedManifest', { digest })).error).toMatchObject({
      tag: 'operation-failed',
      appTag: 'version-not-newer',
    });
  });

  test('an image before any manifest: manifest-not-accepted', async () => {
    await nonce();
    expect((await call('sendFirmwareImage', { digest: manifest.digest })).error).toMatchObject({
      tag: 'operation-failed',
      appTag: 'manifest-not-accepted',
    });
  });

  test('a truncated image after its manifest: image-mismatch, and nothing was sent', async () => {
    expect(leafOf((await call('sendExtendedManifest', await signed(manifest))).reply, 'retval')).toBe(
      '10_OK',
    );
    const image = (await readFile(imageFile)).subarray(0, imageBytes - 1).toString('base64');
    expect((await call('sendFirmwareImage', { image })).error).toMatchObject({ appTag: 'image-mismatch' });
    const { error } = await client.dispatch(
      rpcXml(bridgeModule, 'update-firmware', {
        device: uuid,
        image,
        manifest: await readFile(imageFile.replace(/\.bin$/, '.json'), 'utf8'),
      }),
    );
    expect(error).toMatchObject({ tag: 'invalid-value', appTag: 'image-mismatch' });
  });

  test('a replayed manifest: 22_INVALID-NONCE of the device', async () => {
    const inputs = await signed(manifest);
    await call('sendExtendedManifest', inputs);
    const { error } = await call('sendExtendedManifest', inputs);
    expect(error?.message).toContain('22_INVALID-NONCE');
  });

  test('after all that the device runs its old firmware, and takes a right update', async () => {
    const filter = `<devices xmlns="${bridgeModule}"><device><uuid>${uuid}</uuid></device></devices>`;
    const { reply } = await client.perform({ op: 'get', filter });
    expect(leafOf(reply, 'firmware-version')).toBe('1');
    expect(site.device(uuid).lines.some(({ json }) => JSON.stringify(json).includes('"restarting"'))).toBe(
      false,
    );
    await nonce();
    await call('sendExtendedManifest', { digest: manifest.digest });
    const sent = await call('sendFirmwareImage', { digest: manifest.digest });
    expect(leafOf(sent.reply, 'retval')).toBe('10_OK');
    await site.device(uuid).json({ event: 'restarted', version: 2 });
  });
});
