import { beforeEach } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import type { DescriptionTemplate } from '../../src/ontology/description-template.ts';
import { DeviceRegistry } from '../../src/registry/device-registry.ts';
import { description, field, operation } from '../support/example-description.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryDocumentStore } from '../support/memory-document-store.ts';
import { templateOf } from '../support/scripted-reader.ts';

export const first = deviceUuid('dev-1');
export const second = deviceUuid('dev-2');
export const third = deviceUuid('dev-3');

/** What a device says that has these operations. */
export function lamp(...names: string[]): DescriptionTemplate {
  const made = description({ operations: names.map((name) => operation(name)) });
  return templateOf(made, `lamp ${names.join(' ')}`);
}

export function template(made: DeviceDescription): DescriptionTemplate {
  return templateOf(made, JSON.stringify(made));
}

export const on = lamp('on');
export const onOff = lamp('on', 'off');
export const dimmed = template(
  description({
    operations: [operation('on', { inputs: [field('level', { kind: 'scalar', datatype: 'int' })] })],
  }),
);

export let store: MemoryDocumentStore;
export let clock: ManualClock;
export let registry: DeviceRegistry;

/** Another registry on the same store, as after a restart. */
export function open(maxDevices = 100): Promise<DeviceRegistry> {
  return DeviceRegistry.open({ store, clock, ...defaultConfig.registration, maxDevices });
}

/** The test goes on with the registry as it is after a restart. */
export async function restart(maxDevices?: number): Promise<void> {
  registry = await open(maxDevices);
}

/** The test begins, with an empty store. */
export async function begin(): Promise<void> {
  store = new MemoryDocumentStore();
  clock = new ManualClock();
  await restart();
}

beforeEach(begin);
