import { describe, expect, test } from '@jest/globals';
import { ServedModules } from '../../src/bridge/served-modules.ts';
import { extendModule, type ModuleModel, newModule } from '../../src/yang/module-model.ts';
import { dataPoint, description, operation } from '../support/example-description.ts';

const lamp = description({ category: 'lamp', operations: [operation('on')] });

function extended(model: ModuleModel, name: string): ModuleModel {
  const extension = extendModule(model, description({ category: 'lamp', operations: [operation(name)] }));
  if (extension.kind !== 'extended') throw new Error('not extended');
  return extension.model;
}

const shown = (modules: ServedModules): string[] =>
  modules.all().map(({ schema, conformance }) => `${schema.name}@${schema.revision} ${conformance}`);

describe('the modules that the bridge serves', () => {
  test('earlier revisions of a generated module stay readable, and nothing else of them', async () => {
    const modules = new ServedModules([], () => undefined);
    const first = newModule(lamp);
    modules.update(first);
    const [before] = modules.all();
    const said = await before?.text();
    modules.update(extended(first, 'off'));
    expect(shown(modules)).toEqual(['mqtt-lamp@2021-01-02 implement', 'mqtt-lamp@2021-01-01 superseded']);
    const [, earlier] = modules.all();
    expect(await earlier?.text()).toBe(said);
    expect(earlier?.schema).toMatchObject({ namespace: 'urn:mup:yang:mqtt-lamp', rpcs: new Map(), data: [] });
    expect([...(modules.get('mqtt-lamp')?.schema.rpcs.keys() ?? [])]).toEqual(['on', 'off']);
  });

  test('16 revisions at most', () => {
    const modules = new ServedModules([], () => undefined);
    let model = newModule(lamp);
    for (let i = 0; i < 40; i += 1) model = extended(model, `more-${i}`);
    modules.update(model);
    expect(modules.all()).toHaveLength(16);
    expect(shown(modules).at(-1)).toBe('mqtt-lamp@2021-01-26 superseded');
  });

  test('the array is the same until something changes, and whoever listens is told', () => {
    const modules = new ServedModules([], () => undefined);
    let changes = 0;
    const stop = modules.onChanged(() => {
      changes += 1;
    });
    const model = newModule(lamp);
    modules.update(model);
    const all = modules.all();
    modules.update(model);
    modules.remove('mqtt-other');
    expect(modules.all()).toBe(all);
    expect(changes).toBe(1);
    modules.update(newModule(description({ category: 'fan', dataPoints: [dataPoint('speed')] })));
    expect(shown(modules)).toEqual(['mqtt-fan@2021-01-01 implement', 'mqtt-lamp@2021-01-01 implement']);
    modules.remove('mqtt-lamp');
    expect(shown(modules)).toEqual(['mqtt-fan@2021-01-01 implement']);
    expect(changes).toBe(3);
    stop();
    modules.remove('mqtt-fan');
    expect(changes).toBe(3);
  });
});
