import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deviceUuid } from '../../src/base/ids.ts';
import { type UserAccess, unrestricted } from '../../src/netconf/access/user-access.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { dataPoint, description, operation } from '../support/example-description.ts';
import { BenchBridge } from './bench-bridge.ts';

const seen = deviceUuid('dev-1');
const hidden = deviceUuid('dev-2');
const never = deviceUuid('dev-3');
const lamp = description({
  operations: [operation('on')],
  dataPoints: [dataPoint('mode', { type: { kind: 'enumeration', values: [{ name: 'day' }] } })],
});
const module = 'mqtt-lamp';

/** Someone who may read all but one device. */
const operator: UserAccess = {
  ...unrestricted,
  mayRead: (path) => path.every(({ keys }) => keys?.['uuid'] !== hidden),
};

const node = (name: string, children: readonly XmlElement[] | string = []): XmlElement =>
  element(bridgeNamespace, name, children);

describe('devices that a user may not read (RFC 8341 §3.4.5) are unknown to that user', () => {
  let bench: BenchBridge;
  let job: string;

  beforeEach(async () => {
    bench = await BenchBridge.start();
    await bench.register(lamp, 'lamp', seen);
    await bench.register(lamp, 'lamp', hidden);
    for (const uuid of [seen, hidden]) bench.broker.inject(`telemetry/mode/${uuid}`, 'day');
    // So that the update waits.
    bench.broker.inject(`mup/status/${hidden}`, 'offline');
    await bench.settled();
    const digest = await bench.addImage();
    const [output] = await bench.call('mup-bridge', 'update-firmware', { device: hidden, digest });
    job = output === undefined ? '' : textOf(output);
    await bench.settled();
    bench.access = operator;
  });
  afterEach(() => bench.close());

  /** UUIDs in one list of what `get` answers. */
  const listed = async (top: string, key: string, ...filter: XmlElement[]): Promise<string[]> =>
    (await bench.get(...filter))
      .filter(({ name }) => name === top)
      .flatMap(childElements)
      .flatMap(childElements)
      .filter(({ name }) => name === key)
      .map(textOf);
  const failure = (pending: Promise<unknown>): Promise<{ message: string }> =>
    pending.then(
      () => {
        throw new Error('it did not fail');
      },
      (error: unknown) => error as { message: string },
    );

  test('in the list of devices, in telemetry and in update jobs', async () => {
    expect(await listed('devices', 'uuid')).toEqual([seen]);
    expect(await listed('telemetry', 'uuid')).toEqual([seen]);
    expect(await listed('update-jobs', 'device')).toEqual([]);
    bench.access = unrestricted;
    expect(await listed('devices', 'uuid')).toEqual([seen, hidden]);
    expect(await listed('telemetry', 'uuid')).toEqual([seen, hidden]);
    expect(await listed('update-jobs', 'device')).toEqual([hidden]);
  });

  test('also when a filter names them', async () => {
    const device = node('devices', [node('device', [node('uuid', hidden)])]);
    expect(await listed('devices', 'uuid', device)).toEqual([]);
    expect(
      await listed('update-jobs', 'device', node('update-jobs', [node('job', [node('id', job)])])),
    ).toEqual([]);
    const namespace = `urn:mup:yang:${module}`;
    const entry = element(namespace, 'telemetry', [
      element(namespace, 'device', [element(namespace, 'uuid', hidden)]),
    ]);
    expect(await listed('telemetry', 'uuid', entry)).toEqual([]);
  });

  test.each([
    ['an RPC of its module', module, 'on', 'uuidInput'],
    ['update-firmware', 'mup-bridge', 'update-firmware', 'device'],
    ['remove-device', 'mup-bridge', 'remove-device', 'device'],
    ['accept-device', 'mup-bridge', 'accept-device', 'device'],
  ])('%s answers as for a device that there never was', async (_, of, rpc, leaf) => {
    const toHidden = await failure(bench.call(of, rpc, { [leaf]: hidden, digest: 'x' }));
    const toNobody = await failure(bench.call(of, rpc, { [leaf]: never, digest: 'x' }));
    expect(toHidden).toMatchObject({ tag: 'data-missing', fields: { appTag: 'instance-required' } });
    expect({ ...toHidden }).toEqual({ ...toNobody });
    expect(toHidden.message.replace(hidden, never)).toBe(toNobody.message);
    expect(bench.registry.get(hidden)).toBeDefined();
  });

  test('cancel-update of its job answers as for a job that there never was', async () => {
    const cancel = (id: string): Promise<unknown> => bench.call('mup-bridge', 'cancel-update', { job: id });
    const toHidden = await failure(cancel(job));
    expect(toHidden).toMatchObject({ tag: 'data-missing', fields: { appTag: 'instance-required' } });
    expect(toHidden.message.replace(job, 'x')).toBe((await failure(cancel('x'))).message);
    bench.access = unrestricted;
    await cancel(job);
  });
});

describe('get of one device among many', () => {
  test('asks for that one alone: neither devices nor rules are gone through', async () => {
    const bench = await BenchBridge.start();
    for (let i = 1; i <= 50; i += 1) await bench.register(lamp, 'lamp', deviceUuid(`dev-${i}`));
    let asked = 0;
    bench.access = {
      ...unrestricted,
      mayRead: () => {
        asked += 1;
        return true;
      },
    };
    const [devices] = await bench.get(node('devices', [node('device', [node('uuid', 'dev-7')])]));
    expect(devices === undefined ? [] : childElements(devices)).toHaveLength(1);
    expect(asked).toBe(1);
    await bench.close();
  });
});
