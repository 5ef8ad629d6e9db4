import { beforeEach, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { UnavailableError } from '../../src/base/errors.ts';
import { type DeviceUuid, deviceUuid } from '../../src/base/ids.ts';
import { DeviceRegistry } from '../../src/registry/device-registry.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryDocumentStore } from '../support/memory-document-store.ts';
import { first, on, onOff, second, third } from './registry-fixture.ts';

let store: MemoryDocumentStore;
let clock: ManualClock;
let registry: DeviceRegistry;

const open = (maxRemovedSigners = 2): Promise<DeviceRegistry> =>
  DeviceRegistry.open({ store, clock, ...defaultConfig.registration, maxRemovedSigners });

/** Registers a device with its vendor's signature, and removes it. */
async function removed(uuid: DeviceUuid, counter = 1): Promise<void> {
  await registry.register(uuid, on, { by: 'device', signer: { by: 'vendor', key: 'ab', counter } });
  clock.advance(1000);
  await registry.remove(uuid);
}

beforeEach(async () => {
  store = new MemoryDocumentStore();
  clock = new ManualClock();
  registry = await open();
});

test('what a vendor had signed last is known of a removed device, over a restart too', async () => {
  await removed(first, 7);
  const known = { uuid: first, counter: 7, description: on.digest, removedAt: clock.now() };
  expect(registry.removed(first)).toEqual(known);
  registry = await open();
  expect(registry.removed(first)).toEqual(known);
  expect(registry.get(first)).toBeUndefined();
});

test('of one that is removed again the later signature is', async () => {
  await removed(first, 7);
  await registry.register(first, onOff, { by: 'device', signer: { by: 'vendor', key: 'ab', counter: 9 } });
  await registry.remove(first);
  expect(registry.removed(first)).toMatchObject({ counter: 9, description: onOff.digest });
});

test('nothing is known of one that nobody or itself had signed for', async () => {
  await registry.register(first, on);
  await registry.register(second, on, { by: 'device', signer: { by: 'device', key: 'ab', counter: 3 } });
  for (const uuid of [first, second]) await registry.remove(uuid);
  expect([registry.removed(first), registry.removed(second)]).toEqual([undefined, undefined]);
  expect(await store.all('removed')).toEqual([]);
});

test('they are bounded (registration.maxRemovedSigners): the one that was removed first makes room', async () => {
  for (const uuid of [first, second, first, third]) await removed(uuid);
  const known = (): boolean[] => [first, second, third].map((uuid) => registry.removed(uuid) !== undefined);
  expect(known()).toEqual([true, false, true]);
  expect(await store.all('removed')).toHaveLength(2);
  registry = await open();
  expect(known()).toEqual([true, false, true]);
  await removed(deviceUuid('dev-4'));
  expect(known()).toEqual([false, false, true]);
});

test('where the store does not take it the device stays, and what was signed for it with it', async () => {
  await registry.register(first, on, { by: 'device', signer: { by: 'vendor', key: 'ab', counter: 5 } });
  store.fault = () => new UnavailableError('store-failed', 'the disk is full');
  await expect(registry.remove(first)).rejects.toMatchObject({ code: 'store-failed' });
  expect(registry.get(first)?.signer?.counter).toBe(5);
});
