import { expect, test } from '@jest/globals';
import { type DeviceUuid, deviceUuid } from '../../src/base/ids.ts';
import type { ServedModule } from '../../src/netconf/backend.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import { dataPoint, description, operation } from '../support/example-description.ts';
import { BenchBridge } from './bench-bridge.ts';

const lamp = description({ category: 'Lamp', operations: [operation('on')] });
const newer = description({
  category: 'Lamp',
  operations: [operation('on'), operation('off')],
  dataPoints: [dataPoint('temperature')],
});

const generated = (bench: BenchBridge): ServedModule[] =>
  bench.backend.modules().filter(({ schema }) => schema.name === 'mqtt-lamp');
const shown = (bench: BenchBridge): string[] =>
  generated(bench).map(({ schema, conformance }) => `${schema.revision} ${conformance}`);

test('a device that adds to its module makes a revision; the earlier one stays readable, after a restart too', async () => {
  const bench = await BenchBridge.start();
  let changes = 0;
  bench.backend.onModulesChanged(() => {
    changes += 1;
  });
  await bench.register(lamp);
  expect(shown(bench)).toEqual(['2021-01-01 implement']);
  const said = await generated(bench)[0]?.text();
  await bench.register(newer, 'a newer lamp');
  await bench.register(newer, 'a newer lamp');
  expect(shown(bench)).toEqual(['2021-01-02 implement', '2021-01-01 superseded']);
  expect(changes).toBe(2);
  await bench.close();

  const again = await BenchBridge.start(bench.world);
  expect(shown(again)).toEqual(['2021-01-02 implement', '2021-01-01 superseded']);
  const [now, earlier] = generated(again);
  expect(await earlier?.text()).toBe(said);
  expect(await now?.text()).toContain('notification measurement');
  expect([...(now?.schema.notifications?.keys() ?? [])]).toEqual(['measurement']);
  await again.close();
});

test('a device that becomes another and does less: what it was is gone, and nobody else notices', async () => {
  const bench = await BenchBridge.start();
  const uuid = lamp.uuid as DeviceUuid;
  const sibling = deviceUuid('dev-2');
  bench.play('device/dev-1', 'mup/response/dev-1', () => '10_OK');
  await bench.register(newer, 'a lamp');
  await bench.register(newer, 'a lamp', sibling);
  bench.broker.inject('telemetry/temperature/dev-1', '21.5', { qos: 0 });
  await bench.settled();
  const seen = async (): Promise<string> => (await bench.get()).map(writeXml).join('');
  expect(await seen()).toContain('21.5');

  const fan = description({ category: 'Fan', operations: [operation('on')] });
  await bench.register(fan, 'a fan', uuid);
  const old = { code: 'capability-missing', message: expect.stringContaining('is of module mqtt-fan') };
  await expect(bench.call('mqtt-lamp', 'off', { uuidInput: uuid })).rejects.toMatchObject(old);
  await expect(bench.call('mqtt-lamp', 'on', { uuidInput: uuid })).rejects.toMatchObject(old);
  await expect(bench.call('mqtt-fan', 'on', { uuidInput: uuid })).resolves.toBeDefined();
  bench.broker.inject('telemetry/temperature/dev-1', '23.5', { qos: 0 });
  await bench.settled();
  expect(await seen()).not.toMatch(/2[13]\.5/);
  expect(bench.registry.get(sibling)?.module).toBe('mqtt-lamp');
  await bench.close();
});
