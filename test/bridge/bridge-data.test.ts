import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { deviceUuid } from '../../src/base/ids.ts';
import { XPathFilter } from '../../src/netconf/filter/xpath-filter.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import { image, topics, uuid } from '../device/bench-device.ts';
import { dataPoint, description, operation } from '../support/example-description.ts';
import { describeWith, root } from '../support/peers.ts';
import { templateOf } from '../support/scripted-reader.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { BenchBridge, leaves } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';

const node = (name: string, children: readonly XmlElement[] | string = []): XmlElement =>
  element(bridgeNamespace, name, children);

describeWith(['yanglint'], 'what get shows is valid by its modules', () => {
  let both: BenchUpdate;

  /** What yanglint says of all that the bridge shows, with all modules that it serves. */
  const validate = async (): Promise<string> => {
    const folder = await temporaryDirectory();
    const { bench } = both;
    const data = await bench.get();
    await writeFile(join(folder, 'data.xml'), data.map(writeXml).join('\n'));
    const modules = bench.backend
      .modules()
      .filter(({ schema }) => schema.name.startsWith('mqtt-') || schema.name === 'mup-bridge');
    const files = await Promise.all(
      modules.map(async (module) => {
        const file = join(folder, `${module.schema.name}@${module.schema.revision}.yang`);
        await writeFile(file, await module.text());
        return file;
      }),
    );
    const { status, stdout, stderr } = spawnSync(
      'yanglint',
      ['-t', 'get', '-p', folder, '-p', join(root, 'yang'), ...files, join(folder, 'data.xml')],
      { encoding: 'utf8', timeout: 60_000 },
    );
    return `${status} ${stdout}${stderr}`.trim();
  };

  beforeEach(async () => {
    both = await BenchUpdate.start();
  });
  afterEach(() => both.close());

  test('without an image or a job', async () => {
    expect(await validate()).toBe('0');
  });

  test('with images, and jobs that run, wait, ended well and ended badly', async () => {
    const { bench } = both;
    const stored = await bench.addImage();
    const failed = await both.order(await bench.addImage(image.subarray(1), 1));
    await both.reaches(failed, 'failed');
    const succeeded = await both.order(stored);
    await both.reaches(succeeded, 'succeeded');
    expect(await validate()).toBe('0');
    both.faults = { stopAfterSlices: 1 };
    const running = await both.order(await bench.addImage(image.subarray(2), 3));
    await both.reaches(running, 'transferring');
    await bench.settled();
    expect(await validate()).toBe('0');
    bench.transport.disconnect();
    await both.reaches(running, 'waiting-for-device');
    expect(await validate()).toBe('0');
    await both.cancel(running);
    expect(await validate()).toBe('0');
  });

  test('with measurements, presence at its bounds, and devices of several modules', async () => {
    const { bench } = both;
    bench.broker.inject(topics.temperature, '21.5');
    await bench.register(
      description({
        category: 'Wetter-Station № 7 <&>',
        properties: [
          { name: 'maker', value: 'ACME <&>' },
          { name: 'height', value: '%s stands at 12', units: 'm', text: 'Above sea level.' },
        ],
        remarks: ['myno:myDevice myno:colour: this property is not read.'],
        operations: [operation('read', { states: [{ name: '10_OK' }] })],
        dataPoints: [dataPoint('wind', { type: { kind: 'scalar', datatype: 'double' } })],
      }),
      'station',
    );
    bench.broker.inject('telemetry/wind/dev-1', '-3.25');
    for (const status of ['online;4294967295', 'online;4294967296', 'online;99999999999', 'online;1e3'])
      bench.broker.inject('mup/status/dev-1', status);
    await bench.settled();
    expect(bench.registry.get(deviceUuid('dev-1'))?.firmwareVersion).toBe(4_294_967_295);
    const shown = (await bench.get()).map(writeXml).join('');
    expect(shown).toContain('<value>dev-1 stands at 12</value>');
    expect(shown).toContain('<remark>myno:myDevice myno:colour: this property is not read.</remark>');
    expect(await validate()).toBe('0');
  });

  test('a wrong value would be seen', async () => {
    const folder = await temporaryDirectory();
    const wrong = node('devices', [node('device', [node('uuid', 'dev-1'), node('presence', 'perhaps')])]);
    await writeFile(join(folder, 'data.xml'), [node('statistics'), wrong].map(writeXml).join('\n'));
    const { status } = spawnSync('yanglint', [
      '-t',
      'get',
      join(root, 'yang', 'mup-bridge.yang'),
      join(folder, 'data.xml'),
    ]);
    expect(status).not.toBe(0);
  });
});

describe('what get shows of the bridge', () => {
  let bench: BenchBridge;
  const lamp = description({ operations: [operation('on'), operation('off')] });

  beforeEach(async () => {
    bench = await BenchBridge.start();
  });
  afterEach(() => bench.close());

  const devices = async (...filter: XmlElement[]): Promise<Record<string, string>[]> => {
    const data = await bench.get(...filter);
    const container = data.find(({ name }) => name === 'devices');
    return container === undefined ? [] : childElements(container).map(leaves);
  };
  const device = (key: string): XmlElement => node('devices', [node('device', [node('uuid', key)])]);

  test('a device: what it is, what it can do, whether it is there', async () => {
    await bench.register(lamp);
    const [shown] = childElements((await bench.get())[0] ?? node('none'));
    expect(leaves(shown)).toMatchObject({
      uuid: 'dev-1',
      category: 'Lamp',
      module: 'mqtt-lamp',
      'module-revision': '2021-01-01',
      profile: 'mup',
      presence: 'online',
      'last-seen': '2026-01-01T00:00:00.000Z',
      'registered-at': '2026-01-01T00:00:00.000Z',
    });
    const capabilities = (shown === undefined ? [] : childElements(shown)).filter(
      ({ name }) => name === 'capability',
    );
    expect(capabilities.map(textOf)).toEqual(['on', 'off']);
  });

  test('a device that was removed is gone from all there is', async () => {
    await bench.register(lamp);
    await bench.call('mup-bridge', 'remove-device', { device: 'dev-1' });
    expect(await devices()).toEqual([]);
    await expect(bench.call('mup-bridge', 'remove-device', { device: 'dev-1' })).rejects.toMatchObject({
      tag: 'data-missing',
      code: 'instance-required',
    });
  });

  test('a key in a filter builds that entry, not thousands', async () => {
    await bench.register(lamp);
    const template = templateOf(lamp, 'description of Lamp');
    for (let i = 2; i <= 2000; i += 1) await bench.registry.register(deviceUuid(`dev-${i}`), template);
    const built = jest.spyOn(bench.registry, 'template');
    expect((await devices(device('dev-77'))).map((one) => one['uuid'])).toEqual(['dev-77']);
    expect(built).toHaveBeenCalledTimes(1);
    expect(await devices(device('dev-9999'), device('not a uuid'))).toEqual([]);
    expect(built).toHaveBeenCalledTimes(1);
    const session = { id: 1, username: 'alice', sourceHost: '127.0.0.1', loginTime: 0 };
    const prefixes = new Map([['mup', bridgeNamespace]]);
    const xpath = new XPathFilter("/mup:devices/mup:device[mup:uuid='dev-77']/mup:presence", prefixes);
    const { signal } = new AbortController();
    const context = { session, access: bench.access, signal, rest: () => undefined };
    expect((await bench.backend.get(xpath, context)).map((top) => childElements(top).length)).toEqual([1]);
    expect(built).toHaveBeenCalledTimes(2);
    expect(await devices(node('devices'))).toHaveLength(2000);
    expect(built).toHaveBeenCalledTimes(2002);
  });

  test('a filter for one node builds no other', async () => {
    await bench.register(lamp);
    const listed = jest.spyOn(bench.images, 'list');
    const built = jest.spyOn(bench.registry, 'template');
    expect((await bench.get(node('statistics'))).map(({ name }) => name)).toEqual(['statistics']);
    expect(await bench.get(element('urn:other', 'devices'))).toEqual([]);
    expect([listed.mock.calls, built.mock.calls]).toEqual([[], []]);
  });

  test('a key finds an image or a job without listing all', async () => {
    const digest = await bench.addImage();
    const listed = jest.spyOn(bench.images, 'list');
    const key = node('firmware', [node('image', [node('digest', digest)])]);
    const [firmware] = await bench.get(key);
    expect(childElements(firmware ?? node('none')).map(leaves)).toMatchObject([
      { digest, 'new-version': '2' },
    ]);
    expect(listed).not.toHaveBeenCalled();
    const [none] = await bench.get(node('update-jobs', [node('job', [node('id', 'nobody')])]));
    expect(childElements(none ?? node('none'))).toEqual([]);
  });

  test('the list of modules is the same until one comes or changes', async () => {
    const before = bench.backend.modules();
    expect(bench.backend.modules()).toBe(before);
    await bench.register(lamp);
    const with1 = bench.backend.modules();
    expect(with1).not.toBe(before);
    await bench.register(lamp, 'description of Lamp', deviceUuid('dev-2'));
    expect(bench.backend.modules()).toBe(with1);
    await bench.register(description({ operations: [operation('blink')] }), 'more');
    const served = bench.backend.modules().find(({ schema }) => schema.name === 'mqtt-lamp');
    expect(served?.schema.revision).toBe('2021-01-02');
    expect(await served?.text()).toContain('rpc blink');
  });

  test('which operations and leaves carry an update is said without any name being known', async () => {
    const both = await BenchUpdate.start();
    const [shown] = await both.bench.get();
    const [first] = childElements(shown ?? node('none'));
    const operations = (first === undefined ? [] : childElements(first)).filter(
      ({ name }) => name === 'update-operation',
    );
    expect(operations.map(leaves)).toMatchObject([
      { role: 'token', rpc: 'getDeviceToken' },
      { role: 'manifest', rpc: 'sendExtendedManifest' },
      { role: 'firmware', rpc: 'sendFirmwareImage' },
      { role: 'vendor-key', rpc: 'rotateVendorKey' },
    ]);
    expect(both.bench.registry.get(uuid)).toBeDefined();
    await both.close();
  });
});
