import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import { type DeviceUuid, deviceUuid } from '../../src/base/ids.ts';
import { unrestricted } from '../../src/netconf/access/user-access.ts';
import type { RpcInput, RpcOutput } from '../../src/netconf/backend.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import type { RpcError } from '../../src/netconf/rpc-error.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { dataPoint, description, field, operation } from '../support/example-description.ts';
import { BenchBridge, leaves, newWorld, until } from './bench-bridge.ts';

const floor = deviceUuid('floor');
const [a, b, c] = ['lamp-a', 'lamp-b', 'lamp-c'].map((name) => deviceUuid(name)) as [
  DeviceUuid,
  DeviceUuid,
  DeviceUuid,
];
const byte = { kind: 'scalar', datatype: 'unsignedByte' } as const;
const ok = [{ name: 'OK' }, { name: '12_ERROR', text: 'It is broken.' }];

const lamp = description({
  operations: [
    operation('dim', { inputs: [field('level', byte)], outputs: [field('before', byte)], states: ok }),
    operation('token', { role: 'token', topic: 'token/dev-1' }),
  ],
  dataPoints: [dataPoint('warmth', { type: { kind: 'scalar', datatype: 'decimal', fractionDigits: 1 } })],
});

function virtual(changes: Partial<DeviceDescription> = {}): DeviceDescription {
  const noTopics = { mqttMethod: '', topic: '', answerTopic: '' };
  return description({
    uuid: floor,
    category: 'Floor',
    profile: 'virtual',
    members: { uuids: [], categories: ['Lamp'] },
    operations: [
      operation('dim', {
        ...noTopics,
        inputs: [field('level', { ...byte, datatype: 'int' })],
        outputs: [field('before', byte)],
        states: ok,
      }),
      operation('token', noTopics),
      operation('ring', noTopics),
    ],
    dataPoints: [
      dataPoint('warmth', { topic: '', type: { kind: 'scalar', datatype: 'decimal', fractionDigits: 1 } }),
    ],
    ...changes,
  });
}

/** Elements as nested arrays: name and text, or name and children. */
type Shown = readonly [string, string | readonly Shown[]];
const shown = (one: XmlElement): Shown => {
  const children = childElements(one);
  return [one.name, children.length === 0 ? textOf(one) : children.map(shown)];
};

const done = (uuid: DeviceUuid, before = '7'): Shown => [
  'member',
  [
    ['uuid', uuid],
    ['retval', 'OK'],
    ['before', before],
  ],
];
const failed = (uuid: DeviceUuid, tag: string, appTag: string, message: unknown): unknown => [
  'member',
  [
    ['uuid', uuid],
    [
      'failure',
      [['error-tag', tag], ...(appTag === '' ? [] : [['error-app-tag', appTag]]), ['error-message', message]],
    ],
  ],
];

describe('a virtual device', () => {
  let bench: BenchBridge;

  const install = async (changes: Partial<DeviceDescription> = {}, text = 'floor'): Promise<RpcOutput> => {
    bench.world.reader.knows(text, virtual(changes));
    return bench.call('mup-bridge', 'add-device', { device: floor, description: text });
  };
  const join = async (uuid: DeviceUuid, answer = 'OK;7'): Promise<string[]> => {
    await bench.register(lamp, 'lamp', uuid);
    return bench.play(`device/${uuid}`, `mup/response/${uuid}`, () => answer);
  };
  const dim = async (level = '5', more: RpcInput = {}): Promise<readonly Shown[]> =>
    (await bench.call('mqtt-floor', 'dim', { uuidInput: floor, level, ...more })).map(shown);
  const failure = (call: Promise<unknown>): Promise<RpcError> =>
    call.then(
      () => {
        throw new Error('it was done');
      },
      (error: RpcError) => error,
    );
  const entry = async (): Promise<XmlElement | undefined> => {
    const [devices] = await bench.get(element(bridgeNamespace, 'devices'));
    return (devices === undefined ? [] : childElements(devices)).find(
      (device) => leaves(device)['uuid'] === floor,
    );
  };
  const values = async (name: string): Promise<string[]> => {
    const device = await entry();
    const found = device === undefined ? [] : childElements(device).filter((one) => one.name === name);
    return found.map(textOf);
  };

  beforeEach(async () => {
    bench = await BenchBridge.start();
  });
  afterEach(() => bench.close());

  test('calls each member, and says what each did', async () => {
    await install();
    const requests = [await join(b), await join(a, 'OK;9')];
    expect(await dim()).toEqual([['retval', 'OK'], done(a, '9'), done(b)]);
    expect(requests).toEqual([['DIM;5'], ['DIM;5']]);
  });

  test('has the members that are there at the moment', async () => {
    await install();
    expect(await failure(dim())).toMatchObject({
      tag: 'operation-not-supported',
      code: 'capability-missing',
    });
    expect([await values('member'), await values('capability')]).toEqual([[], []]);
    await join(a);
    expect(await dim()).toEqual([['retval', 'OK'], done(a)]);
    await join(b);
    expect(await dim()).toEqual([['retval', 'OK'], done(a), done(b)]);
    expect([await values('member'), await values('capability')]).toEqual([[a, b], ['dim']]);
    await bench.call('mup-bridge', 'remove-device', { device: a });
    expect(await dim()).toEqual([['retval', 'OK'], done(b)]);
    await join(a);
    expect(await dim()).toEqual([['retval', 'OK'], done(a), done(b)]);
  });

  test('that names its members tells of those that are not there', async () => {
    await install({ members: { uuids: [a, c], categories: [] } });
    await join(a);
    await join(b);
    expect(await dim()).toEqual([
      ['retval', 'PARTIAL'],
      done(a),
      failed(c, 'data-missing', 'instance-required', `no device ${c} is registered`),
    ]);
    await join(c);
    expect(await dim()).toEqual([['retval', 'OK'], done(a), done(c)]);
  });

  test('fails for some members: offline, broken, with other types', async () => {
    await install();
    await join(a, 'OK;300');
    await join(b, '12_ERROR');
    await join(c);
    const offline = deviceUuid('lamp-d');
    await join(offline);
    bench.broker.inject(`mup/status/${offline}`, 'offline');
    await bench.settled();
    expect(await dim()).toEqual([
      ['retval', 'PARTIAL'],
      failed(a, 'operation-failed', 'device-answer-invalid', expect.stringContaining('before')),
      failed(b, 'operation-failed', 'device-error', expect.stringContaining('It is broken.')),
      done(c),
      failed(offline, 'operation-failed', 'device-offline', `device ${offline} is offline`),
    ]);
  });

  test('checks its input with the module of each member', async () => {
    await install();
    await bench.register(
      description({
        category: 'Lamp',
        operations: [operation('dim', { inputs: [field('level', { ...byte, datatype: 'int' })] })],
      }),
      'another lamp',
      b,
    );
    await join(a);
    bench.play(`device/${b}`, `mup/response/${b}`, () => 'OK');
    expect(bench.registry.get(a)?.module).not.toBe(bench.registry.get(b)?.module);
    const mixed = await dim('300');
    expect(mixed).toEqual([
      ['retval', 'PARTIAL'],
      failed(a, 'invalid-value', '', expect.stringContaining('0 to 255')),
      [
        'member',
        [
          ['uuid', b],
          ['retval', 'OK'],
        ],
      ],
    ]);
  });

  test('fails as a whole when all members failed, and says why each did', async () => {
    await install();
    await join(a, '12_ERROR');
    await join(b, 'nonsense');
    const error = await failure(dim());
    expect(error).toMatchObject({
      tag: 'operation-failed',
      code: 'members-failed',
      message: expect.stringContaining(`${a}: the device answered 12_ERROR: It is broken.; ${b}: `),
    });
    expect(error.fields.info?.map((one) => leaves(one))).toMatchObject([
      { uuid: a, 'error-tag': 'operation-failed', 'error-app-tag': 'device-error' },
      { uuid: b, 'error-tag': 'operation-failed', 'error-app-tag': 'device-answer-invalid' },
    ]);
  });

  test('answers at its own deadline for members that do not', async () => {
    await install();
    await join(a);
    await bench.register(lamp, 'lamp', b);
    const answer = dim();
    await bench.settled();
    bench.clock.advance(10_000);
    expect(await answer).toEqual([
      ['retval', 'PARTIAL'],
      done(a),
      failed(b, 'operation-failed', 'device-timeout', `device ${b} did not answer in time`),
    ]);
  });

  test('never takes part in an update', async () => {
    await install();
    await join(a);
    expect(await failure(bench.call('mqtt-floor', 'token', { uuidInput: floor }))).toMatchObject({
      code: 'capability-missing',
    });
    const digest = await bench.addImage();
    const [job] = await bench.call('mup-bridge', 'update-firmware', { device: floor, digest });
    await bench.settled();
    expect(await bench.job(job === undefined ? '' : textOf(job))).toMatchObject({
      state: 'failed',
      failure: 'not-updatable',
    });
  });

  test('shows its members only to those who may see them, and calls only those', async () => {
    await install({ members: { uuids: [c], categories: ['Lamp'] } });
    const hidden = await join(a);
    await join(b);
    bench.broker.inject(`telemetry/warmth/${a}`, '20.5');
    await bench.settled();
    bench.access = {
      ...unrestricted,
      mayRead: (path) => path.every(({ keys }) => keys?.['uuid'] !== a && keys?.['uuid'] !== c),
    };
    expect(await dim()).toEqual([['retval', 'OK'], done(b)]);
    expect(hidden).toEqual([]);
    expect(await values('member')).toEqual([b]);
    expect((await bench.get()).filter(({ namespace }) => namespace === 'urn:mup:yang:mqtt-floor')).toEqual(
      [],
    );
    bench.access = { ...unrestricted, mayCall: (namespace) => namespace !== 'urn:mup:yang:mqtt-lamp' };
    expect(await failure(dim())).toMatchObject({ message: expect.stringContaining('you may not call dim') });
  });

  test('measures what its members measure', async () => {
    await install();
    await join(a);
    await join(b);
    await join(c);
    bench.broker.inject(`telemetry/warmth/${a}`, '20.50');
    bench.broker.inject(`telemetry/warmth/${b}`, '-3');
    await bench.settled();
    const found = (await bench.get()).filter(({ namespace }) => namespace === 'urn:mup:yang:mqtt-floor');
    const measured = (value: string): Shown => [
      'warmth',
      [
        ['value', value],
        ['time', '2026-01-01T00:00:00.000Z'],
      ],
    ];
    expect(found.map(shown)).toEqual([
      [
        'telemetry',
        [
          [
            'device',
            [
              ['uuid', floor],
              ['member', [['uuid', a], measured('20.5')]],
              ['member', [['uuid', b], measured('-3.0')]],
            ],
          ],
        ],
      ],
    ]);
  });

  test('is online while a member is, and says when that changes', async () => {
    await install();
    expect(await values('presence')).toEqual(['unknown']);
    await join(a);
    await join(b);
    expect(await values('presence')).toEqual(['online']);
    bench.clock.advance(100);
    for (const uuid of [a, b]) {
      bench.broker.inject(`mup/status/${uuid}`, 'offline');
      await bench.settled();
      bench.clock.advance(100);
    }
    expect(await values('presence')).toEqual(['offline']);
    bench.broker.inject(`mup/status/${b}`, 'online;1');
    await bench.settled();
    bench.clock.advance(100);
    const told = bench.world.events.named('device-presence').map((one) => leaves(one.content));
    expect(told.filter(({ uuid }) => uuid === floor)).toMatchObject([
      { presence: 'offline' },
      { presence: 'online' },
    ]);
  });

  test('is never a member, so that calls do not go round in circles', async () => {
    await install({ members: { uuids: [floor], categories: ['Floor', 'Lamp'] } });
    await join(a);
    expect(await dim()).toEqual([
      ['retval', 'PARTIAL'],
      failed(floor, 'operation-not-supported', 'capability-missing', expect.anything()),
      done(a),
    ]);
  });

  test('is described by an operator alone', async () => {
    bench.world.reader.knows('floor', virtual());
    bench.describe(floor, 'floor');
    await until(() => bench.answers(floor).length > 0, 'an answer');
    expect(bench.answers(floor)[0]).toMatch(/^ERROR;other-profile;/);
    expect(bench.registry.get(floor)).toBeUndefined();
  });

  test('survives a restart, and may become another device', async () => {
    await install();
    await join(a);
    await bench.close();
    bench = await BenchBridge.start(bench.world);
    bench.play(`device/${a}`, `mup/response/${a}`, () => 'OK;1');
    expect(await values('member')).toEqual([a]);
    const { members: _, ...plain } = virtual({ profile: 'native' });
    bench.world.reader.knows('plain', {
      ...plain,
      operations: [operation('dim', { topic: 'x/y', answerTopic: 'x/z' })],
      dataPoints: [],
    });
    await bench.call('mup-bridge', 'add-device', { device: floor, description: 'plain' });
    expect(await values('member')).toEqual([]);
    expect(bench.registry.get(floor)?.module).toBe('mqtt-floor-2');
  });
});

test('a call of a virtual device goes to rpc.maxMembers at most', async () => {
  const bench = await BenchBridge.start(newWorld(), { rpc: { ...defaultConfig.rpc, maxMembers: 2 } });
  bench.world.reader.knows('floor', virtual());
  await bench.call('mup-bridge', 'add-device', { device: floor, description: 'floor' });
  for (const uuid of [a, b, deviceUuid('lamp-3')]) await bench.register(lamp, 'lamp', uuid);
  await expect(bench.call('mqtt-floor', 'dim', { uuidInput: floor, level: '1' })).rejects.toMatchObject({
    tag: 'resource-denied',
    fields: { appTag: 'too-many-members' },
  });
  await bench.close();
});

test('calls of virtual devices leave half of the requests in flight to others', async () => {
  const bench = await BenchBridge.start(newWorld(), {
    rpc: { ...defaultConfig.rpc, timeoutMs: 1000, maxInFlight: 6, maxInFlightPerDevice: 4 },
  });
  bench.world.reader.knows('floor', virtual());
  await bench.call('mup-bridge', 'add-device', { device: floor, description: 'floor' });
  await bench.register(lamp, 'lamp', a);
  await bench.register(lamp, 'lamp', b);
  const call = (): Promise<RpcOutput> => bench.call('mqtt-floor', 'dim', { uuidInput: floor, level: '1' });
  const first = call().catch((error: RpcError) => error.code);
  await bench.settled();
  await expect(call()).rejects.toMatchObject({ tag: 'resource-denied', code: 'too-many-requests' });
  bench.clock.advance(1000);
  expect(await first).toBe('members-failed');
  await bench.close();
});
