import { describe, expect, test } from '@jest/globals';
import { description, operation } from '../support/example-description.ts';
import {
  clock,
  first,
  on,
  onOff,
  open,
  registry,
  restart,
  second,
  store,
  template,
  third,
} from './registry-fixture.ts';

describe('the device registry, acceptance and presence', () => {
  describe('of devices that nobody has accepted', () => {
    test('holds them without a module, also over a restart, until they are accepted', async () => {
      expect(await registry.hold(first, on)).toBe(true);
      expect(registry.isPending(first)).toBe(true);
      expect(registry.modules()).toEqual([]);
      await restart();
      expect(registry.isPending(first)).toBe(true);
      expect(registry.describe(first)?.operations).toHaveLength(1);
      const registration = await registry.accept(first);
      expect(registration).toMatchObject({ outcome: 'registered', device: { module: 'mqtt-lamp' } });
      expect((await open()).get(first)).toEqual({ ...registry.get(first), presence: 'unknown' });
      expect(await registry.accept(first)).toBeUndefined();
      expect(await registry.accept(second)).toBeUndefined();
    });

    test('says whether there is anything new in what they say, and writes nothing where there is not', async () => {
      await registry.hold(first, on);
      const writes = store.calls.length;
      expect(await registry.hold(first, on)).toBe(false);
      expect(store.calls).toHaveLength(writes);
      expect(await registry.hold(first, onOff)).toBe(true);
      expect(store.keys('templates')).toEqual([onOff.digest]);
    });

    test('refuses what cannot be said in YANG at once, and has them accepted as far as there is room', async () => {
      const twice = template(description({ operations: [operation('on'), operation('on')] }));
      await expect(registry.hold(first, twice)).rejects.toThrow();
      expect(registry.get(first)).toBeUndefined();
      await restart(1);
      await registry.hold(first, on);
      await registry.hold(second, on);
      await registry.accept(first);
      await expect(registry.accept(second)).rejects.toMatchObject({ code: 'too-many-devices' });
      await expect(registry.register(second, on)).rejects.toMatchObject({ code: 'too-many-devices' });
      expect(registry.isPending(second)).toBe(true);
    });

    test('is as it was before when the disk is full', async () => {
      store.fault = ({ collection }) =>
        collection === 'devices' ? new Error('the disk is full') : undefined;
      await expect(registry.hold(first, on)).rejects.toThrow('the disk is full');
      expect([registry.get(first), registry.template(on.digest)]).toEqual([undefined, undefined]);
      store.fault = undefined;
      await registry.hold(first, on);
    });
  });

  describe('tells of presence', () => {
    test('what comes from a device is being seen, and says nothing of presence', async () => {
      await registry.register(first, on);
      await registry.heard(first, 'offline');
      clock.advance(5000);
      registry.seen(first);
      registry.seen(second);
      expect(registry.get(first)).toMatchObject({ presence: 'offline', lastSeen: clock.now() });
      expect(registry.get(second)).toBeUndefined();
    });

    test('devices of the prototype say nothing of their presence', async () => {
      await registry.register(first, template(description({ profile: 'myno' })));
      await registry.register(second, template(description({ profile: 'mup' })));
      expect([...registry.all()].map(({ presence }) => presence)).toEqual(['unknown', 'online']);
    });

    test('presence: offline is not being seen; a version is kept over a restart, and by silence', async () => {
      await registry.register(first, on);
      const seen = clock.now();
      clock.advance(5000);
      await registry.heard(first, 'offline');
      expect(registry.get(first)).toMatchObject({ presence: 'offline', lastSeen: seen });
      await registry.heard(first, 'online', 3);
      await registry.heard(first, 'online');
      expect(registry.get(first)).toMatchObject({
        presence: 'online',
        lastSeen: seen + 5000,
        firmwareVersion: 3,
      });
      expect((await open()).get(first)?.firmwareVersion).toBe(3);
      await registry.heard(second, 'online', 9);
      expect(registry.get(second)).toBeUndefined();
    });

    let told: string[];
    const listen = (): void => {
      told = [];
      registry.onPresence(({ uuid, presence, firmwareVersion }) =>
        told.push(`${uuid} ${presence} ${firmwareVersion}`),
      );
    };

    test('when a device comes, goes or runs another firmware, and at nothing else', async () => {
      await registry.register(first, on);
      listen();
      await registry.heard(first, 'online', 1);
      await registry.heard(first, 'online', 1);
      await registry.heard(first, 'online');
      await registry.heard(first, 'offline');
      await registry.heard(first, 'offline');
      registry.seen(first);
      await registry.register(first, on);
      await registry.heard(first, 'online', 2);
      await registry.heard(second, 'online', 2);
      expect(told).toEqual(['dev-1 online 1', 'dev-1 offline 1', 'dev-1 online 1', 'dev-1 online 2']);
    });

    test('after a restart not of devices that are there as before', async () => {
      for (const uuid of [first, second, third]) {
        await registry.register(uuid, on);
        await registry.heard(uuid, 'online', 1);
      }
      await restart();
      listen();
      await registry.heard(first, 'online', 1);
      await registry.heard(second, 'online', 2);
      await registry.heard(third, 'offline');
      expect(told).toEqual(['dev-2 online 2', 'dev-3 offline 1']);
    });
  });
});
