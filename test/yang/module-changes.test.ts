import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DeviceDescription, Field, ScalarType, ValueType } from '../../src/base/description.ts';
import { moduleChanges } from '../../src/yang/module-changes.ts';
import { moduleStatement } from '../../src/yang/module-generator.ts';
import { extendModule, newModule } from '../../src/yang/module-model.ts';
import { arbitraryDescription } from '../support/arbitrary-description.ts';
import { dataPoint, description, field, operation } from '../support/example-description.ts';

const string: ScalarType = { kind: 'scalar', datatype: 'string' };

function between(before: DeviceDescription, after: DeviceDescription): string[] {
  return moduleChanges(moduleStatement(newModule(before)), moduleStatement(newModule(after))).map(
    ({ place, what, allowed }) => `${allowed ? '+' : '!'} ${place}: ${what}`,
  );
}

/** A device that heats with these inputs. */
function heater(...inputs: readonly Field[]): DeviceDescription {
  return description({ operations: [operation('heat', { inputs })] });
}

function target(type: ValueType, more: Partial<Field> = {}): DeviceDescription {
  return heater(field('target', type, more));
}

describe('what a client sees change, by RFC 7950 §11', () => {
  test('nothing where the modules are the same', () => {
    expect(between(target(string), target(string))).toEqual([]);
  });

  test('operations and data points may come, and may not go', () => {
    const more = description({
      operations: [operation('heat'), operation('cool')],
      dataPoints: [dataPoint('temperature')],
    });
    const less = description({ operations: [operation('heat')] });
    expect(between(less, more)).toEqual([
      '+ telemetry: new container',
      '+ cool: new rpc',
      '+ measurement: new notification',
    ]);
    expect(between(more, less)).toEqual([
      '! telemetry: this container is no longer there',
      '! cool: this rpc is no longer there',
      '! measurement: this notification is no longer there',
    ]);
  });

  test('an input may come when it can be left out', () => {
    const before = heater(field('target', string));
    const optional = field('mode', string, { mandatory: false });
    expect(between(before, heater(optional, field('target', string)))).toEqual([
      '+ heat/input/mode: new leaf',
    ]);
    const demanded = { kind: 'structure', fields: [field('from', string)] } as const;
    expect(between(before, heater(field('target', string), field('window', demanded)))).toEqual([
      '! heat/input/window: new and mandatory container',
    ]);
  });

  test('inputs keep their order', () => {
    const [one, two] = [field('one', string), field('two', string)];
    expect(between(heater(one, two), heater(two, one))).toEqual([
      '! heat/input/one: stands at another place',
    ]);
  });

  const number = (more: Partial<ScalarType> = {}): ScalarType => ({
    kind: 'scalar',
    datatype: 'int',
    ...more,
  });
  test.each<[string, ScalarType, ScalarType, string]>([
    [
      'a range may grow',
      number({ maxInclusive: '30' }),
      number({ maxInclusive: '35' }),
      '+ range min .. 30 becomes min .. 35',
    ],
    [
      'a range may not shrink',
      number(),
      number({ minInclusive: '5' }),
      '! range of the type becomes 5 .. max',
    ],
    [
      'a range may not move',
      number({ minInclusive: '1', maxInclusive: '5' }),
      number({ minInclusive: '2', maxInclusive: '9' }),
      '! range 1 .. 5 becomes 2 .. 9',
    ],
    ['a length may grow', { ...string, maxLength: 5 }, string, '+ length 0..5 becomes that of the type'],
    [
      'a length may not shrink',
      { ...string, maxLength: 5 },
      { ...string, maxLength: 4 },
      '! length 0..5 becomes 0..4',
    ],
    ['a pattern may go', { ...string, patterns: ['a*'] }, string, '+ no longer the pattern a*'],
    ['a pattern may not come', string, { ...string, patterns: ['a*'] }, '! new pattern a*'],
    ['another type', string, number(), '! type string becomes int32'],
    [
      'other fraction digits',
      { kind: 'scalar', datatype: 'decimal', fractionDigits: 1 },
      { kind: 'scalar', datatype: 'decimal', fractionDigits: 2 },
      '! 1 fraction digits become 2',
    ],
  ])('%s', (_, before, after, change) => {
    expect(between(target(before), target(after))).toEqual([change.replace(' ', ' heat/input/target: ')]);
  });

  test('values of an enumeration may come behind the others', () => {
    const values = (...names: string[]): ValueType => ({
      kind: 'enumeration',
      values: names.map((name) => ({ name })),
    });
    expect(between(target(values('a', 'b')), target(values('a', 'b', 'c')))).toEqual([
      '+ heat/input/target: new value c',
    ]);
    expect(between(target(values('a', 'b')), target(values('c', 'a', 'b')))).toEqual([
      '+ heat/input/target: new value c',
      '! heat/input/target: its values stand in another order, and so have other numbers',
    ]);
    expect(between(target(values('a', 'b')), target(values('a')))).toEqual([
      '! heat/input/target: no longer b',
    ]);
  });

  test('states may come anywhere, as the bridge puts them behind the others', () => {
    const heats = (...names: string[]): DeviceDescription =>
      description({ operations: [operation('heat', { states: names.map((name) => ({ name })) })] });
    expect(between(heats('10_OK'), heats('09_NO', '10_OK'))).toEqual([
      '+ heat/output/retval: new value 09_NO',
    ]);
  });

  test('units and defaults may come and not change; what is mandatory may become optional', () => {
    const plain = target(string);
    const full = target(string, { units: 'm', default: 'x' });
    expect(between(plain, full)).toEqual([
      '+ heat/input/target: new units m',
      '+ heat/input/target: new default x',
      '+ heat/input/target: is no longer mandatory',
    ]);
    expect(between(full, target(string, { units: 'km', default: 'y' }))).toEqual([
      '! heat/input/target: units m becomes km',
      '! heat/input/target: default x becomes y',
    ]);
    expect(between(full, plain)).toContain('! heat/input/target: becomes mandatory');
  });

  test('a leaf stays a leaf, and a structure as optional as it was', () => {
    const structure = { kind: 'structure', fields: [field('from', string)] } as const;
    expect(between(target(string), target(structure))).toEqual([
      '! heat/input/target: the leaf becomes a container',
    ]);
    expect(between(target(structure), target(structure, { mandatory: false }))).toEqual([
      '! heat/input/target: can be left out',
    ]);
  });

  test('texts may be made clearer', () => {
    const said = target(string, { text: 'How warm.' });
    expect(between(target(string), said)).toEqual(['+ heat/input/target: has another description']);
  });

  test('another category is another module', () => {
    expect(between(description(), description({ category: 'Oven' }))).toEqual([
      '! mqtt-oven: module mqtt-lamp becomes mqtt-oven',
    ]);
  });

  test('what the bridge takes as a new revision is never forbidden, but for what is gone', () => {
    fc.assert(
      fc.property(arbitraryDescription, arbitraryDescription, fc.nat(2), (before, other, kept) => {
        const after = {
          ...other,
          category: before.category,
          operations: [...before.operations.slice(0, kept), ...other.operations],
          dataPoints: [...before.dataPoints.slice(0, kept), ...other.dataPoints],
        };
        const [model, next] = attempt(before, after);
        if (model === undefined || next === undefined) return;
        const extension = extendModule(model, after);
        if (extension.kind === 'contradiction') return;
        const forbidden = moduleChanges(moduleStatement(model), moduleStatement(next)).filter(
          ({ allowed, what }) => !allowed && !what.includes('no longer'),
        );
        expect(forbidden).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

function attempt(...devices: DeviceDescription[]) {
  return devices.map((device) => {
    try {
      return newModule(device);
    } catch {
      return undefined;
    }
  });
}
