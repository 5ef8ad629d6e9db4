import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DeviceDescription } from '../../src/base/description.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { moduleStatement } from '../../src/yang/module-generator.ts';
import {
  atRevision,
  extendModule,
  type ModuleModel,
  newModule,
  servedRevisions,
} from '../../src/yang/module-model.ts';
import { printModule } from '../../src/yang/printer.ts';
import { arbitraryDescription } from '../support/arbitrary-description.ts';
import { dataPoint, description, field, operation } from '../support/example-description.ts';

const int = { kind: 'scalar', datatype: 'int' } as const;
const known = description({
  operations: [
    operation('a', {
      inputs: [field('x', int, { units: 'm' })],
      outputs: [field('y', int)],
      states: [{ name: '10_OK' }, { name: '12_ERROR' }],
    }),
    operation('b'),
  ],
  dataPoints: [dataPoint('t', { units: 'celsius' })],
});
const [a = operation('a')] = known.operations;

function reasons(device: DeviceDescription): readonly string[] {
  const extension = extendModule(newModule(known), device);
  return extension.kind === 'contradiction' ? extension.reasons : [];
}

describe('a module for all devices of a category', () => {
  test('a model is data: it survives a store', () => {
    fc.assert(
      fc.property(arbitraryDescription, (device) => {
        const model = newModule(device, 'mqtt-x');
        const stored = JSON.parse(JSON.stringify(model)) as ModuleModel;
        expect(printModule(moduleStatement(stored))).toBe(printModule(moduleStatement(model)));
        expect(extendModule(stored, device)).toEqual({ kind: 'same', model: stored });
      }),
      { numRuns: 30 },
    );
  });

  test('a sibling changes nothing, whatever its texts, topics and roles', () => {
    const model = newModule(known);
    const sibling = description({
      uuid: deviceUuid('dev-2'),
      text: 'other',
      operations: [
        {
          ...a,
          text: 'other',
          topic: 'o/dev-2',
          role: 'token',
          states: [{ name: '12_ERROR', text: 'other' }],
        },
      ],
    });
    const extension = extendModule(model, sibling);
    expect(extension).toEqual({ kind: 'same', model });
    expect(extension.kind === 'same' && extension.model).toBe(model);
  });

  test('additions make a revision with both, one day later', () => {
    const device = description({
      operations: [{ ...a, states: [{ name: '13_NEW' }, { name: '10_OK' }] }, operation('c')],
      dataPoints: [dataPoint('u')],
    });
    const extension = extendModule(newModule(known), device);
    expect(extension).toMatchObject({
      kind: 'extended',
      model: {
        revisions: [
          { date: '2021-01-02', text: 'Added operations: c. More states of: a. Added data points: u.' },
          { date: '2021-01-01', text: 'First revision.' },
        ],
        operations: [
          { name: 'a', states: [{ name: '10_OK' }, { name: '12_ERROR' }, { name: '13_NEW' }] },
          { name: 'b' },
          { name: 'c' },
        ],
        dataPoints: [{ name: 't' }, { name: 'u' }],
      },
    });
    if (extension.kind === 'extended') expect(extendModule(extension.model, device).kind).toBe('same');
  });

  test.each<[string, Partial<DeviceDescription>, string]>([
    [
      'another type',
      { operations: [{ ...a, inputs: [field('x', { ...int, minInclusive: '0' }, { units: 'm' })] }] },
      'operation a, input 1',
    ],
    [
      'another name',
      { operations: [{ ...a, inputs: [field('z', int, { units: 'm' })] }] },
      '"z" is not as "x"',
    ],
    ['other units', { operations: [{ ...a, inputs: [field('x', int)] }] }, 'operation a, input 1'],
    [
      'a default',
      { operations: [{ ...a, inputs: [field('x', int, { units: 'm', default: '1' })] }] },
      'input 1',
    ],
    [
      'an input that may be left out',
      { operations: [{ ...a, inputs: [field('x', int, { units: 'm', mandatory: false })] }] },
      'input 1',
    ],
    ['fewer inputs', { operations: [{ ...a, inputs: [] }] }, 'operation a, inputs: 0, not 1'],
    [
      'another output',
      { operations: [{ ...a, outputs: [field('y', { kind: 'enumeration', values: [{ name: 'v' }] })] }] },
      'output 1',
    ],
    ['no states', { operations: [{ ...a, states: [] }] }, 'names its states'],
    [
      'states where there were none',
      { operations: [operation('b', { states: [{ name: 's' }] })] },
      'operation b',
    ],
    ['a data point of other units', { dataPoints: [dataPoint('t')] }, 'data point t'],
  ])('%s is a contradiction', (_, parts, reason) => {
    expect(reasons(description(parts))).toEqual([expect.stringContaining(reason)]);
  });

  test('the order of the keys of a type, and keys without value, make no difference', () => {
    const type = JSON.parse('{"datatype":"int","kind":"scalar"}');
    expect(
      reasons(
        description({
          operations: [{ ...a, inputs: [field('x', { ...type, patterns: undefined }, { units: 'm' })] }],
        }),
      ),
    ).toEqual([]);
  });

  test('two descriptions of disjoint operations fit into one module, and then both are in it', () => {
    fc.assert(
      fc.property(arbitraryDescription, arbitraryDescription, (first, second) => {
        const other = {
          ...second,
          operations: second.operations.map((one) => ({ ...one, name: `other-${one.name}` })),
          dataPoints: [],
        };
        const extension = extendModule(newModule(first, 'mqtt-x'), other);
        expect(extension.kind).toBe(other.operations.length === 0 ? 'same' : 'extended');
        if (extension.kind === 'contradiction') return;
        expect(extendModule(extension.model, first).kind).toBe('same');
        expect(extendModule(extension.model, other).kind).toBe('same');
      }),
      { numRuns: 30 },
    );
  });

  test('a revision that was extended can still be printed, to the letter', () => {
    fc.assert(
      fc.property(fc.array(arbitraryDescription, { minLength: 2, maxLength: 40 }), (devices) => {
        const [first, ...others] = devices.map((device, i) => ({
          ...device,
          operations: device.operations.map((one) => ({ ...one, name: `${one.name}-${i % 7}` })),
          dataPoints: device.dataPoints.map((one) => ({ ...one, name: `${one.name}-${i}` })),
        }));
        if (first === undefined) return;
        let model = newModule(first, 'mqtt-x');
        const texts = [printModule(moduleStatement(model))];
        for (const device of others) {
          const extension = extendModule(model, device);
          if (extension.kind !== 'extended') continue;
          model = JSON.parse(JSON.stringify(extension.model)) as ModuleModel;
          texts.unshift(printModule(moduleStatement(model)));
        }
        const printed = servedRevisions(model).map((_, at) =>
          printModule(moduleStatement(atRevision(model, at))),
        );
        expect(printed).toEqual(texts.slice(0, 16));
      }),
      { numRuns: 20 },
    );
  });

  test('the notification keeps its name; an RPC that comes with it later contradicts', () => {
    const model = newModule(known);
    expect(model.notification).toBe('measurement');
    const device = description({ operations: [operation('measurement')], dataPoints: [dataPoint('u')] });
    expect(extendModule(model, device)).toEqual({
      kind: 'contradiction',
      reasons: ['operation measurement: the notification of the module has this name'],
    });
    expect(newModule(device, 'mqtt-lamp-2').notification).toBe('measurement-2');
    const later = extendModule(newModule(description({ operations: [operation('measurement')] })), known);
    expect(later).toMatchObject({ kind: 'extended', model: { notification: 'measurement-2' } });
  });

  test('a module does not grow without end', () => {
    const many = (prefix: string) => Array.from({ length: 600 }, (_, i) => operation(`${prefix}${i}`));
    const model = newModule(description({ operations: many('a') }));
    expect(extendModule(model, description({ operations: many('b') }))).toMatchObject({
      kind: 'contradiction',
    });
    const states = (prefix: string) => Array.from({ length: 600 }, (_, i) => ({ name: `${prefix}${i}` }));
    const stated = newModule(description({ operations: [operation('a', { states: states('a') })] }));
    const more = description({ operations: [operation('a', { states: states('b') })] });
    expect(extendModule(stated, more)).toMatchObject({ kind: 'contradiction' });
  });

  test('a category of any length is taken in no long time', () => {
    const model = newModule(description({ category: `${'-'.repeat(200_000)}x` }));
    expect(model).toMatchObject({ name: 'mqtt-device', category: '' });
  });
});
