import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig, type RegistrationConfig } from '../../src/base/config.ts';
import { deferred } from '../../src/base/deferred.ts';
import { type DeviceUuid, deviceUuid } from '../../src/base/ids.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { childElements, element } from '../../src/xml/element.ts';
import { dataPoint, description, operation } from '../support/example-description.ts';
import { BenchBridge, leaves, newWorld, until } from './bench-bridge.ts';
import { settingsTree } from './bridge-settings.ts';

const one = deviceUuid('dev-1');
const two = deviceUuid('dev-2');
const text = 'a lamp %s';
const lamp = description({ operations: [operation('on')], dataPoints: [dataPoint('level')] });
const approve = settingsTree({ all: { acceptance: 'approve' } });
const pendingAnswer = 'ERROR;pending;the device waits until a user accepts it';

describe('the acceptance policy approve (mup-protocol §5: a description under another device’s UUID)', () => {
  let bench: BenchBridge;

  const start = async (world = newWorld()): Promise<void> => {
    bench = await BenchBridge.start(world);
    bench.world.reader.knows(text, lamp);
  };
  /** A device describes itself. @returns the bridge's answer */
  const describeItself = async (uuid: DeviceUuid = one, said = text): Promise<string> => {
    const before = bench.answers(uuid).length;
    bench.describe(uuid, said, 1000);
    await until(() => bench.answers(uuid).length > before, 'an answer');
    await bench.settled();
    return bench.answers(uuid).at(-1) ?? '';
  };
  const accept = (device: string = one): Promise<unknown> =>
    bench.call('mup-bridge', 'accept-device', { device });
  const shown = async (): Promise<Record<string, string>[]> => {
    const [devices] = await bench.get(element(bridgeNamespace, 'devices'));
    return devices === undefined ? [] : childElements(devices).map(leaves);
  };
  const modules = (): string[] => bench.backend.modules().map(({ schema }) => schema.name);

  beforeEach(async () => {
    await start();
    bench.world.running.commit(approve);
  });
  afterEach(() => bench.close());

  test('an unknown device is answered that it waits, and is listed as pending, without module or RPCs', async () => {
    expect(await describeItself()).toBe(pendingAnswer);
    const [device] = await shown();
    expect(device).toMatchObject({
      uuid: 'dev-1',
      category: 'Lamp',
      acceptance: 'pending',
      presence: 'online',
    });
    expect(device).not.toHaveProperty('module');
    expect(device).not.toHaveProperty('capability');
    expect(modules()).not.toContain('mqtt-lamp');
    expect(bench.registry.modules()).toEqual([]);
    expect(bench.transport.filters).not.toContain('telemetry/level/+');
  });

  test('one that asks again is answered the same, and told of once', async () => {
    await describeItself();
    expect(await describeItself()).toBe(pendingAnswer);
    expect(bench.world.logger.messages('info').filter((line) => line === 'device pending')).toHaveLength(1);
    expect(bench.world.events.named('device-pending')).toHaveLength(1);
  });

  test('accept-device serves it and answers it, without its asking', async () => {
    await describeItself();
    await accept();
    await bench.settled();
    expect(bench.answers(one).at(-1)).toMatch(/^OK;/);
    expect(await shown()).toMatchObject([{ acceptance: 'accepted', module: 'mqtt-lamp', capability: 'on' }]);
    expect(modules()).toContain('mqtt-lamp');
    bench.play('device/dev-1', 'mup/response/dev-1', () => '10_OK');
    await bench.call('mqtt-lamp', 'on', { uuidInput: one });
  });

  test('accept-device of an accepted device changes nothing, of an unknown one is data-missing', async () => {
    await describeItself();
    await accept();
    const answers = bench.answers(one).length;
    expect(await accept()).toEqual([]);
    expect(bench.answers(one)).toHaveLength(answers);
    await expect(accept('nobody')).rejects.toMatchObject({
      tag: 'data-missing',
      fields: { appTag: 'instance-required', path: 'device' },
    });
  });

  test('RPCs to a pending device are operation-failed, device-pending', async () => {
    await describeItself();
    await accept();
    expect(await describeItself(two)).toBe(pendingAnswer);
    const failure = { tag: 'operation-failed', fields: { appTag: 'device-pending' } };
    await expect(bench.call('mqtt-lamp', 'on', { uuidInput: two })).rejects.toMatchObject(failure);
    const digest = await bench.addImage();
    await expect(bench.call('mup-bridge', 'update-firmware', { device: two, digest })).rejects.toMatchObject(
      failure,
    );
    expect(bench.broker.texts('device/dev-2')).toEqual([]);
  });

  test('both, pending and accepted, stay what they are over a restart', async () => {
    await describeItself(one);
    await describeItself(two);
    await accept(one);
    await bench.close();
    await start(bench.world);
    expect(await shown()).toMatchObject([
      { uuid: 'dev-1', acceptance: 'accepted' },
      { uuid: 'dev-2', acceptance: 'pending' },
    ]);
    expect(await describeItself(two)).toBe(pendingAnswer);
    await accept(two);
    expect(await describeItself(two)).toMatch(/^OK;/);
  });

  test('a device that was accepted stays so, also when it describes itself anew', async () => {
    bench.world.running.commit([]);
    await describeItself();
    bench.world.running.commit(approve);
    expect(await describeItself()).toMatch(/^OK;/);
    bench.world.reader.knows('more', description({ operations: [operation('on'), operation('off')] }));
    expect(await describeItself(one, 'more')).toMatch(/^OK;/);
  });

  test('a pending device is accepted when it asks again under the policy open', async () => {
    await describeItself();
    bench.world.running.commit([]);
    expect(await describeItself()).toMatch(/^OK;/);
    expect(bench.world.events.events.map(({ content }) => content.name)).toEqual([
      'device-pending',
      'device-registered',
    ]);
  });

  test('the policy may be that of a category, or of one device', async () => {
    bench.world.running.commit(
      settingsTree({
        categories: { Lamp: { acceptance: 'approve' } },
        devices: { 'dev-2': { acceptance: 'open' } },
      }),
    );
    expect(await describeItself(one)).toBe(pendingAnswer);
    expect(await describeItself(two)).toMatch(/^OK;/);
    bench.world.reader.knows('a pump', description({ category: 'Pump' }));
    expect(await describeItself(deviceUuid('dev-3'), 'a pump')).toMatch(/^OK;/);
  });

  test('registration.acceptance holds where nothing is configured', async () => {
    await bench.close();
    bench = await BenchBridge.start(newWorld(), {
      registration: { ...defaultConfig.registration, acceptance: 'approve' },
    });
    bench.world.reader.knows(text, lamp);
    expect(await describeItself()).toBe(pendingAnswer);
  });

  test('remove-device forgets a pending device; it may come back, pending again', async () => {
    await describeItself();
    await bench.call('mup-bridge', 'remove-device', { device: one });
    expect(await shown()).toEqual([]);
    expect(bench.world.store.keys('templates')).toEqual([]);
    expect(await describeItself()).toBe(pendingAnswer);
  });

  describe('strangers without number (registration.maxPendingDevices)', () => {
    const three = deviceUuid('dev-3');
    const restart = async (changes: Partial<RegistrationConfig>): Promise<void> => {
      await bench.close();
      const registration = { ...defaultConfig.registration, ...changes };
      bench = await BenchBridge.start(bench.world, { registration });
    };

    test('the pending device that was silent the longest makes room for another', async () => {
      await restart({ maxPendingDevices: 2 });
      await describeItself(one);
      bench.clock.advance(1000);
      await describeItself(two);
      bench.clock.advance(1000);
      await describeItself(one);
      expect(await describeItself(three)).toBe(pendingAnswer);
      expect((await shown()).map((device) => device['uuid'])).toEqual(['dev-1', 'dev-3']);
      expect(bench.world.events.named('device-removed')).toHaveLength(1);
      expect(bench.world.logger.messages('warn')).toEqual(['a pending device made room for another']);
    });

    test('strangers that come all at once are no more than registration.maxPendingDevices either', async () => {
      await restart({ maxPendingDevices: 2 });
      for (const uuid of [one, two]) await describeItself(uuid);
      const strangers = Array.from({ length: 20 }, (_, n) => deviceUuid(`stranger-${n}`));
      for (const uuid of strangers) bench.describe(uuid, text, 1000);
      await until(() => strangers.every((uuid) => bench.answers(uuid).length > 0), 'answers to all');
      await bench.settled();
      expect(bench.registry.pending).toBe(2);
      expect(await shown()).toHaveLength(2);
      const { events } = bench.world;
      expect(events.named('device-pending').length - events.named('device-removed').length).toBe(2);
    });

    test('one that has to go again while it is written is not told of as pending', async () => {
      await restart({ maxPendingDevices: 1 });
      const written = deferred();
      bench.world.store.delay = ({ key, kind }) =>
        key === one && kind === 'put' ? written.promise : undefined;
      bench.describe(one, text, 1000);
      await until(() => bench.registry.isPending(one), 'its registration');
      const removing = bench.call('mup-bridge', 'remove-device', { device: one });
      written.resolve();
      await removing;
      await until(() => bench.answers(one).length > 0, 'an answer');
      expect(bench.world.events.named('device-pending')).toEqual([]);
    });

    test('they leave the devices alone that were accepted, and their places', async () => {
      await restart({ maxDevices: 2, maxPendingDevices: 1 });
      await describeItself(one);
      await accept(one);
      for (const n of [4, 5, 6]) await describeItself(deviceUuid(`dev-${n}`));
      expect(await describeItself(two)).toBe(pendingAnswer);
      await accept(two);
      expect(await shown()).toMatchObject([
        { uuid: 'dev-1', acceptance: 'accepted' },
        { uuid: 'dev-2', acceptance: 'accepted' },
      ]);
    });

    test('more than registration.maxDevices are not accepted', async () => {
      await restart({ maxDevices: 1 });
      await describeItself(one);
      await describeItself(two);
      await accept(one);
      await expect(accept(two)).rejects.toThrow('1 devices are registered');
      expect(await shown()).toMatchObject([{ acceptance: 'accepted' }, { acceptance: 'pending' }]);
    });
  });

  test('a pending device keeps nobody from a topic; whoever is accepted first has it', async () => {
    const thief = description({
      operations: [operation('on', { topic: 'shared/dev-1/dev-2', answerTopic: 'mup/response/dev-1' })],
    });
    const owner = description({
      uuid: two,
      operations: [operation('on', { topic: 'shared/dev-1/dev-2', answerTopic: 'mup/response/dev-2' })],
    });
    bench.world.reader.knows('the thief', thief);
    bench.world.reader.knows('the owner', owner);
    expect(await describeItself(one, 'the thief')).toBe(pendingAnswer);
    expect(await describeItself(two, 'the owner')).toBe(pendingAnswer);
    await accept(two);
    await expect(accept(one)).rejects.toMatchObject({
      tag: 'operation-failed',
      fields: { appTag: 'registration-failed' },
    });
    expect(await shown()).toMatchObject([{ acceptance: 'pending' }, { acceptance: 'accepted' }]);
  });

  test('a full disk leaves a device pending, and the next accept-device serves it', async () => {
    await describeItself();
    bench.world.store.fault = ({ collection }) =>
      collection === 'devices' ? new Error('the disk is full') : undefined;
    await expect(accept()).rejects.toThrow('the disk is full');
    expect(await shown()).toMatchObject([{ acceptance: 'pending' }]);
    bench.world.store.fault = undefined;
    await accept();
    expect(await shown()).toMatchObject([{ acceptance: 'accepted' }]);
  });
});
