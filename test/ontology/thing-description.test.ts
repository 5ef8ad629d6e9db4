import { describe, expect, test } from '@jest/globals';
import type { DeviceDescription } from '../../src/base/description.ts';
import { example, type Node, read, refusal } from './support.ts';

const td = 'https://www.w3.org/2022/wot/td/v1.1';
const mup = { mup: 'urn:mup:ontology#' };
const read1 = { op: 'observeproperty', href: 'mqtt://broker/state' };
const write1 = { op: 'writeproperty', href: 'mqtt://broker/set' };

/** A Thing Description; every part of it is as TD 1.1 has it. */
const thing = (more: Node): Node => ({
  '@context': [td, mup],
  title: 'Thing',
  securityDefinitions: { nosec_sc: { scheme: 'nosec' } },
  security: 'nosec_sc',
  ...more,
});
const property = (schema: Node, forms: readonly Node[] = [read1], name = 'level'): Node =>
  thing({ properties: { [name]: { ...schema, forms } } });
const action = (more: Node, form: Node = {}): Node =>
  thing({ actions: { act: { ...more, forms: [{ href: 'mqtt://broker/act', ...form }] } } });

const pointOf = async (document: Node) => (await read(document)).dataPoints[0];
const callOf = async (document: Node) => (await read(document)).operations[0];
const typeOf = async (schema: Node) => (await pointOf(property(schema)))?.type;

describe('things', () => {
  test('a thing is a native device; its title, or mup:category, is its category', async () => {
    const level = { level: { type: 'integer', forms: [read1] } };
    const named = (more: Node): Promise<DeviceDescription> => read(thing({ properties: level, ...more }));
    expect(await named({})).toMatchObject({ profile: 'native', uuid: '%s', category: 'Thing', remarks: [] });
    expect((await named({ 'mup:category': 'METER', description: 'Reads.' })).category).toBe('METER');
    expect((await named({ id: 'urn:uuid:%s', description: 'Reads.' })).text).toBe('Reads.');
  });

  test('TD 1.0 is read as well', async () => {
    const old = { ...property({ type: 'integer' }), '@context': 'https://www.w3.org/2019/wot/td/v1' };
    expect((await read(old)).dataPoints).toHaveLength(1);
  });

  test.each(['tasmota-plug.td', 'zigbee2mqtt-lamp.td'])('%s says nothing in vain', async (name) => {
    expect((await read(example(name))).remarks).toEqual([]);
  });
});

describe('forms', () => {
  test.each<[string, Node, Node, string]>([
    ['a URL', { href: 'mqtt://broker:1883/a/%s/b' }, {}, 'a/%s/b'],
    ['a topic alone', { href: 'a/b' }, {}, 'a/b'],
    ['relative to base', { href: 'b' }, { base: 'mqtts://broker/a/' }, 'a/b'],
    ['from the root of base', { href: '/b' }, { base: 'mqtt://broker/a/' }, 'b'],
    ['mqv:topic', { href: 'mqtt://broker', 'mqv:topic': 'a/b' }, {}, 'a/b'],
    ['mqv:filter', { href: 'mqtt://broker', 'mqv:filter': 'a/b' }, {}, 'a/b'],
  ])('the topic is %s', async (_, form, more, topic) => {
    const properties = { level: { type: 'integer', forms: [{ op: 'observeproperty', ...form }] } };
    expect((await pointOf(thing({ properties, ...more })))?.topic).toBe(topic);
  });

  test('the prefix mqv is understood under the names of the drafts', async () => {
    const context = [td, { mqv: 'http://www.example.org/mqtt-binding#' }];
    const form = { op: 'observeproperty', href: 'mqtt://broker', 'mqv:topic': 'a/b' };
    expect((await pointOf({ ...property({ type: 'integer' }, [form]), '@context': context }))?.topic).toBe(
      'a/b',
    );
  });

  test('without op, a property is read and written, but for readOnly and writeOnly', async () => {
    const both = async (schema: Node) => {
      const { operations, dataPoints } = await read(property(schema, [{ href: 'mqtt://broker/x' }]));
      return [operations.length, dataPoints.length];
    };
    expect(await both({ type: 'integer' })).toEqual([1, 1]);
    expect(await both({ type: 'integer', readOnly: true })).toEqual([0, 1]);
    expect(await both({ type: 'integer', writeOnly: true })).toEqual([1, 0]);
  });

  test('a form that subscribes only tells, one that publishes only takes', async () => {
    const { operations, dataPoints } = await read(
      property({ type: 'integer' }, [
        { href: 'mqtt://broker/b', 'mqv:controlPacket': 'publish' },
        { href: 'mqtt://broker/a', 'mqv:controlPacket': 'mqv:subscribe' },
      ]),
    );
    expect([operations[0]?.topic, dataPoints[0]?.topic]).toEqual(['b', 'a']);
  });

  test('contentType is the encoding: JSON unless it says otherwise', async () => {
    const encodingOf = async (contentType?: string) =>
      (await pointOf(property({ type: 'integer' }, [{ ...read1, ...(contentType && { contentType }) }])))
        ?.encoding;
    expect(await encodingOf()).toBe('json');
    expect(await encodingOf('application/senml+json')).toBe('json');
    expect(await encodingOf('text/plain;charset=utf-8')).toBe('raw');
  });

  test('QoS and retain flag are those of the form', async () => {
    expect(await callOf(action({}, { 'mqv:qos': '2', 'mqv:retain': true }))).toMatchObject({
      qos: 2,
      retain: true,
    });
  });

  test('of several forms for one use that of the first topic by name is used', async () => {
    const forms = ['b', 'a', 'c'].map((topic) => ({ ...read1, href: `mqtt://broker/${topic}` }));
    expect((await pointOf(property({ type: 'integer' }, forms)))?.topic).toBe('a');
  });
});

describe('properties and events', () => {
  test('a readable property is a data point, a pointer places it in a payload', async () => {
    const form = { ...read1, 'mup:pointer': '/ENERGY/Power' };
    expect(await pointOf(property({ type: 'number', unit: 'W', title: 'Power' }, [form]))).toEqual({
      name: 'level',
      text: 'Power',
      type: { kind: 'scalar', datatype: 'double' },
      units: 'W',
      topic: 'state',
      encoding: 'json',
      pointer: '/ENERGY/Power',
    });
  });

  test('a writable one is the operation set<Name>, done with the acknowledgement of the broker', async () => {
    expect(await callOf(property({ type: 'boolean', description: 'On?' }, [read1, write1]))).toMatchObject({
      name: 'setLevel',
      text: 'Sets level: On?',
      topic: 'set',
      answered: 'none',
      inputs: [{ name: 'level', text: 'On?', type: { datatype: 'boolean' }, pointer: '', mandatory: true }],
    });
  });

  test('mup:answered "state": the property’s next message is the answer', async () => {
    const forms = [
      { ...read1, 'mup:pointer': '/x' },
      { ...write1, contentType: 'text/plain', 'mup:answered': 'state' },
    ];
    expect(await callOf(property({ type: 'integer' }, forms))).toMatchObject({
      encoding: 'raw',
      answered: 'state',
      answerTopic: 'state',
      answerEncoding: 'json',
      outputs: [{ name: 'level', pointer: '/x' }],
    });
  });

  test('the members of an object are inputs, optional unless required, without what is readOnly', async () => {
    const schema = {
      type: 'object',
      required: ['a/b'],
      properties: {
        'a/b': { type: 'integer' },
        told: { type: 'integer', readOnly: true },
        sent: { type: 'integer', writeOnly: true },
      },
    };
    const { operations, dataPoints } = await read(property(schema, [read1, write1]));
    expect(operations[0]?.inputs.map(({ name, pointer, mandatory }) => [name, pointer, mandatory])).toEqual([
      ['a-b', '/a~1b', true],
      ['sent', '/sent', false],
    ]);
    expect(dataPoints[0]?.type).toMatchObject({ fields: [{ name: 'a-b' }, { name: 'told' }] });
  });

  test('a pointer makes an object one input with parts', async () => {
    const schema = { type: 'object', properties: { x: { type: 'integer' } } };
    const forms = [{ ...write1, 'mup:pointer': '/color' }];
    expect((await callOf(property(schema, forms)))?.inputs).toMatchObject([
      {
        name: 'level',
        pointer: '/color',
        type: { kind: 'structure', fields: [{ name: 'x', pointer: '/x' }] },
      },
    ]);
  });

  test('an event is a data point with the type of its data', async () => {
    const events = {
      overheated: {
        description: 'Too hot.',
        data: { type: 'number', unit: 'Cel', maximum: 200 },
        forms: [{ href: 'mqtt://broker/hot' }],
      },
    };
    expect(await pointOf(thing({ events }))).toMatchObject({
      name: 'overheated',
      text: 'Too hot.',
      units: 'Cel',
      topic: 'hot',
      type: { datatype: 'double', maxInclusive: '200' },
    });
  });
});

describe('actions', () => {
  test('one value is the input "value", the members of an object are inputs', async () => {
    expect((await callOf(action({ input: { type: 'integer' } })))?.inputs).toMatchObject([
      { name: 'value', pointer: '' },
    ]);
    const object = { type: 'object', properties: { b: { type: 'string' }, a: { type: 'integer' } } };
    expect((await callOf(action({ input: object })))?.inputs).toMatchObject([{ name: 'a' }, { name: 'b' }]);
  });

  test('const always travels, and is no input', async () => {
    const object = {
      type: 'object',
      properties: { cmd: { type: 'string', const: 'say "x\\"' }, n: { const: 2 }, a: { type: 'integer' } },
    };
    expect(await callOf(action({ input: object }))).toMatchObject({
      inputs: [{ name: 'a' }],
      constants: [
        { pointer: '/cmd', value: JSON.stringify('say "x\\"') },
        { pointer: '/n', value: '2' },
      ],
    });
    const raw = { contentType: 'text/plain' };
    expect(await callOf(action({ input: { type: 'string', const: 'TOGGLE' } }, raw))).toMatchObject({
      inputs: [],
      constants: [{ pointer: '', value: 'TOGGLE' }],
    });
    expect(await callOf(action({ input: { type: 'string', const: 'on' } }))).toMatchObject({
      encoding: 'json',
      constants: [{ pointer: '', value: '"on"' }],
    });
  });

  test('an output comes with mup:answerTopic', async () => {
    const output = { type: 'object', properties: { x: { type: 'integer' } }, required: ['x'] };
    expect(await callOf(action({ output }, { 'mup:answerTopic': 'result' }))).toMatchObject({
      answered: 'state',
      answerTopic: 'result',
      outputs: [{ name: 'value', pointer: '', type: { fields: [{ name: 'x' }] } }],
    });
  });
});

describe('data schemas', () => {
  test.each<[Node, object]>([
    [{ type: 'boolean' }, { datatype: 'boolean' }],
    [{ type: 'integer' }, { datatype: 'long' }],
    [
      { type: 'integer', minimum: 0, maximum: 254 },
      { datatype: 'int', minInclusive: '0', maxInclusive: '254' },
    ],
    [
      { type: 'number', exclusiveMinimum: 0.5 },
      { datatype: 'double', minExclusive: '0.5' },
    ],
    [
      { type: 'number', exclusiveMaximum: 1e3 },
      { datatype: 'double', maxExclusive: '1000' },
    ],
    [
      { type: 'number', multipleOf: 0.01 },
      { datatype: 'decimal', fractionDigits: 2 },
    ],
    [
      { type: 'string', minLength: 1, maxLength: 8 },
      { datatype: 'string', minLength: 1, maxLength: 8 },
    ],
    [{ type: 'string', pattern: '^[0-9]+$' }, { patterns: ['[0-9]+'] }],
    [{ type: 'string', pattern: '[0-9]' }, { patterns: ['.*[0-9].*'] }],
    [{ type: 'string', format: 'date-time' }, { datatype: 'dateTime' }],
    [{ type: 'string', contentEncoding: 'base64' }, { datatype: 'base64Binary' }],
    [{ type: 'string', enum: ['b', 'a'] }, { values: [{ name: 'b' }, { name: 'a' }] }],
    [
      { type: 'integer', enum: [2, 1] },
      { datatype: 'long', values: [{ name: '2' }, { name: '1' }] },
    ],
  ])('%j', async (schema, expected) => {
    expect(await typeOf(schema)).toMatchObject(expected);
  });

  test('a default makes an input optional', async () => {
    const input = {
      type: 'object',
      properties: { mode: { type: 'string', enum: ['a', 'b'], default: 'b' } },
    };
    expect((await callOf(action({ input })))?.inputs[0]).toMatchObject({ default: 'b', mandatory: false });
  });
});

describe('what cannot be mapped', () => {
  test('without any form of MQTT the description is refused', async () => {
    const form = { op: 'observeproperty', href: 'https://thing.example/state' };
    const { findings } = await refusal(property({ type: 'integer' }, [form]));
    expect(findings[0]).toMatchObject({ path: expect.stringContaining('hasForm'), expected: /mqtt:/ });
  });

  test('an affordance of another protocol is left out with a remark', async () => {
    const other = { type: 'integer', forms: [{ op: 'observeproperty', href: 'http://thing.example/x' }] };
    const { dataPoints, remarks } = await read(
      thing({ properties: { level: { type: 'integer', forms: [read1] }, other } }),
    );
    expect(dataPoints.map(({ name }) => name)).toEqual(['level']);
    expect(remarks).toEqual([expect.stringMatching(/other.*It is left out/)]);
  });

  test.each<[string, Node]>([
    ['arrays', { type: 'array', items: { type: 'integer' } }],
    ['alternatives', { oneOf: [{ type: 'integer' }, { type: 'string' }] }],
  ])('members that are %s are left out with a remark', async (_, schema) => {
    const object = { type: 'object', properties: { list: schema, level: { type: 'integer' } } };
    const { dataPoints, remarks } = await read(property(object));
    expect(dataPoints[0]?.type).toMatchObject({ fields: [{ name: 'level' }] });
    expect(remarks).toEqual([expect.stringContaining('no words for this member')]);
  });

  test('an action that requires one is refused', async () => {
    const input = { type: 'object', required: ['list'], properties: { list: { type: 'array' } } };
    expect((await refusal(action({ input }))).findings[0]?.found).toBe('"array"');
  });

  test('uriVariables leave an affordance out', async () => {
    const { remarks } = await read(
      thing({
        properties: { level: { type: 'integer', forms: [read1] } },
        actions: { act: { uriVariables: { x: { type: 'string' } }, forms: [{ href: 'mqtt://broker/{x}' }] } },
      }),
    );
    expect(remarks).toEqual([expect.stringMatching(/act.*It is left out/)]);
  });

  test('other content types are refused', async () => {
    const form = { ...read1, contentType: 'application/cbor' };
    expect((await refusal(property({ type: 'integer' }, [form]))).findings[0]).toMatchObject({
      found: '"application/cbor"',
      expected: 'application/json or text/plain',
    });
  });

  test('a wildcard in a topic is refused', async () => {
    const form = { op: 'observeproperty', href: 'mqtt://broker', 'mqv:filter': 'a/+' };
    expect((await refusal(property({ type: 'integer' }, [form]))).findings[0]?.path).toBe('myno:mqttTopic');
  });

  test('a pattern with alternatives at its top is not checked, with a remark', async () => {
    const { remarks } = await read(property({ type: 'string', pattern: '^a|b$' }));
    expect(remarks).toEqual([expect.stringContaining('The pattern is not checked')]);
  });
});
