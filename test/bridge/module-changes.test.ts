import { expect, test } from '@jest/globals';
import type { ServedModule } from '../../src/netconf/backend.ts';
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
