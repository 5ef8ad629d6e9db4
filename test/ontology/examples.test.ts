import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fieldRoles } from '../../src/base/description.ts';
import { deviceStates, vendorKeyStates } from '../../src/mup/states.ts';
import { describeWithSharedData, sharedData } from '../support/peers.ts';
import { example, read } from './support.ts';

describe('ontologies/examples', () => {
  test('the updatable device offers the operations of the update and of the vendor key by their roles', async () => {
    const { operations } = await read(example('updatable-device'));
    expect(
      operations
        .filter(({ role }) => role !== 'generic')
        .map(({ role, name, mqttMethod, topic }) => [role, name, mqttMethod, topic]),
    ).toEqual([
      ['token', 'getDeviceToken', 'GET-DEVICE-TOKEN', 'mup/token/%s'],
      ['vendor-key', 'rotateVendorKey', 'ROTATE-VENDOR-KEY', 'mup/vendor-key/%s'],
      ['manifest', 'sendExtendedManifest', 'SEND-EXTENDED-MANIFEST', 'mup/manifest/%s'],
      ['firmware', 'sendFirmwareImage', 'SEND-FIRMWARE-IMAGE', 'mup/firmware/%s'],
    ]);
  });

  test('its fields are in the order of the messages (mup-protocol §3)', async () => {
    const { operations } = await read(example('updatable-device'));
    const [token, manifest, firmware] = ['token', 'manifest', 'firmware'].map((role) =>
      operations.find((operation) => operation.role === role),
    );
    expect(token?.outputs.map(({ role }) => role)).toEqual(['deviceUuid', 'nonce', 'firmwareVersion']);
    expect(manifest?.inputs.map(({ role }) => role)).toEqual([
      'suite',
      'appId',
      'linkOffset',
      'imageDigest',
      'imageSize',
      'newVersion',
      'oldVersion',
      'innerSignature',
      'deviceUuid',
      'nonce',
      'outerSignature',
    ]);
    expect(manifest?.inputs.filter(({ mandatory }) => mandatory).map(({ name }) => name)).toEqual(['digest']);
    expect(firmware?.inputs.map(({ role, mandatory }) => [role, mandatory])).toEqual([
      ['imageDigest', false],
      ['image', false],
    ]);
    expect([firmware?.inputTopic, firmware?.acknowledgementTopic]).toEqual([
      'mup/firmware/%s/image',
      'mup/firmware/%s/ack',
    ]);
  });

  test('the meter that authenticates slices has them in its manifest, before the signature over them', async () => {
    const { operations } = await read(example('authenticating-meter'));
    const manifest = operations.find(({ role }) => role === 'manifest');
    expect(manifest?.inputs.map(({ role }) => role).slice(-4)).toEqual([
      'nonce',
      'sliceSize',
      'sliceHash',
      'outerSignature',
    ]);
  });

  test('every role of the update protocol has a field', async () => {
    const devices = await Promise.all(
      ['updatable-device', 'authenticating-meter'].map((name) => read(example(name))),
    );
    const used = devices
      .flatMap(({ operations }) => operations)
      .flatMap(({ inputs, outputs }) => [...inputs, ...outputs])
      .map(({ role }) => role);
    expect([...new Set(used)].filter((role) => role !== undefined).sort()).toEqual([...fieldRoles].sort());
  });

  test('its vendor key travels with what is signed, and is answered by states of its own (ADR 27)', async () => {
    const { operations } = await read(example('updatable-device'));
    const rotation = operations.find(({ role }) => role === 'vendor-key');
    expect(rotation?.inputs.map(({ role, mandatory }) => [role, mandatory])).toEqual([
      ['newVendorKey', true],
      ['vendorKeyCounter', true],
      ['vendorKeySignature', true],
    ]);
    expect(rotation?.states.map(({ name }) => name)).toEqual([
      '10_OK',
      '11_NOOP',
      '12_ERROR',
      '24_INNER-SIGN-INVALID',
      ...vendorKeyStates,
    ]);
  });

  test('its update answers with the states of mup-protocol §3, each explained', async () => {
    const { operations } = await read(example('updatable-device'));
    const states = operations.find(({ role }) => role === 'manifest')?.states ?? [];
    expect(states.map(({ name }) => name)).toEqual(deviceStates.map(({ name }) => name));
    expect(states.filter(({ text }) => text === undefined)).toEqual([]);
  });

  test('its lamp, mode and sensors show structures, ranges, enumerations and units', async () => {
    const { operations, dataPoints, maxSliceSize, window } = await read(example('updatable-device'));
    const inputOf = (name: string) =>
      operations.find((operation) => operation.name === name)?.inputs[0]?.type;
    expect([maxSliceSize, window]).toEqual([600, 4]);
    expect(operations.map(({ name }) => name)).toEqual(expect.arrayContaining(['relayOn', 'relayOff']));
    expect(inputOf('setLampColor')).toMatchObject({
      kind: 'structure',
      fields: ['red', 'green', 'blue'].map((name) => ({
        name,
        type: { datatype: 'int', minInclusive: '0', maxInclusive: '255' },
      })),
    });
    expect(inputOf('setMode')).toMatchObject({
      kind: 'enumeration',
      values: ['eco', 'comfort', 'boost'].map((name) => ({ name, text: expect.any(String) })),
    });
    expect(dataPoints.map(({ name, units, topic }) => [name, units, topic])).toEqual([
      ['humidity', '%', 'sensor/humidity/%s'],
      ['temperature', '°C', 'sensor/temperature/%s'],
    ]);
  });

  test.each(['updatable-device', 'relay'])('%s says nothing in vain', async (name) => {
    expect((await read(example(name))).remarks).toEqual([]);
  });

  test('neither the order of nodes, keys and values nor blank node labels change what is read', async () => {
    const document = JSON.parse(example('updatable-device'));
    const expected = await read(document);
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(1_000_000)), async (numbers) => {
        const next = (): number => numbers.next().value ?? 0;
        expect(await read(shuffled(document, next))).toEqual(expected);
      }),
      { numRuns: 8 },
    );
  });
});

/** A JSON-LD document that means the same: everything but lists in another order. */
function shuffled(value: unknown, next: () => number, inList = false): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => shuffled(item, next));
    return inList ? items : mixed(items, next);
  }
  if (typeof value !== 'object' || value === null) return value;
  const isList = (key: string): boolean => ['@list', 'hasInputs', 'hasOutputs', 'hasParts'].includes(key);
  const entries = Object.entries(value).map(
    ([key, item]) => [key, shuffled(item, next, isList(key))] as const,
  );
  return Object.fromEntries(mixed(entries, next));
}

function mixed<T>(items: readonly T[], next: () => number): T[] {
  return items
    .map((item) => ({ item, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

describeWithSharedData('the descriptions of the MYNO prototype', () => {
  const folder = join(sharedData, 'myno');
  const readFile = (name: string) => read(new Uint8Array(readFileSync(join(folder, name))));

  test('all four are read, as profile myno', async () => {
    const files = readdirSync(folder).sort();
    expect(files).toHaveLength(4);
    const summary = [];
    for (const file of files) {
      const { profile, category, operations, dataPoints } = await readFile(file);
      summary.push([profile, category, operations.length, dataPoints.length]);
    }
    expect(summary).toEqual([
      ['myno', 'BoardName', 8, 8],
      ['myno', 'Board_2', 4, 2],
      ['myno', 'SETUP-1', 5, 2],
      ['myno', 'LED-LAMP', 4, 1],
    ]);
  });

  test('fields that number their names are in that order, the numbers gone', async () => {
    const { operations } = await readFile('update-compacted.jsonld');
    expect(
      operations.find(({ name }) => name === 'funcPubUpdateManifest')?.inputs.map(({ name }) => name),
    ).toEqual([
      'AppId',
      'LinkOffset',
      'Hash',
      'Size',
      'Version',
      'OldVersion',
      'InnerSignature',
      'DeviceNonce',
      'OuterSignature',
    ]);
  });

  test('states and their texts find each other by number', async () => {
    const { operations } = await readFile('update-compacted.jsonld');
    expect(operations[0]?.states.slice(0, 2)).toEqual([
      { name: '10_OK', text: 'successful' },
      { name: '11_NOOP', text: 'nothing to do' },
    ]);
  });

  test('slices and their acknowledgements have the topics of the prototype', async () => {
    const { operations } = await readFile('update-compacted.jsonld');
    expect(operations.find(({ name }) => name === 'funcPubUpdateImage')).toMatchObject({
      inputTopic: 'yang/update/image/%s',
      acknowledgementTopic: 'yang/update/image/%s/response',
    });
  });

  test('units, structures and enumerations are read, %% is a percent sign', async () => {
    const { operations, dataPoints } = await readFile('agriculture-units-events-compacted.jsonld');
    expect(dataPoints.find(({ name }) => name === 'outDpHumidity')?.units).toBe('%');
    const rgb = operations.find(({ name }) => name === 'funcLed_1Rgb')?.inputs[0]?.type;
    expect(rgb).toMatchObject({
      kind: 'structure',
      fields: [{ name: 'inputBlue', type: { datatype: 'int' } }, {}, {}],
    });
  });
});
