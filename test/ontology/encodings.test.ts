import { describe, expect, test } from '@jest/globals';
import { describeDevice, id, type Node, operation, read, refusal } from './support.ts';

const native = { 'mup:profile': 'native' };
const mode: Node = { ...id('mode'), '@type': 'onem2m:OperationInput' };
const level: Node = {
  ...id('level'),
  '@type': 'onem2m:OperationInput',
  'onem2m:hasDataType': { '@id': 'xsd:int' },
};

async function called(more: Node, nodes: readonly Node[] = []) {
  const { operations } = await read(describeDevice([...operation('call', more), ...nodes], native));
  return operations[0];
}

const fault = async (more: Node, nodes: readonly Node[] = [], device: Node = native) =>
  (await refusal(describeDevice([...operation('call', more), ...nodes], device))).findings[0];

describe('operations of a native device (mup:profile "native")', () => {
  test('topics stay as they are, and calls end with the acknowledgement of the broker', async () => {
    expect(await called({})).toMatchObject({ topic: 't/call', encoding: 'raw', answered: 'none' });
  });

  test('one value alone is raw, several are JSON, and so is one with a pointer or parts', async () => {
    const encodingOf = async (inputs: Node[]) =>
      (await called({ 'onem2m:hasInput': inputs.map(({ '@id': name }) => ({ '@id': name })) }, inputs))
        ?.encoding;
    expect(await encodingOf([level])).toBe('raw');
    expect(await encodingOf([level, mode])).toBe('json');
    expect(await encodingOf([{ ...level, 'mup:pointer': '/brightness' }])).toBe('json');
    const parts = { ...mode, 'myno:hasSubStructure': { '@id': 'myno:level' } };
    expect(
      (await called({ 'onem2m:hasInput': id('mode') }, [parts, { ...level, '@type': 'onem2m:Variable' }]))
        ?.encoding,
    ).toBe('json');
  });

  test('an answer topic makes the next message there the answer, which carries the outputs', async () => {
    const state = { ...id('state'), '@type': 'onem2m:OperationOutput', 'mup:pointer': '/POWER' };
    expect(
      await called({ 'mup:answerTopic': 'stat/RESULT', 'onem2m:hasOutput': id('state') }, [state]),
    ).toMatchObject({
      answered: 'state',
      answerTopic: 'stat/RESULT',
      answerEncoding: 'json',
      outputs: [{ name: 'state', pointer: '/POWER' }],
    });
  });

  test('constants are the members of JSON objects, or the whole of a payload', async () => {
    expect(
      (
        await called({
          'mup:encoding': 'json',
          'mup:constant': ['{"transition":1,"a/b~":"x"}', '{"on":true}'],
        })
      )?.constants,
    ).toEqual([
      { pointer: '/a~1b~0', value: '"x"' },
      { pointer: '/on', value: 'true' },
      { pointer: '/transition', value: '1' },
    ]);
    expect((await called({ 'mup:encoding': 'json', 'mup:constant': '[1]' }))?.constants).toEqual([
      { pointer: '', value: '[1]' },
    ]);
    expect((await called({ 'mup:constant': 'TOGGLE' }))?.constants).toEqual([
      { pointer: '', value: 'TOGGLE' },
    ]);
    expect((await called({ 'mup:constant': 0.5 }))?.constants).toEqual([{ pointer: '', value: '0.5' }]);
  });

  test('QoS and retain are read', async () => {
    expect(await called({ 'mup:qos': 2, 'mup:retain': true })).toMatchObject({ qos: 2, retain: true });
  });

  test('an enumeration of numbers says so, as the device writes them', async () => {
    const speed: Node = {
      ...id('speed'),
      '@type': 'onem2m:OperationInput',
      'onem2m:hasDataType': { '@id': 'xsd:decimal' },
      'onem2m:hasDataRestriction_pattern': { '@list': [0.5, 1, 2.25] },
    };
    expect((await called({ 'onem2m:hasInput': id('speed') }, [speed]))?.inputs[0]?.type).toEqual({
      kind: 'enumeration',
      datatype: 'decimal',
      values: [{ name: '0.5' }, { name: '1' }, { name: '2.25' }],
    });
  });

  const faults: [string, Node, Node[], string][] = [
    ['request ids', { 'mup:answered': 'response' }, [], 'mup:answered'],
    ['a state without a topic', { 'mup:answered': 'state' }, [], 'mup:answerTopic'],
    [
      'outputs that nothing brings',
      { 'onem2m:hasOutput': id('mode') },
      [{ ...mode, '@type': 'onem2m:OperationOutput' }],
      'onem2m:hasOutput',
    ],
    [
      'raw with two values',
      { 'mup:encoding': 'raw', 'onem2m:hasInput': [id('mode'), id('level')] },
      [mode, level],
      'mup:encoding',
    ],
    [
      'raw with a place in JSON',
      { 'mup:encoding': 'raw', 'onem2m:hasInput': id('level') },
      [{ ...level, 'mup:pointer': '/brightness' }],
      'mup:encoding',
    ],
    ['the text of a profile', { 'mup:encoding': 'fields' }, [], 'mup:encoding'],
    [
      'a constant beside inputs that is no object',
      { 'mup:encoding': 'json', 'mup:constant': '[1]', 'onem2m:hasInput': id('mode') },
      [mode],
      'mup:constant',
    ],
    [
      'a member twice',
      { 'mup:encoding': 'json', 'mup:constant': ['{"a":1}', '{"a":2}'] },
      [],
      'mup:constant',
    ],
    [
      'a raw constant beside an input',
      { 'mup:constant': 'X', 'mup:encoding': 'raw', 'onem2m:hasInput': id('mode') },
      [mode],
      'mup:constant',
    ],
    ['an encoding that nobody knows', { 'mup:encoding': 'cbor' }, [], 'mup:encoding'],
    ['a QoS beyond 2', { 'mup:qos': 3 }, [], 'mup:qos'],
  ];
  test.each(faults)('refused: %s', async (_, more, nodes, path) => {
    expect((await fault(more, nodes))?.path).toBe(path);
  });

  test('refused: a pointer that is none (RFC 6901 §3)', async () => {
    const wrong = { ...level, 'mup:pointer': 'brightness' };
    expect((await fault({ 'onem2m:hasInput': id('level') }, [wrong]))?.path).toBe('mup:pointer');
  });
});

describe('other profiles', () => {
  test.each([
    ['mup:encoding', 'json'],
    ['mup:answered', 'none'],
    ['mup:constant', 'x'],
    ['mup:qos', 1],
  ])('%s is refused there, as their requests are texts of the profile', async (term, value) => {
    expect((await fault({ [term]: value }, [], { 'mup:profile': 'mup' }))?.path).toBe(term);
    expect((await fault({ [term]: value }, [], {}))?.path).toBe(term);
  });

  test('a mup:pointer of theirs is a remark, wherever it stands', async () => {
    const part = { ...level, 'mup:pointer': '/level' };
    const whole = { ...mode, 'myno:hasSubStructure': { '@id': 'myno:level' } };
    const nodes = [...operation('call', { 'onem2m:hasInput': id('mode') }), whole, part];
    const { remarks } = await read(describeDevice(nodes, { 'mup:profile': 'mup' }));
    expect(remarks).toEqual(['myno:op-call: mup:pointer of level is not used, as its messages are no JSON.']);
  });

  test('an operation without a method is refused', async () => {
    const nodes = operation('call');
    delete nodes[1]?.['myno:mqttMethod'];
    const { findings } = await refusal(describeDevice(nodes, { 'mup:profile': 'mup' }));
    expect(findings[0]?.path).toBe('myno:mqttMethod');
  });
});

describe('data points', () => {
  const point = (more: Node, device: Node = native) =>
    read(
      describeDevice(
        [{ ...id('power'), '@type': 'onem2m:OutputDataPoint', 'myno:mqttTopic': 'tele/SENSOR', ...more }],
        device,
      ),
    ).then(({ dataPoints }) => dataPoints[0]);

  const given = { 'mup:pointer': '/ENERGY/Power' };

  test('a pointer makes the message JSON, for all profiles', async () => {
    expect(await point(given)).toMatchObject({ topic: 'tele/SENSOR', encoding: 'json', ...pointer });
    expect(await point(given, { 'mup:profile': 'mup' })).toMatchObject({
      topic: 'tele/SENSOR/%s',
      encoding: 'json',
      ...pointer,
    });
  });
  const pointer = { pointer: '/ENERGY/Power' };

  test.each([
    ['raw', 'parts', { 'myno:hasSubStructure': { ...id('watts'), '@type': 'onem2m:Variable' } }],
    ['raw', 'a place in JSON', given],
    ['fields', 'a place in JSON', given],
  ])('refused: %s with %s', async (encoding, _, more) => {
    for (const device of [native, { 'mup:profile': 'mup' }])
      await expect(point({ 'mup:encoding': encoding, ...more }, device)).rejects.toMatchObject({
        findings: [{ node: 'myno:power', path: 'mup:encoding', found: JSON.stringify(encoding) }],
      });
  });

  test('a bare value has no encoding', async () => {
    expect(await point({})).not.toHaveProperty('encoding');
  });

  test('parts of a native device are JSON', async () => {
    const parts = { 'myno:hasSubStructure': { ...id('watts'), '@type': 'onem2m:Variable' } };
    expect(await point(parts)).toMatchObject({ encoding: 'json', type: { kind: 'structure' } });
  });
});
