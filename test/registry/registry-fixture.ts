import type { DeviceDescription } from '../../src/base/description.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import type { DescriptionTemplate } from '../../src/ontology/description-template.ts';
import { description, field, operation } from '../support/example-description.ts';
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
