import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deferred } from '../../src/base/deferred.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { childElements, element, textOf, type XmlElement } from '../../src/xml/element.ts';
import { dataPoint, description } from '../support/example-description.ts';
import { BenchBridge, until } from './bench-bridge.ts';

const one = deviceUuid('dev-1');
const two = deviceUuid('dev-2');
const namespace = 'urn:mup:yang:mqtt-station';

const station = description({
  category: 'Station',
  dataPoints: [
    dataPoint('temperature', {
      type: {
        kind: 'scalar',
        datatype: 'decimal',
        minInclusive: '-20',
        maxInclusive: '60',
        fractionDigits: 1,
      },
    }),
    dataPoint('mode', { type: { kind: 'enumeration', values: [{ name: 'day' }, { name: 'night' }] } }),
  ],
});

/** What `telemetry` shows, device by device: each point's value and time. */
function shown(data: readonly XmlElement[]): Record<string, Record<string, string[]>> {
  const container = data.find((one) => one.namespace === namespace && one.name === 'telemetry');
  const devices = container === undefined ? [] : childElements(container);
  return Object.fromEntries(
    devices.map((device) => {
      const [uuid, ...points] = childElements(device);
      return [
        uuid === undefined ? '' : textOf(uuid),
        Object.fromEntries(points.map((point) => [point.name, childElements(point).map(textOf)])),
      ];
    }),
  );
}

describe('measurements (design: From description to module)', () => {
  let bench: BenchBridge;

  const measure = async (topic: string, value: string | Uint8Array): Promise<void> => {
    bench.broker.inject(topic, value, { qos: 0 });
    await bench.settled();
  };
  const register = (made: DeviceDescription = station, text = 'station', uuid = one): Promise<void> =>
    bench.register(made, text, uuid);
  const filters = (): string[] =>
    bench.transport.filters.filter((filter) => !/^(mup|response|yang)\//.test(filter));

  beforeEach(async () => {
    bench = await BenchBridge.start();
  });
  afterEach(() => bench.close());

  test('get shows the latest value of each point in canonical form, with the time it came', async () => {
    await register();
    await measure('telemetry/temperature/dev-1', '20.0');
    bench.clock.advance(60_000);
    await measure('telemetry/temperature/dev-1', '+21.50');
    await measure('telemetry/mode/dev-1', 'night');
    expect(shown(await bench.get())).toEqual({
      'dev-1': {
        temperature: ['21.5', '2026-01-01T00:01:00.000Z'],
        mode: ['night', '2026-01-01T00:01:00.000Z'],
      },
    });
  });

  test.each([
    ['outside its range', '61'],
    ['of a wrong type', 'warm'],
    ['empty', ''],
    ['not UTF-8', Uint8Array.of(0xff, 0xfe)],
    ['too long', '1'.repeat(5000)],
  ])('a value that is %s is dropped, and the latest good one stays', async (_, value) => {
    await register();
    await measure('telemetry/temperature/dev-1', '20.0');
    await measure('telemetry/temperature/dev-1', value);
    expect(shown(await bench.get())['dev-1']?.['temperature']?.[0]).toBe('20.0');
  });

  test('a device that is removed while it registers is neither followed nor told of', async () => {
    const written = deferred();
    bench.world.store.delay = ({ collection }) => (collection === 'devices' ? written.promise : undefined);
    bench.world.reader.knows('station', station);
    bench.describe(one, 'station', 1000);
    await until(() => bench.registry.get(one) !== undefined, 'its registration');
    const removing = bench.call('mup-bridge', 'remove-device', { device: one });
    written.resolve();
    await removing;
    await until(() => bench.answers(one).length > 0, 'an answer');
    expect(filters()).toEqual([]);
    expect(bench.world.events.named('device-registered')).toEqual([]);
  });

  test('a device that was removed is forgotten, its siblings are not', async () => {
    await register();
    await register(station, 'station', two);
    await measure('telemetry/temperature/dev-1', '20.0');
    await measure('telemetry/temperature/dev-2', '21.0');
    await bench.call('mup-bridge', 'remove-device', { device: 'dev-1' });
    await measure('telemetry/temperature/dev-1', '22.0');
    await measure('telemetry/temperature/dev-2', '23.0');
    expect(Object.keys(shown(await bench.get()))).toEqual(['dev-2']);
    expect(shown(await bench.get())['dev-2']?.['temperature']?.[0]).toBe('23.0');
  });

  test('siblings share a subscription, which ends with the last of them', async () => {
    await register();
    await register(station, 'station', two);
    await register(station, 'station', two);
    expect(filters().sort()).toEqual(['telemetry/mode/+', 'telemetry/temperature/+']);
    await bench.call('mup-bridge', 'remove-device', { device: 'dev-1' });
    await bench.settled();
    expect(filters()).toHaveLength(2);
    await bench.call('mup-bridge', 'remove-device', { device: 'dev-2' });
    await bench.settled();
    expect(filters()).toEqual([]);
    await register();
    await measure('telemetry/temperature/dev-1', '20.0');
    expect(shown(await bench.get())).toHaveProperty('dev-1');
  });

  test('a device that describes other topics every time holds no more subscriptions than it needs', async () => {
    for (let i = 0; i < 20; i += 1)
      await register(
        description({ category: 'Station', dataPoints: [dataPoint('p', { topic: `p${i}/dev-1` })] }),
        `description ${i}`,
      );
    await bench.settled();
    expect(filters()).toEqual(['p19/+']);
  });

  test('a description that changes drops what was measured under the old one', async () => {
    await register();
    await measure('telemetry/temperature/dev-1', '20.0');
    await register(station);
    expect(shown(await bench.get())).toHaveProperty('dev-1');
    await register({ ...station, dataPoints: station.dataPoints.slice(0, 1) }, 'less');
    expect(shown(await bench.get())).toEqual({});
    await measure('telemetry/temperature/dev-1', '22.0');
    await measure('telemetry/mode/dev-1', 'day');
    expect(shown(await bench.get())['dev-1']).toEqual({ temperature: ['22.0', expect.any(String)] });
  });

  test('a topic that holds the UUID twice makes no filter that matches other traffic', async () => {
    await register(
      description({
        category: 'Station',
        dataPoints: [dataPoint('p', { topic: 'dev-1/dev-1/dev-1/dev-1' })],
      }),
    );
    expect(filters()).toEqual(['dev-1/dev-1/dev-1/dev-1']);
  });

  test('a subscription that the broker refuses is logged, and all else works', async () => {
    bench.broker.refusedFilters.add('telemetry/mode/+');
    await register();
    await measure('telemetry/temperature/dev-1', '20.0');
    expect(shown(await bench.get())['dev-1']).toHaveProperty('temperature');
    expect(bench.world.logger.messages('warn')).toEqual(['measurements cannot be followed']);
  });

  test('after a restart the devices of before are followed again', async () => {
    await register();
    await bench.close();
    bench = await BenchBridge.start(bench.world);
    await measure('telemetry/temperature/dev-1', '20.0');
    expect(shown(await bench.get())).toHaveProperty('dev-1');
  });

  test('a filter that names a device is given that device alone', async () => {
    await register();
    await register(station, 'station', two);
    await measure('telemetry/mode/dev-1', 'day');
    await measure('telemetry/mode/dev-2', 'day');
    const filter = element(namespace, 'telemetry', [
      element(namespace, 'device', [element(namespace, 'uuid', 'dev-2')]),
    ]);
    expect(Object.keys(shown(await bench.get(filter)))).toEqual(['dev-2']);
    expect(await bench.get(element('urn:other', 'telemetry'))).toEqual([]);
  });

  test('a bridge that was closed holds no subscription', async () => {
    await register();
    await bench.bridge.close();
    expect(bench.transport.filters).toEqual([]);
  });
});
