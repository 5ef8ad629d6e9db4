import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DeviceDescription } from '../../src/base/description.ts';
import { moduleStatement } from '../../src/yang/module-generator.ts';
import { newModule } from '../../src/yang/module-model.ts';
import { parseModule } from '../../src/yang/parser.ts';
import { printModule } from '../../src/yang/printer.ts';
import { treeDiagram } from '../../src/yang/tree-diagram.ts';
import { arbitraryDescription } from '../support/arbitrary-description.ts';
import { dataPoint, description, field, operation } from '../support/example-description.ts';
import { describeWith } from '../support/peers.ts';
import { yanglintTree } from '../support/yang-tools.ts';

const string = { kind: 'scalar', datatype: 'string' } as const;
const lamp = description({
  operations: [
    operation('setColour', {
      inputs: [
        field('colour', { kind: 'structure', fields: [field('red', string), field('blue', string)] }),
        field('fade', string, { default: '1' }),
        field('origin', { kind: 'structure', fields: [field('by', string)] }, { mandatory: false }),
      ],
      outputs: [field('previous', string)],
    }),
    operation('ping'),
  ],
  dataPoints: [dataPoint('temperature')],
});

function drawn(device: DeviceDescription): string {
  return treeDiagram(moduleStatement(newModule(device))).join('\n');
}

describe('tree diagrams (RFC 8340)', () => {
  test('data, RPCs and notifications of a module', () => {
    expect(drawn(lamp)).toBe(`module: mqtt-lamp
  +--ro telemetry
     +--ro device* [uuid]
        +--ro uuid           device-id
        +--ro temperature
           +--ro value?   decimal64
           +--ro time?    date-and-time

  rpcs:
    +---x setColour
    |  +---w input
    |  |  +---w uuidInput    device-id
    |  |  +---w colour
    |  |  |  +---w red     string
    |  |  |  +---w blue    string
    |  |  +---w fade?        string
    |  |  +---w origin!
    |  |     +---w by    string
    |  +--ro output
    |     +--ro retval?     string
    |     +--ro previous?   string
    +---x ping
       +---w input
       |  +---w uuidInput    device-id
       +--ro output
          +--ro retval?   string

  notifications:
    +---n measurement
       +--ro uuid?          device-id
       +--ro temperature
          +--ro value?   decimal64
          +--ro time?    date-and-time`);
  });

  test('keys, leaf-lists and configuration', () => {
    const module = parseModule(`module a {
      namespace "urn:a"; prefix a;
      container top {
        list item { key "one two"; leaf one { type string; } leaf two { type string; } leaf-list many { type int8; } }
      }
      list keyless { config false; leaf x { type string; } }
    }`);
    expect(treeDiagram(module).join('\n')).toBe(`module: a
  +--rw top
  |  +--rw item* [one two]
  |     +--rw one     string
  |     +--rw two     string
  |     +--rw many*   int8
  +--ro keyless*
     +--ro x?   string`);
  });

  describeWith(['yanglint'], 'yanglint', () => {
    test('draws the same', () => {
      const samples = fc.sample(arbitraryDescription, { numRuns: 20, seed: 1 });
      for (const device of [lamp, ...samples]) {
        let text: string;
        try {
          text = printModule(moduleStatement(newModule(device)));
        } catch {
          continue;
        }
        // RFC 8340 §2.6 flags the parts of a notification `ro`; yanglint does not.
        const theirs = yanglintTree(newModule(device).name, text).replaceAll('+----', '+--ro');
        expect(drawn(device)).toBe(theirs);
      }
    });
  });
});
