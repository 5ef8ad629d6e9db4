import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { childElement, textOf, type XmlElement } from '../../src/xml/element.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import { image, topics, uuid, vendor } from '../device/bench-device.ts';
import { dataPoint, description, operation } from '../support/example-description.ts';
import { describeWith, root } from '../support/peers.ts';
import type { RecordingEvents } from '../support/recording-events.ts';
import { signedText } from '../support/signed-text.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { BenchBridge, leaves, newWorld } from './bench-bridge.ts';
import { BenchUpdate } from './bench-update.ts';
import { settingsTree } from './bridge-settings.ts';

const one = deviceUuid('dev-1');
const lamp = description({ operations: [operation('on')] });
const station = description({
  category: 'Station',
  dataPoints: [
    dataPoint('temperature', { type: { kind: 'scalar', datatype: 'decimal', fractionDigits: 1 } }),
    dataPoint('mode', { type: { kind: 'enumeration', values: [{ name: 'day' }, { name: 'night' }] } }),
  ],
});

/** Events as `name leaf leaf …`, in order. */
function told(events: RecordingEvents): string[] {
  return events.events.map(({ content }) => [content.name, ...Object.values(leaves(content))].join(' '));
}

describe('events of devices (stream devices)', () => {
  let bench: BenchBridge;
  afterEach(() => bench.close());

  test('registered, present, changed, gone and removed, once each', async () => {
    bench = await BenchBridge.start();
    await bench.register(lamp);
    await bench.register(lamp);
    for (const status of ['online;1', 'online;1', 'offline', 'online;2'])
      bench.broker.inject('mup/status/dev-1', status);
    await bench.register(description({ operations: [operation('on'), operation('off')] }), 'more');
    await bench.call('mup-bridge', 'remove-device', { device: one });
    bench.broker.inject('mup/status/dev-1', 'offline');
    await bench.settled();
    expect(told(bench.world.events)).toEqual([
      'device-registered dev-1 Lamp mqtt-lamp',
      'device-presence dev-1 online 1',
      'device-presence dev-1 offline 1',
      'device-presence dev-1 online 2',
      'device-changed dev-1 Lamp mqtt-lamp',
      'device-removed dev-1',
    ]);
    for (const event of bench.world.events.events)
      expect(event).toMatchObject({
        stream: 'devices',
        content: { namespace: bridgeNamespace },
        about: [{ name: 'devices' }, { namespace: bridgeNamespace, name: 'device', keys: { uuid: one } }],
      });
  });

  test('a restart of the bridge is no event of its devices', async () => {
    bench = await BenchBridge.start();
    await bench.register(lamp);
    bench.broker.inject('mup/status/dev-1', 'online;1', { retain: true });
    await bench.settled();
    await bench.close();
    bench.world.events.events.length = 0;
    bench = await BenchBridge.start(bench.world);
    bench.broker.inject('mup/status/dev-1', 'online;1');
    await bench.settled();
    expect(bench.registry.get(one)?.presence).toBe('online');
    expect(told(bench.world.events)).toEqual([]);
  });

  test('a bridge that has ended tells nothing any more, and lives by no configuration', async () => {
    bench = await BenchBridge.start();
    await bench.register(lamp);
    const before = told(bench.world.events);
    expect(bench.world.running.listeners).toBeGreaterThan(0);
    await bench.close();
    await bench.registry.heard(one, 'offline');
    expect(told(bench.world.events)).toEqual(before);
    expect(bench.world.running.listeners).toBe(0);
  });
});

describe('measurements (stream telemetry)', () => {
  let bench: BenchBridge;
  afterEach(() => bench.close());

  test('each value that is one is told as a notification of its module, the point that was measured alone', async () => {
    bench = await BenchBridge.start();
    await bench.register(station, 'station');
    bench.clock.advance(1000);
    bench.broker.inject('telemetry/temperature/dev-1', '+21.50');
    bench.broker.inject('telemetry/temperature/dev-1', 'warm');
    bench.broker.inject('telemetry/mode/dev-1', 'night');
    await bench.settled();
    const { events } = bench.world;
    const measured = events.events.filter(({ stream }) => stream === 'telemetry');
    expect(measured.map(({ content }) => writeXml(content))).toEqual(
      [
        '<temperature><value>21.5</value><time>2026-01-01T00:00:01.000Z</time></temperature>',
        '<mode><value>night</value><time>2026-01-01T00:00:01.000Z</time></mode>',
      ].map(
        (point) => `<measurement xmlns="urn:mup:yang:mqtt-station"><uuid>dev-1</uuid>${point}</measurement>`,
      ),
    );
    expect(measured[0]).toMatchObject({
      about: [{ name: 'devices' }, { name: 'device', keys: { uuid: one } }],
      time: Date.parse('2026-01-01T00:00:01.000Z'),
    });
  });

  test('nothing is told of what a removed device measures', async () => {
    bench = await BenchBridge.start();
    await bench.register(station, 'station');
    await bench.call('mup-bridge', 'remove-device', { device: one });
    bench.broker.inject('telemetry/mode/dev-1', 'night');
    await bench.settled();
    expect(bench.world.events.events.filter(({ stream }) => stream === 'telemetry')).toEqual([]);
  });
});

describe('events of updates (stream updates)', () => {
  let both: BenchUpdate;
  afterEach(() => both.close());

  const states = (): (string | undefined)[] =>
    both.bench.world.events.named('update-state').map(({ content }) => leaves(content)['state']);

  test('every state of a job that succeeds', async () => {
    both = await BenchUpdate.start();
    const job = await both.order(await both.bench.addImage());
    await both.reaches(job, 'succeeded');
    expect(states()).toEqual([
      'requesting-token',
      'sending-manifest',
      'transferring',
      'verifying',
      'restarting',
      'succeeded',
    ]);
    const [first] = both.bench.world.events.named('update-state');
    expect(first).toMatchObject({ stream: 'updates', about: [{}, { keys: { uuid } }] });
    expect(leaves(first?.content)).toMatchObject({ job, device: uuid, step: 'requesting-token' });
  });

  test('a job that fails says why', async () => {
    both = await BenchUpdate.start();
    const job = await both.order(await both.bench.addImage(image, 1));
    await both.reaches(job, 'failed');
    const last = both.bench.world.events.named('update-state').at(-1);
    expect(leaves(last?.content)).toMatchObject({ state: 'failed', failure: 'version-not-newer' });
    expect(leaves(last?.content)['message']).toMatch(/version 1/);
  });

  test('progress is told at the rate that is configured', async () => {
    both = await BenchUpdate.start({ update: { ...defaultConfig.update, progressPercent: 10 } });
    const large = Uint8Array.from({ length: 60_000 }, (_, i) => i & 0xff);
    both.bench.broker.intercept = ({ topic }) => {
      if (topic === topics.ack) both.bench.clock.advance(100);
      return undefined;
    };
    const job = await both.order(await both.bench.addImage(large, 2));
    await both.reaches(job, 'succeeded');
    const progress = both.bench.world.events.named('update-progress').map(({ content }) => leaves(content));
    expect(progress.length).toBeGreaterThan(5);
    expect(progress.length).toBeLessThanOrEqual(10);
    const sent = progress.map((one) => Number(one['bytes-sent']));
    sent.forEach((octets, i) => {
      if (i > 0) expect(octets - (sent[i - 1] ?? 0)).toBeGreaterThanOrEqual(6000);
    });
    expect(progress[0]).toMatchObject({ job, device: uuid, 'bytes-total': '60000' });
  });
});

describeWith(['yanglint'], 'all events of the bridge are valid by its modules', () => {
  test('as yanglint sees them', async () => {
    const world = newWorld();
    const both = await BenchUpdate.start({}, world);
    const { bench } = both;
    const failed = await both.order(await bench.addImage(image.subarray(1), 1));
    await both.reaches(failed, 'failed');
    await both.reaches(await both.order(await bench.addImage()), 'succeeded');
    await bench.register(station, 'station');
    bench.broker.inject('telemetry/temperature/dev-1', '21.5');
    bench.broker.inject('telemetry/mode/dev-1', 'night');
    bench.broker.inject('mup/status/dev-1', 'offline');
    await bench.settled();
    await bench.register(description({ category: 'Station' }), 'less');
    await bench.call('mup-bridge', 'remove-device', { device: one });
    world.reader.knows('lamp', lamp);
    world.reader.knows('pump', description({ category: 'Pump' }));
    const signed = deviceUuid('dev-9');
    bench.describe(signed, signedText(signed, 'pump', vendor), 1000);
    bench.describe(signed, 'pump', 1000);
    await bench.settled();
    world.running.commit(settingsTree({ all: { acceptance: 'approve' } }));
    bench.describe(one, 'lamp');
    await bench.settled();
    const events = world.events.events.map(({ content }) => content);
    expect(new Set(events.map(({ name }) => name))).toEqual(
      new Set([
        ...['device-registered', 'device-presence', 'device-changed', 'device-removed', 'device-pending'],
        'description-refused',
        ...['update-state', 'update-progress', 'measurement'],
      ]),
    );
    const folder = await temporaryDirectory();
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
    const lint = async (event: XmlElement): Promise<string> => {
      await writeFile(join(folder, 'event.xml'), writeXml(event));
      const { status, stdout, stderr } = spawnSync(
        'yanglint',
        ['-t', 'notif', '-p', folder, '-p', join(root, 'yang'), ...files, join(folder, 'event.xml')],
        { encoding: 'utf8', timeout: 60_000 },
      );
      return `${status} ${stdout}${stderr}`.trim();
    };
    const kinds = new Map(events.map((event) => [`${event.name} ${leaves(event)['state'] ?? ''}`, event]));
    for (const event of kinds.values()) expect([event.name, await lint(event)]).toEqual([event.name, '0']);
    const presence = events.find(({ name }) => name === 'device-presence');
    const uuidLeaf = presence && childElement(presence, bridgeNamespace, 'uuid');
    expect(uuidLeaf && textOf(uuidLeaf)).toBeDefined();
    // The check would find a fault.
    if (presence !== undefined) expect(await lint({ ...presence, name: 'device-asleep' })).not.toBe('0');
    await both.close();
  });
});
