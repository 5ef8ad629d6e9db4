import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deviceUuid } from '../../src/base/ids.ts';
import { moduleStatement } from '../../src/yang/module-generator.ts';
import { extendModule, newModule } from '../../src/yang/module-model.ts';
import { moduleSchema } from '../../src/yang/module-schema.ts';
import { printModule } from '../../src/yang/printer.ts';
import { treeDiagram } from '../../src/yang/tree-diagram.ts';
import { arbitraryDescription } from '../support/arbitrary-description.ts';
import { dataPoint, description, field, operation } from '../support/example-description.ts';
import { describeWith } from '../support/peers.ts';
import { yangdump, yanglint } from '../support/yang-tools.ts';

const members = { uuids: [deviceUuid('lamp-1')], categories: ['Lamp'] };
const operations = [
  operation('dim', {
    inputs: [field('level', { kind: 'scalar', datatype: 'unsignedByte' })],
    outputs: [
      field('before', { kind: 'scalar', datatype: 'unsignedByte' }),
      field('uuid', { kind: 'scalar', datatype: 'string' }),
      field('colour', {
        kind: 'structure',
        fields: [field('red', { kind: 'scalar', datatype: 'unsignedByte' })],
      }),
    ],
    states: [{ name: '10_OK' }, { name: '12_ERROR', text: 'It is broken.' }],
  }),
];
const floor = description({
  category: 'Floor',
  members,
  operations,
  dataPoints: [dataPoint('temperature', { units: '°C' })],
});

describe('the module of a virtual device', () => {
  test('says of each member what it did and what it measured', () => {
    expect(treeDiagram(moduleStatement(newModule(floor))).join('\n')).toBe(
      `
module: mqtt-floor
  +--ro telemetry
     +--ro device* [uuid]
        +--ro uuid      device-id
        +--ro member* [uuid]
           +--ro uuid           device-id
           +--ro temperature
              +--ro value?   decimal64
              +--ro time?    date-and-time

  rpcs:
    +---x dim
       +---w input
       |  +---w uuidInput    device-id
       |  +---w level        uint8
       +--ro output
          +--ro retval?   enumeration
          +--ro member* [uuid]
             +--ro uuid       device-id
             +--ro retval?    enumeration
             +--ro before?    uint8
             +--ro uuid-2?    string
             +--ro colour!
             |  +--ro red    uint8
             +--ro failure
                +--ro error-tag?       string
                +--ro error-app-tag?   string
                +--ro error-message?   string
`.trim(),
    );
  });

  test('is another than that of devices of the same category that are not virtual', () => {
    const { members: _, ...plain } = floor;
    for (const [known, other] of [
      [floor, plain],
      [plain, floor],
    ] as const)
      expect(extendModule(newModule(known), other)).toMatchObject({
        kind: 'contradiction',
        reasons: expect.arrayContaining(['devices of the module are virtual, or this one alone is']),
      });
  });

  test('takes what another virtual device adds', () => {
    const more = { ...floor, dataPoints: [...floor.dataPoints, dataPoint('humidity')] };
    const extension = extendModule(newModule(floor), more);
    expect(extension).toMatchObject({ kind: 'extended', model: { virtual: true } });
    expect(extension).not.toMatchObject({ model: { notification: expect.anything() } });
  });
});

test('whatever is described, a call of all members takes what a call of one takes', () => {
  fc.assert(
    fc.property(arbitraryDescription, (device) => {
      const schemaOf = (one: typeof device) =>
        moduleSchema(moduleStatement(newModule(one, 'mqtt-x')), () => undefined);
      const [plain, virtual] = [schemaOf(device), schemaOf({ ...device, members })];
      for (const [name, { input }] of plain.rpcs) expect(virtual.rpcs.get(name)?.input).toEqual(input);
      expect([...virtual.rpcs.keys()]).toEqual([...plain.rpcs.keys()]);
      expect(virtual.notifications?.size).toBe(0);
    }),
  );
});

describeWith(['yanglint', 'yangdump'], 'the tools of others', () => {
  test('accept the modules of whatever is described', () => {
    const devices = fc.sample(arbitraryDescription, 50);
    const texts = devices.map((device, i) => {
      const name = `mqtt-virtual-${i}`;
      return [name, printModule(moduleStatement(newModule({ ...device, members }, name)))];
    });
    expect(yanglint(Object.fromEntries(texts))).toBe('');
  });

  test('accept it without a word', () => {
    const text = printModule(moduleStatement(newModule(floor)));
    expect(yanglint({ 'mqtt-floor': text })).toBe('');
    expect(yangdump({ 'mqtt-floor': text })).toBe('');
  });
});
