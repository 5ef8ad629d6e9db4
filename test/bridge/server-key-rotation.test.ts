import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toHex } from '../../src/base/bytes.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { keyId } from '../../src/mup/key-id.ts';
import type { PublicKey } from '../../src/mup/signature-scheme.ts';
import type { RpcInput, RpcOutput } from '../../src/netconf/backend.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { childElements, element } from '../../src/xml/element.ts';
import { serverKey, topics, uuid, vendor } from '../device/bench-device.ts';
import { leaves, until } from './bench-bridge.ts';
import { BenchUpdate, descriptionText } from './bench-update.ts';
import { settingsTree } from './bridge-settings.ts';
import { activateKey, preparedKey } from './next-server-key.ts';

let both: BenchUpdate;
beforeEach(async () => {
  both = await BenchUpdate.start();
});
afterEach(() => both.close());

const first = keyId(serverKey);

const call = (name: string, input: RpcInput): Promise<RpcOutput> =>
  both.bench.call('mup-bridge', name, input);

const prepared = (): Promise<PublicKey> => preparedKey(both);
const activate = (key: PublicKey, epoch: number): Promise<void> => activateKey(both, key, epoch);

async function movedToNext(epoch = 2): Promise<PublicKey> {
  const key = await prepared();
  await activate(key, epoch);
  return key;
}

const retire = (key: string, force?: true): Promise<RpcOutput> =>
  call('retire-server-key', { key, ...(force && { force: '' }) });

/** The keys that `get` shows, by their id. */
async function keys(): Promise<Record<string, Record<string, string>>> {
  const [server] = await both.bench.get(element(bridgeNamespace, 'update-server'));
  const entries = server === undefined ? [] : childElements(server).map(leaves);
  return Object.fromEntries(entries.map(({ id = '', ...entry }) => [id, entry]));
}

async function deviceEntry(): Promise<Record<string, string>> {
  const [devices] = await both.bench.get(element(bridgeNamespace, 'devices'));
  return leaves(devices === undefined ? undefined : childElements(devices)[0]);
}

async function updates(newVersion: number): Promise<void> {
  const content = Uint8Array.from({ length: 1000 }, (_, i) => (i * newVersion) & 0xff);
  const stored = await both.bench.addImage(content, newVersion);
  await both.reaches(await both.order(stored), 'succeeded');
  expect(both.device.agent.version).toBe(newVersion);
}

describe('rotation of the update server’s key (ADR 27)', () => {
  test('a prepared key is told to nobody before it is endorsed', async () => {
    const key = await prepared();
    expect(await keys()).toMatchObject({
      [first]: { state: 'active', epoch: '1', endorsed: 'true', devices: '1', 'not-moved': '1' },
      [keyId(key)]: { state: 'prepared', 'public-key': toHex(key) },
    });
    await both.restartDevice();
    expect(both.bench.answers(uuid).filter((text) => text.includes(toHex(key)))).toEqual([]);
  });

  test('a device that is there moves at once, is updated with the new key, and the old one can go', async () => {
    const key = await movedToNext();
    expect(await deviceEntry()).toMatchObject({ 'server-key': keyId(key), 'server-key-epoch': '2' });
    expect(await keys()).toMatchObject({
      [first]: { devices: '0', 'not-moved': '0' },
      [keyId(key)]: { devices: '1', 'not-moved': '1' },
    });
    await updates(2);
    await retire(first);
    expect(Object.keys(await keys())).toEqual([keyId(key)]);
    await updates(3);
  });

  test('both keys are announced, the newer first, until the old one is retired', async () => {
    const key = await movedToNext();
    const before = both.bench.answers(uuid).length;
    await both.restartDevice();
    const announced = both.bench
      .answers(uuid)
      .slice(before)
      .map((text) => text.split(';')[2]);
    expect(announced).toEqual(['2', '1']);
    expect(both.device.seen('registered')).toHaveLength(1);
    expect((await deviceEntry())['server-key']).toBe(keyId(key));
  });

  test('what was moved and what was not survives a restart of the bridge', async () => {
    const key = await movedToNext();
    await both.restartBridge();
    expect(await deviceEntry()).toMatchObject({ 'server-key': keyId(key), 'server-key-epoch': '2' });
    expect(Object.keys(await keys())).toEqual([keyId(key), first]);
    await updates(2);
  });

  test('a device that has not moved is signed for with the key that it keeps', async () => {
    both.bench.broker.intercept = ({ topic }) => (topic === topics.descriptionStatus ? [] : undefined);
    await movedToNext();
    expect((await deviceEntry())['server-key']).toBe(first);
    await updates(2);
    expect(both.requests().filter((method) => method === 'GET-DEVICE-TOKEN')).toHaveLength(1);
  });

  test('a device that keeps another key than it was thought to is asked once more, and remembered', async () => {
    both.bench.broker.intercept = ({ topic }) => (topic === topics.descriptionStatus ? [] : undefined);
    const key = await movedToNext();
    await both.bench.registry.keeps(uuid, keyId(key));
    await updates(2);
    expect(both.requests().slice(0, 4)).toEqual([
      'GET-DEVICE-TOKEN',
      'SEND-EXTENDED-MANIFEST',
      'GET-DEVICE-TOKEN',
      'SEND-EXTENDED-MANIFEST',
    ]);
    expect((await deviceEntry())['server-key']).toBe(first);
  });

  test('a device that was away for the whole rotation is updated when it comes back', async () => {
    const { transport } = both.device;
    transport.disconnect();
    both.bench.broker.remove(transport);
    await both.bench.settled();
    const key = await movedToNext();
    await expect(retire(first)).rejects.toMatchObject({ fields: { appTag: 'devices-left-behind' } });
    await retire(first, true);
    await both.restartDevice();
    expect((await deviceEntry())['server-key']).toBe(keyId(key));
    await updates(2);
  });

  test('a key is not retired while devices keep it, and the refusal names them', async () => {
    both.bench.broker.intercept = ({ topic }) => (topic === topics.descriptionStatus ? [] : undefined);
    await movedToNext();
    await expect(retire(first)).rejects.toMatchObject({
      fields: { appTag: 'devices-left-behind' },
      message: expect.stringContaining(uuid),
    });
    expect(Object.keys(await keys())).toHaveLength(2);
  });

  test('the last key stays, forced or not, and a key that is none cannot go', async () => {
    await prepared();
    await expect(retire(first, true)).rejects.toMatchObject({ fields: { appTag: 'last-key' } });
    await expect(retire('0'.repeat(16))).rejects.toMatchObject({ fields: { appTag: 'unknown-key' } });
  });

  test('of two keys that are retired at once one stays: it is the last then', async () => {
    const key = await movedToNext();
    const ends = await Promise.allSettled([retire(first, true), retire(keyId(key), true)]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(ends[1]).toMatchObject({ reason: { fields: { appTag: 'last-key' } } });
    expect(Object.keys(await keys())).toEqual([keyId(key)]);
  });

  test('strangers that nobody has accepted keep no key from being retired', async () => {
    await movedToNext();
    both.bench.world.running.commit(settingsTree({ all: { acceptance: 'approve' } }));
    const stranger = deviceUuid('stranger');
    both.bench.describe(stranger, descriptionText, 1000);
    await until(() => both.bench.answers(stranger).length > 0, 'an answer');
    expect(both.bench.registry.isPending(stranger)).toBe(true);
    expect((await keys())[first]).toMatchObject({ 'not-moved': '0' });
    await retire(first);
  });

  test.each([0, 1])(
    'an endorsement of epoch %i is refused: devices would take no such key',
    async (epoch) => {
      const key = await prepared();
      await expect(activate(key, epoch)).rejects.toMatchObject({ fields: { appTag: 'epoch-not-higher' } });
      expect((await keys())[keyId(key)]).toMatchObject({ state: 'prepared' });
    },
  );

  test('a key of somebody else and a text that is none are refused', async () => {
    await expect(activate(es256.publicKeyOf(vendor), 2)).rejects.toMatchObject({
      fields: { appTag: 'unknown-key' },
    });
    await expect(call('activate-server-key', { endorsement: '{}' })).rejects.toMatchObject({
      fields: { appTag: 'bad-endorsement' },
    });
  });

  test('of two activations at once the second finds the first', async () => {
    const key = await prepared();
    const ends = await Promise.allSettled([activate(key, 2), activate(serverKey, 2)]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  test('a key that waits for its endorsement is the next one, however often it is asked for', async () => {
    const key = await prepared();
    expect(await prepared()).toEqual(key);
    await activate(key, 2);
    expect(await prepared()).not.toEqual(key);
  });
});
