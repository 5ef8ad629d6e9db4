import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { deferred } from '../../src/base/deferred.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { parseRegistrationAnswer } from '../../src/mup/endorsement.ts';
import type { RpcError } from '../../src/netconf/rpc-error.ts';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import { childElements, textOf } from '../../src/xml/element.ts';
import { dataPoint, description, operation } from '../support/example-description.ts';
import { BenchBridge, leaves, newWorld, until } from './bench-bridge.ts';

const one = deviceUuid('dev-1');
const two = deviceUuid('dev-2');

const plug = description({
  category: 'Plug',
  profile: 'native',
  operations: [operation('on', { topic: 'cmnd/plug/POWER', answerTopic: 'stat/plug/RESULT' })],
  dataPoints: [dataPoint('power', { topic: 'tele/plug/SENSOR' })],
});

describe('descriptions that an operator brings', () => {
  let bench: BenchBridge;

  const start = async (world = bench.world): Promise<void> => {
    bench = await BenchBridge.start(world);
  };
  const add = (text: string, device = one) =>
    bench.call('mup-bridge', 'add-device', { device, description: text });
  const failure = (call: Promise<unknown>): Promise<RpcError> =>
    call.then(
      () => {
        throw new Error('it was done');
      },
      (error: RpcError) => error,
    );
  const knows = (text: string, changes: Partial<DeviceDescription> = {}): void => {
    bench.world.reader.knows(text, { ...plug, ...changes });
  };
  const entry = async (uuid = one): Promise<Record<string, string>> => {
    const devices = (await bench.get()).find(({ name }) => name === 'devices');
    const entries = devices === undefined ? [] : childElements(devices).map(leaves);
    return entries.find((device) => device['uuid'] === uuid) ?? {};
  };

  beforeEach(async () => {
    await start(newWorld());
    knows('plug');
  });
  afterEach(() => bench.close());

  test('register a device whose topics do not name it, accepted whatever the policy is', async () => {
    await bench.close();
    bench = await BenchBridge.start(bench.world, {
      registration: { ...defaultConfig.registration, acceptance: 'approve' },
    });
    knows('plug', { remarks: ['a remark', 'another'] });
    const output = await add('plug');
    expect(output.map((leaf) => [leaf.name, textOf(leaf)])).toEqual([
      ['module', 'mqtt-plug'],
      ['remark', 'a remark'],
      ['remark', 'another'],
    ]);
    expect(await entry()).toMatchObject({
      'described-by': 'operator',
      profile: 'native',
      acceptance: 'accepted',
      presence: 'unknown',
      capability: 'on',
    });
    expect(bench.world.events.named('device-registered')).toHaveLength(1);
    // Nobody asked over MQTT.
    expect(bench.answers(one)).toEqual([]);
  });

  test('may be changed by the operator, and not by whoever speaks over MQTT', async () => {
    await add('plug');
    knows('two buttons', { operations: [...plug.operations, operation('off', { topic: 'cmnd/plug/OFF' })] });
    await add('two buttons');
    expect(bench.registry.describe(one)?.operations).toHaveLength(2);
    bench.world.reader.knows('stolen', description());
    bench.describe(one, 'stolen');
    await until(() => bench.answers(one).length > 0, 'an answer');
    expect(parseRegistrationAnswer(bench.answers(one)[0] ?? '')).toMatchObject({
      kind: 'refused',
      code: 'described-by-operator',
    });
    expect(bench.registry.describe(one)?.operations).toHaveLength(2);
  });

  test('do not take the place of a device that has described itself', async () => {
    await bench.register(description());
    expect(await failure(add('plug'))).toMatchObject({ tag: 'data-exists', code: 'device-exists' });
    expect(await entry()).toMatchObject({ 'described-by': 'device', category: 'Lamp' });
  });

  test('that are brought at once do not share topics: the first has them while it is being written', async () => {
    const written = deferred();
    bench.world.store.delay = ({ key }) => (key === one ? written.promise : undefined);
    const first = add('plug', one);
    await until(() => bench.registry.get(one) !== undefined, 'its registration');
    const second = failure(add('plug', two));
    await until(() => bench.world.reader.asked.length === 2, 'both to be read');
    await bench.settled();
    written.resolve();
    await first;
    expect(await second).toMatchObject({ fields: { appTag: 'bad-description' } });
    expect(bench.registry.get(two)).toBeUndefined();
  });

  test('are not kept of a device that is removed while they are', async () => {
    const written = deferred();
    bench.world.store.delay = ({ collection }) =>
      collection === 'descriptions' ? written.promise : undefined;
    const adding = add('plug');
    await until(() => bench.registry.get(one) !== undefined, 'its registration');
    const removing = bench.call('mup-bridge', 'remove-device', { device: one });
    written.resolve();
    await Promise.all([adding, removing]);
    expect(bench.world.store.keys('descriptions')).toEqual([]);
  });

  test('make no device of whoever speaks of its presence on mup/status', async () => {
    bench.broker.inject(`mup/status/${one}`, 'online;7', { retain: true });
    await add('plug');
    bench.broker.inject(`mup/status/${one}`, 'offline', { retain: true });
    await bench.settled();
    expect(await entry()).toMatchObject({ presence: 'unknown' });
    expect(await entry()).not.toHaveProperty('firmware-version');
  });

  test('survive a restart, also one in which the registry lost them, and are gone when they are removed', async () => {
    await add('plug');
    await bench.close();
    await start();
    expect(await entry()).toMatchObject({ 'described-by': 'operator' });
    await bench.close();
    await bench.world.store.delete('devices', one);
    await bench.world.store.delete('templates', bench.registry.get(one)?.description ?? '');
    await start();
    await until(() => bench.registry.get(one) !== undefined, 'its registration');
    expect(bench.world.store.keys('descriptions')).toEqual([one]);
    await bench.call('mup-bridge', 'remove-device', { device: one });
    expect(bench.world.store.keys('descriptions')).toEqual([]);
    await bench.close();
    await start();
    expect(bench.registry.get(one)).toBeUndefined();
  });

  test('that cannot be read any more are told of in the log, and the others are in force', async () => {
    await add('plug');
    await bench.close();
    await bench.world.store.put('descriptions', two, { uuid: two, text: 'of an older version' });
    await start();
    await until(() => bench.world.logger.messages('error').length > 0, 'a complaint');
    expect(bench.world.logger.messages('error')).toEqual(['an installed description is not in force']);
    expect(bench.registry.get(one)).toBeDefined();
  });

  test('that are wrong are refused with an error for each finding', async () => {
    const finding = (node: string) => ({
      node,
      path: 'myno:mqttTopic',
      found: 'nothing',
      expected: 'a topic',
      message: 'An operation has a topic.',
      example: '"a/b"',
    });
    bench.world.reader.answers('bad', async () => {
      throw new DescriptionError('description-invalid', 'wrong', [finding('myno:a'), finding('myno:b')]);
    });
    const error = await failure(add('bad'));
    expect(error).toMatchObject({ tag: 'invalid-value', code: 'bad-description' });
    expect(error.message).toContain('myno:a myno:mqttTopic: An operation has a topic.');
    expect(error.fields.further?.map(({ message }) => message)).toEqual([expect.stringContaining('myno:b')]);
    expect(bench.registry.get(one)).toBeUndefined();
    expect(bench.world.store.keys('descriptions')).toEqual([]);
  });

  test.each<[string, Partial<DeviceDescription>]>([
    ['a wildcard', { operations: [operation('x', { topic: 'cmnd/+/POWER' })] }],
    ['a system topic', { dataPoints: [dataPoint('x', { topic: '$SYS/broker/uptime' })] }],
    ['the bridge’s own topics', { operations: [operation('x', { topic: 'mup/description/dev-2' })] }],
    ['the bootstrap of the prototype', { operations: [operation('x', { topic: 'yang/config/delete' })] }],
    ['the answers of other devices', { dataPoints: [dataPoint('x', { topic: 'response/dev-2' })] }],
    ['firmware of other devices', { operations: [operation('x', { topic: 'mup/firmware/dev-2/image' })] }],
  ])('that name %s are refused', async (_, changes) => {
    knows('topics', changes);
    expect(await failure(add('topics'))).toMatchObject({
      tag: 'invalid-value',
      code: 'bad-description',
      message: expect.stringContaining('topic'),
    });
  });

  test('may not name the topics of another device, and their own are no one else’s', async () => {
    await bench.register(description({ dataPoints: [dataPoint('t', { topic: 'sensor/dev-1' })] }));
    knows('steals', { uuid: two, dataPoints: [dataPoint('t', { topic: 'sensor/dev-1' })] });
    expect((await failure(add('steals', two))).message).toContain('belongs to device dev-1');
    knows('another plug', { uuid: two });
    await add('another plug', two);
    const three = deviceUuid('dev-3');
    knows('same topics', { uuid: three });
    expect((await failure(add('same topics', three))).message).toContain('belongs to device dev-2');
    // A device that is called as a level of them, too.
    const tele = deviceUuid('tele');
    bench.world.reader.knows('tele', description({ uuid: tele, dataPoints: plug.dataPoints }));
    bench.describe(tele, 'tele');
    await until(() => bench.answers(tele).length > 0, 'an answer');
    expect(bench.answers(tele)[0]).toMatch(/^ERROR;bad-topic;/);
    // Once it is gone they are free.
    await bench.call('mup-bridge', 'remove-device', { device: two });
    await add('same topics', three);
  });

  test('a device of profile native cannot describe itself', async () => {
    bench.world.reader.knows(
      'native',
      description({ profile: 'native', operations: [operation('x', { topic: 'x/dev-1' })] }),
    );
    bench.describe(one, 'native');
    await until(() => bench.answers(one).length > 0, 'an answer');
    expect(bench.answers(one)[0]).toMatch(/^ERROR;other-profile;/);
  });

  test('a user who may not see a device cannot describe it', async () => {
    bench.access = { ...bench.access, mayRead: () => false };
    expect(await failure(add('plug'))).toMatchObject({ tag: 'access-denied' });
    expect(bench.world.reader.asked).toEqual([]);
  });

  test('a name that is no UUID is refused', async () => {
    await expect(add('plug', 'a b' as typeof one)).rejects.toMatchObject({ code: 'bad-uuid' });
  });
});
