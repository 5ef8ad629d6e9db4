import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DeviceDescription } from '../../src/base/description.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { moduleStatement } from '../../src/yang/module-generator.ts';
import { extendModule, newModule } from '../../src/yang/module-model.ts';
import { moduleSchema } from '../../src/yang/module-schema.ts';
import { parseModule } from '../../src/yang/parser.ts';
import { printModule } from '../../src/yang/printer.ts';
import { arbitraryDescription, hostileText } from '../support/arbitrary-description.ts';
import { dataPoint, description, field, operation } from '../support/example-description.ts';
import { describeWith } from '../support/peers.ts';
import { yangdump, yanglint } from '../support/yang-tools.ts';

function moduleText(device: DeviceDescription, name?: string): string {
  return printModule(moduleStatement(newModule(device, name)));
}

const string = { kind: 'scalar', datatype: 'string' } as const;

const lamp = description({
  category: 'Lamp',
  text: 'A lamp.',
  operations: [
    operation('setColour', {
      text: 'Sets the colour.',
      inputs: [
        field('colour', {
          kind: 'structure',
          fields: [
            field('red', { kind: 'scalar', datatype: 'unsignedByte' }),
            field(
              'blue',
              { kind: 'scalar', datatype: 'unsignedByte', maxInclusive: '99' },
              { units: 'percent' },
            ),
          ],
        }),
        field('fade', { kind: 'scalar', datatype: 'decimal' }, { default: '1', units: 's' }),
        field('origin', { kind: 'structure', fields: [field('by', string)] }, { mandatory: false }),
      ],
      outputs: [field('previous', string, { text: 'The colour before.' })],
      states: [{ name: '10_OK', text: 'Done.' }, { name: '12_ERROR' }],
    }),
    operation('ping'),
  ],
  dataPoints: [dataPoint('temperature', { units: 'celsius' })],
});

describe('modules of descriptions (design: From description to module)', () => {
  test('a measured structure may be absent: not every device has measured it', () => {
    const type = { kind: 'structure', fields: [field('x', string)] } as const;
    const text = moduleText(description({ dataPoints: [dataPoint('position', { type })] }));
    expect(text).toContain('container value {\n          presence "value is given.";');
  });

  test('the module of a lamp', () => {
    const text = moduleText(lamp);
    expect(
      text.slice(text.indexOf('  container telemetry'), text.indexOf('  notification') + 14),
    ).toBe(`  container telemetry {
    config false;
    description "What the devices have measured last.";
    list device {
      key uuid;
      description "A device that has measured something.";
      leaf uuid {
        type device-id;
        description "The id of the device.";
      }
      container temperature {
        description "The data point temperature.";
        leaf value {
          type decimal64 {
            fraction-digits 6;
          }
          units "celsius";
          description "The value.";
        }
        leaf time {
          type date-and-time;
          description "When the bridge received the value.";
        }
      }
    }
  }

  rpc setColour {
    description "Sets the colour.";
    input {
      leaf uuidInput {
        type device-id;
        mandatory true;
        description "The device that performs the operation.";
      }
      container colour {
        description "Input colour.";
        leaf red {
          type uint8;
          mandatory true;
          description "Part red.";
        }
        leaf blue {
          type uint8 {
            range "min .. 99";
          }
          units "percent";
          mandatory true;
          description "Part blue.";
        }
      }
      leaf fade {
        type decimal64 {
          fraction-digits 6;
        }
        units "s";
        default "1.0";
        description "Input fade.";
      }
      container origin {
        presence "origin is given.";
        description "Input origin.";
        leaf by {
          type string;
          mandatory true;
          description "Part by.";
        }
      }
    }
    output {
      leaf retval {
        type enumeration {
          enum "10_OK" {
            description "Done.";
          }
          enum "12_ERROR" {
            description "The value \\"12_ERROR\\".";
          }
        }
        description "The state that the device answers with.";
      }
      leaf previous {
        type string;
        description "The colour before.";
      }
    }
  }

  rpc ping {
    description "The operation ping of the device.";
    input {
      leaf uuidInput {
        type device-id;
        mandatory true;
        description "The device that performs the operation.";
      }
    }
    output {
      leaf retval {
        type string;
        description "The state that the device answers with.";
      }
    }
  }

  notification`);
  });

  test('a measurement has what the data points have, each left out when it was not measured', () => {
    const text = moduleText(lamp);
    expect(text.slice(text.indexOf('  notification'))).toBe(`  notification measurement {
    description "A device has measured something.";
    leaf uuid {
      type device-id;
      description "The id of the device.";
    }
    container temperature {
      description "The data point temperature.";
      leaf value {
        type decimal64 {
          fraction-digits 6;
        }
        units "celsius";
        description "The value.";
      }
      leaf time {
        type date-and-time;
        description "When the bridge received the value.";
      }
    }
  }
}
`);
    expect(moduleText(description({ operations: [operation('a')] }))).not.toContain('notification');
  });

  test('RFC 6020 §6.2.1: the notification shares no name with an RPC', () => {
    const device = description({
      operations: [operation('measurement'), operation('measurement-2')],
      dataPoints: [dataPoint('measurement')],
    });
    const schema = moduleSchema(parseModule(moduleText(device)), () => undefined);
    expect([...(schema.notifications?.keys() ?? [])]).toEqual(['measurement-3']);
  });

  test('its head names category, revision and namespace', () => {
    const module = parseModule(moduleText(lamp));
    expect(moduleSchema(module, () => undefined)).toMatchObject({
      name: 'mqtt-lamp',
      namespace: 'urn:mup:yang:mqtt-lamp',
      prefix: 'mqtt-lamp',
      revision: '2021-01-01',
    });
    expect(module.substatements.map(({ keyword }) => keyword).slice(0, 6)).toEqual([
      'namespace',
      'prefix',
      'organization',
      'contact',
      'description',
      'revision',
    ]);
  });

  test('the UUID of a device is never part of its module', () => {
    const text = moduleText(
      description({ uuid: deviceUuid('F97-3'), category: 'Lamp-F97-3', operations: [operation('x')] }),
    );
    expect(text).toMatch(/^module mqtt-lamp \{/);
    expect(text).not.toContain('F97');
  });

  test('what goes in comes out of the schema, leaf for leaf', () => {
    const rpc = moduleSchema(parseModule(moduleText(lamp)), () => undefined).rpcs.get('setColour');
    expect(rpc?.input).toMatchObject([
      { name: 'uuidInput', mandatory: true },
      { name: 'colour', children: [{ name: 'red', mandatory: true }, { name: 'blue' }] },
      { name: 'fade', mandatory: false, default: '1.0' },
      { name: 'origin', presence: true },
    ]);
    expect(rpc?.output).toMatchObject([
      { name: 'retval', type: { base: 'enumeration', names: ['10_OK', '12_ERROR'] } },
      { name: 'previous', mandatory: false },
    ]);
  });

  test('the same description makes the same bytes', () => {
    fc.assert(
      fc.property(arbitraryDescription, (device) => {
        expect(moduleText(structuredClone(device))).toBe(moduleText(device));
      }),
    );
  });

  test('whatever the texts hold, the module has the statements of the description and no other', () => {
    fc.assert(
      fc.property(arbitraryDescription, (device) => {
        const module = parseModule(moduleText(device, 'mqtt-x'));
        const schema = moduleSchema(module, () => undefined);
        expect([...schema.rpcs.keys()]).toEqual(device.operations.map(({ name }) => name));
        expect(schema.data.map(({ name }) => name)).toEqual(
          device.dataPoints.length > 0 ? ['telemetry'] : [],
        );
        expect([...(schema.notifications?.values() ?? [])].map(({ children }) => children.length)).toEqual(
          device.dataPoints.length > 0 ? [device.dataPoints.length + 1] : [],
        );
        for (const { name, inputs, outputs } of device.operations) {
          expect(schema.rpcs.get(name)?.input).toHaveLength(inputs.length + 1);
          expect(schema.rpcs.get(name)?.output).toHaveLength(outputs.length + 1);
        }
      }),
    );
  });

  test.each([
    ['an RPC name that is no identifier', { operations: [operation('a"; }')] }, 'bad-name', undefined],
    ['an RPC that occurs twice', { operations: [operation('a'), operation('a')] }, 'bad-name', undefined],
    [
      'a default outside the type',
      {
        operations: [
          operation('a', { inputs: [field('f', { kind: 'scalar', datatype: 'byte' }, { default: '999' })] }),
        ],
      },
      'bad-type',
      'operation a, input f',
    ],
    [
      'a pattern that is none',
      { operations: [operation('a', { outputs: [field('f', { ...string, patterns: ['('] })] })] },
      'bad-pattern',
      'operation a, output f, character 2',
    ],
    [
      'an empty enumeration in a structure',
      {
        operations: [
          operation('a', {
            inputs: [
              field('s', { kind: 'structure', fields: [field('f', { kind: 'enumeration', values: [] })] }),
            ],
          }),
        ],
      },
      'bad-type',
      'operation a, input s, part f',
    ],
    [
      'a data point of a wrong type',
      { dataPoints: [dataPoint('d', { type: { ...string, minLength: -1 } })] },
      'bad-type',
      'data point d',
    ],
    [
      'a state that is no enum name',
      { operations: [operation('a', { states: [{ name: ' x' }] })] },
      'bad-name',
      'operation a',
    ],
    [
      'too many operations',
      { operations: Array.from({ length: 1025 }, (_, i) => operation(`o${i}`)) },
      'too-big',
      undefined,
    ],
    [
      'patterns that cost too much together',
      {
        operations: Array.from({ length: 300 }, (_, i) =>
          operation(`o${i}`, {
            inputs: [field('i', { ...string, patterns: [`[a-z]{4000}|x${i}`] })],
          }),
        ),
      },
      'too-big',
      undefined,
    ],
    [
      'patterns whose defaults cost too much together',
      {
        operations: Array.from({ length: 30 }, (_, i) =>
          operation(`o${i}`, {
            inputs: [
              field('i', { ...string, patterns: ['(a|b|c){20}[a-z]*'] }, { default: 'a'.repeat(1000) }),
            ],
          }),
        ),
      },
      'too-big',
      undefined,
    ],
  ] as const)('%s is refused, with its place', (_, parts, code, where) => {
    expect(() => newModule(description(parts))).toThrow(expect.objectContaining({ code, where }));
  });
});

describeWith(['yanglint', 'yangdump'], 'generated modules and other compilers', () => {
  test('have nothing to complain about', () => {
    fc.assert(
      fc.property(fc.array(arbitraryDescription, { minLength: 25, maxLength: 25 }), (devices) => {
        const texts = Object.fromEntries(
          devices.map((device, i) => [`mqtt-x-${i}`, moduleText(device, `mqtt-x-${i}`)]),
        );
        expect(yanglint(texts)).toBe('');
        expect(yangdump(texts)).toBe('');
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test('have nothing to complain about in the corpus of hostile texts, wherever they stand', () => {
    const texts = Object.fromEntries(
      fc.sample(hostileText, { numRuns: 60, seed: 1 }).map((text, i) => {
        const type = { kind: 'enumeration', values: [{ name: 'a', text }] } as const;
        const device = description({
          category: text,
          text,
          operations: [
            operation('o', {
              text,
              inputs: [field(text, type, { text, units: text })],
              states: [{ name: 's', text }],
            }),
          ],
          dataPoints: [dataPoint(text, { text, units: text })],
        });
        return [`mqtt-x-${i}`, moduleText(device, `mqtt-x-${i}`)];
      }),
    );
    expect(yanglint(texts)).toBe('');
    expect(yangdump(texts)).toBe('');
  });

  test('a lamp, and a module of many revisions', () => {
    let model = newModule(lamp);
    for (let i = 0; i < 20; i++) {
      const extension = extendModule(model, {
        ...lamp,
        operations: [operation(`more-${i}`)],
        dataPoints: [],
      });
      if (extension.kind === 'extended') model = extension.model;
    }
    const texts = { 'mqtt-lamp': printModule(moduleStatement(model)) };
    expect(texts['mqtt-lamp'].match(/^ {2}revision/gm)).toHaveLength(16);
    expect(yanglint(texts)).toBe('');
    expect(yangdump(texts)).toBe('');
  });

  test('the tools do find faults', () => {
    const texts = { 'mqtt-lamp': moduleText(lamp).replace('type string;', 'type strin;') };
    expect(yanglint(texts)).toContain('strin');
    expect(yangdump(texts)).toContain('strin');
    const future = { 'mqtt-lamp': moduleText(lamp).replace('2021-01-01', '2999-01-01') };
    expect(yangdump(future)).toContain('future');
  });
});
