import { describe, expect, test } from '@jest/globals';
import type { DeviceDescription, Field } from '../../src/base/description.ts';
import { describeDevice, id, operation, read, withInputs } from './support.ts';

const call = (description: DeviceDescription) => {
  const found = description.operations.find(({ name }) => name === 'call');
  if (found === undefined) throw new TypeError('no operation call');
  return found;
};
const names = (fields: readonly Field[]): string[] => fields.map(({ name }) => name);
const typeOf = async (more: Record<string, unknown>, nodes: Record<string, unknown>[] = []) =>
  call(await read(withInputs([{ ...id('x'), ...more }], nodes))).inputs[0]?.type;

describe('the name of an RPC (design, Names)', () => {
  test('is the local name of the functionality that has the command of the operation', async () => {
    expect((await read(describeDevice(operation('relayOn')))).operations[0]?.name).toBe('relayOn');
  });

  test('is that of the operation where no functionality has its command, with a remark', async () => {
    const [, alone = {}] = operation('relayOn');
    const description = await read(describeDevice([alone]));
    expect(description.operations[0]?.name).toBe('op-relayOn');
    expect(description.remarks).toEqual([expect.stringContaining('no functionality has its command')]);
  });
});

describe('the order of inputs (design: RDF has no order)', () => {
  test('an @list comes first', async () => {
    const inputs = ['c', 'a', 'b'].map((name) => ({ ...id(name), 'mup:order': name.charCodeAt(0) }));
    const nodes = operation('call', { 'onem2m:hasInput': { '@list': ['c', 'a', 'b'].map(id) } });
    expect(names(call(await read(describeDevice([...nodes, ...inputs]))).inputs)).toEqual(['c', 'a', 'b']);
  });

  test('then mup:order', async () => {
    const inputs = [
      { ...id('a'), 'mup:order': 10 },
      { ...id('b'), 'mup:order': 2 },
      { ...id('c'), 'mup:order': -1 },
    ];
    expect(names(call(await read(withInputs(inputs))).inputs)).toEqual(['c', 'b', 'a']);
  });

  test('then the numeric prefix of older descriptions, which is no part of the name', async () => {
    const inputs = ['input_10_a', 'input_9_b', 'z'].map(id);
    expect(names(call(await read(withInputs(inputs))).inputs)).toEqual(['b', 'a', 'z']);
  });

  test('then the name', async () => {
    expect(names(call(await read(withInputs(['b', 'a', 'B'].map(id)))).inputs)).toEqual(['B', 'a', 'b']);
  });

  test('a prefix stays where the name would be the same twice or no identifier', async () => {
    const inputs = ['input_1_x', 'input_2_x', 'input_3_4'].map(id);
    expect(names(call(await read(withInputs(inputs))).inputs)).toEqual([
      'input_1_x',
      'input_2_x',
      'input_3_4',
    ]);
  });
});

describe('inputs', () => {
  test('come from the command where the operation names none', async () => {
    const nodes = [...operation('call'), { ...id('cmd-call'), 'onem2m:hasInput': id('a') }, id('a')];
    expect(names(call(await read(describeDevice(nodes))).inputs)).toEqual(['a']);
  });

  test('do not include the one that names the target device', async () => {
    const target = { ...id('target'), 'onem2m:hasInput': id('deviceUuid') };
    expect(names(call(await read(withInputs([target, id('uuidInput'), id('a')]))).inputs)).toEqual(['a']);
  });

  test('a UUID with a role is a value like others', async () => {
    const uuid = { ...id('uuid'), 'mup:represents': id('mup:DeviceUuid') };
    expect(call(await read(withInputs([uuid]))).inputs).toEqual([
      { name: 'uuid', type: { kind: 'scalar', datatype: 'string' }, mandatory: true, role: 'deviceUuid' },
    ]);
  });

  test('are mandatory unless they are optional or have a default', async () => {
    const inputs = [
      id('a'),
      { ...id('b'), 'mup:optional': true },
      { ...id('c'), 'onem2m:hasDataType': id('xsd:int'), 'mup:default': 5 },
    ];
    const fields = call(await read(withInputs(inputs))).inputs;
    expect(fields.map(({ mandatory, default: given }) => [mandatory, given])).toEqual([
      [true, undefined],
      [false, undefined],
      [false, '5'],
    ]);
  });

  test.each([
    [{ 'onem2m:hasDataType': id('xsd:decimal') }],
    [{ 'onem2m:hasDataType': id('xsd:double') }],
    [{ 'onem2m:hasDataRestriction_pattern': { '@list': [1.5, 2.5] } }],
  ])('a default that is a JSON number with a fraction is that number: %j', async (type) => {
    const [field] = call(await read(withInputs([{ ...id('a'), ...type, 'mup:default': 2.5 }]))).inputs;
    expect(field?.default).toBe('2.5');
  });

  test('may have units and a description', async () => {
    const input = {
      ...id('a'),
      'om-2:hasUnit': id('om-2:metre'),
      'onem2m:hasThingProperty': {
        ...id('desc'),
        '@type': 'myno:YangDescription',
        'onem2m:hasValue': [
          { '@value': 'Weite', '@language': 'de' },
          { '@value': 'Distance', '@language': 'en' },
        ],
      },
    };
    const [field] = call(await read(withInputs([input]))).inputs;
    expect([field?.units, field?.text]).toEqual(['metre', 'Distance']);
  });
});

describe('types', () => {
  test('stand on the thing property of an input', async () => {
    const type = await typeOf({ 'onem2m:hasInput': id('property') }, [
      { ...id('property'), 'onem2m:hasDataType': id('xsd:hexBinary'), 'onem2m:hasDataRestriction_length': 4 },
    ]);
    expect(type).toEqual({ kind: 'scalar', datatype: 'hexBinary', minLength: 4, maxLength: 4 });
  });

  test('without a data type are strings', async () => {
    expect(await typeOf({})).toEqual({ kind: 'scalar', datatype: 'string' });
  });

  test.each([
    [
      { '@value': '0', '@type': 'xsd:unsignedByte' },
      { '@value': '9', '@type': 'xsd:unsignedByte' },
      'unsignedByte',
    ],
    [0, 255, 'int'],
    ['0', '4294967296', 'long'],
    [0.5, 1.5, 'decimal'],
  ])('bounds %j and %j without a data type make %s', async (low, high, datatype) => {
    const type = await typeOf({
      'onem2m:hasDataRestriction_minInclusive': low,
      'onem2m:hasDataRestriction_maxInclusive': high,
    });
    expect(type).toMatchObject({ kind: 'scalar', datatype });
  });

  test('bounds are exact decimals, whatever JSON-LD made of the number', async () => {
    const type = await typeOf({
      'onem2m:hasDataType': id('xsd:decimal'),
      'mup:fractionDigits': 2,
      'onem2m:hasDataRestriction_minExclusive': -0.25,
      'onem2m:hasDataRestriction_maxExclusive': '+010.50',
    });
    expect(type).toEqual({
      kind: 'scalar',
      datatype: 'decimal',
      minExclusive: '-0.25',
      maxExclusive: '10.5',
      fractionDigits: 2,
    });
  });

  test('several patterns are an enumeration, one is a regular expression, one in a @list an enumeration', async () => {
    const key = 'onem2m:hasDataRestriction_pattern';
    expect(await typeOf({ [key]: ['b', 'a'] })).toEqual({
      kind: 'enumeration',
      values: [{ name: 'a' }, { name: 'b' }],
    });
    expect(await typeOf({ [key]: '[a-z]+' })).toEqual({
      kind: 'scalar',
      datatype: 'string',
      patterns: ['[a-z]+'],
    });
    expect(await typeOf({ [key]: { '@list': ['a'] } })).toEqual({
      kind: 'enumeration',
      values: [{ name: 'a' }],
    });
  });

  test('parts make a structure, in both namespaces that the prototype uses', async () => {
    for (const key of ['onem2m:hasSubStructure', 'myno:hasSubStructure'])
      expect(await typeOf({ [key]: [id('b'), id('a')] })).toMatchObject({
        kind: 'structure',
        fields: [{ name: 'a' }, { name: 'b' }],
      });
  });

  test.each([
    ['^[0-9]+', true],
    ['[0-9]+$', true],
    ['USD\\\\$', true],
    ['USD\\$', false],
    ['[^0-9$]', false],
  ])('an anchor in a pattern, which XSD has none of, is a remark: %s', async (pattern, isRemarked) => {
    const { remarks } = await read(
      withInputs([{ ...id('x'), 'onem2m:hasDataRestriction_pattern': pattern }]),
    );
    expect(remarks.some((remark) => remark.includes('leave them out'))).toBe(isRemarked);
  });

  test('a restriction that does not apply is a remark', async () => {
    const description = await read(
      withInputs([
        { ...id('x'), 'onem2m:hasDataType': id('xsd:int'), 'onem2m:hasDataRestriction_maxLength': 4 },
      ]),
    );
    expect(description.remarks).toEqual([
      'x onem2m:hasDataRestriction_maxLength: it does not apply to xsd:int.',
    ]);
  });
});

describe('states of an operation and what they mean', () => {
  const withStates = async (patterns: unknown, texts?: unknown) => {
    const description = {
      ...id('desc'),
      '@type': 'myno:YangDescription',
      'onem2m:hasDataRestriction_pattern': texts,
    };
    const state = {
      ...id('state'),
      'onem2m:hasDataRestriction_pattern': patterns,
      ...(texts === undefined ? {} : { 'onem2m:hasThingProperty': description }),
    };
    return read(describeDevice([...operation('call', { 'onem2m:hasOperationState': id('state') }), state]));
  };

  test('pair by the number that both begin with', async () => {
    const { operations } = await withStates(['12_ERROR', '10_OK', '9_X'], ['10 fine', '12: broken']);
    expect(operations[0]?.states).toEqual([
      { name: '9_X' },
      { name: '10_OK', text: 'fine' },
      { name: '12_ERROR', text: 'broken' },
    ]);
  });

  test('pair by place where both stand in a @list', async () => {
    const { operations } = await withStates({ '@list': ['OK', 'ERROR'] }, { '@list': ['fine', 'broken'] });
    expect(operations[0]?.states).toEqual([
      { name: 'OK', text: 'fine' },
      { name: 'ERROR', text: 'broken' },
    ]);
  });

  test('need no @id to be in the order of their @list', async () => {
    const state = { 'onem2m:hasDataRestriction_pattern': { '@list': ['OK', 'NOOP', 'ERROR'] } };
    const { operations, remarks } = await read(
      describeDevice(operation('call', { 'onem2m:hasOperationState': state })),
    );
    expect(operations[0]?.states.map(({ name }) => name)).toEqual(['OK', 'NOOP', 'ERROR']);
    expect(remarks).toEqual([]);
  });

  test('have no texts where nobody can tell which belongs to which, with a remark', async () => {
    const { operations, remarks } = await withStates(['OK', 'ERROR'], ['fine', 'broken']);
    expect(operations[0]?.states).toEqual([{ name: 'ERROR' }, { name: 'OK' }]);
    expect(remarks).toEqual([expect.stringContaining('cannot be told')]);
  });

  test('a single state is a value and no pattern', async () => {
    expect((await withStates('OK')).operations[0]?.states).toEqual([{ name: 'OK' }]);
  });
});

describe('topics and profiles (mup-protocol §2, §3)', () => {
  const slices = { 'onem2m:hasInputDataPoint': { ...id('slices'), 'myno:mqttTopic': 'image' } };

  test('end with the UUID, once', async () => {
    for (const topic of ['a/b', 'a/b/%s', 'a/b/'])
      expect(call(await read(describeDevice(operation('call', { 'myno:mqttTopic': topic })))).topic).toBe(
        'a/b/%s',
      );
  });

  test('myno without mup:profile: answers on response/, acknowledgements beside the slices', async () => {
    const description = await read(describeDevice(operation('call', slices)));
    expect(description.profile).toBe('myno');
    expect(call(description)).toMatchObject({
      answerTopic: 'response/%s',
      inputTopic: 'image/%s',
      acknowledgementTopic: 'image/%s/response',
    });
  });

  test('mup: answers on mup/response/, slices and acknowledgements under mup/firmware/', async () => {
    const nodes = operation('call', { '@type': ['onem2m:Operation', 'mup:FirmwareOperation'] });
    expect(call(await read(describeDevice(nodes, { 'mup:profile': 'mup' })))).toMatchObject({
      role: 'firmware',
      answerTopic: 'mup/response/%s',
      inputTopic: 'mup/firmware/%s/image',
      acknowledgementTopic: 'mup/firmware/%s/ack',
    });
  });

  test('what the description names comes first', async () => {
    const nodes = operation('call', {
      ...slices,
      'mup:answerTopic': 'answers',
      'mup:acknowledgementTopic': 'x/%s/y',
    });
    expect(call(await read(describeDevice(nodes)))).toMatchObject({
      answerTopic: 'answers/%s',
      acknowledgementTopic: 'x/%s/y',
    });
  });
});

describe('the device', () => {
  test('offers what its services and their sub-services offer, at any depth, cycles included', async () => {
    const nodes = [
      ...operation('deep').map((node) =>
        node['@type'] === 'onem2m:Operation' ? { ...node, '@type': 'x:y' } : node,
      ),
      { ...id('service'), 'onem2m:hasSubService': id('s2') },
      { ...id('s2'), 'onem2m:hasSubService': [id('s3'), id('service')] },
      { ...id('s3'), 'onem2m:hasOperation': id('op-deep'), 'onem2m:hasSubService': id('s3') },
    ];
    expect((await read(describeDevice(nodes))).operations.map(({ name }) => name)).toEqual(['deep']);
  });

  test('its category is free of the UUID', async () => {
    const nodes = describeDevice([])['@graph'] as Record<string, unknown>[];
    const graph = nodes.map((node) =>
      node['@id'] === 'myno:deviceCategory' ? { ...node, 'onem2m:hasValue': '%s-Board' } : node,
    );
    expect((await read({ ...describeDevice([]), '@graph': graph })).category).toBe('Board');
  });

  test('its data points take the text of the only functionality of their service', async () => {
    const nodes = [
      { ...id('brightness'), '@type': 'onem2m:OutputDataPoint', 'myno:mqttTopic': 'b' },
      { ...id('service'), 'onem2m:exposesFunctionality': id('measure') },
      {
        ...id('measure'),
        'onem2m:hasThingProperty': {
          ...id('d'),
          '@type': 'myno:YangDescription',
          'onem2m:hasValue': 'Light.',
        },
      },
    ];
    expect((await read(describeDevice(nodes))).dataPoints).toEqual([
      { name: 'brightness', text: 'Light.', type: { kind: 'scalar', datatype: 'string' }, topic: 'b/%s' },
    ]);
  });

  test('what nobody reads is a remark', async () => {
    const { remarks } = await read(
      describeDevice([{ ...id('orphan'), '@type': 'onem2m:ThingProperty' }], {
        'myno:colour': 'red',
        shiny: true,
      }),
    );
    expect(remarks).toEqual([
      'myno:myDevice myno:colour: this property is not read.',
      'myno:orphan: nothing refers to this individual.',
      'shiny: not used (invalid property); is it missing in the @context?',
    ]);
  });

  test('the older name of the MYNO vocabulary is understood', async () => {
    const document = describeDevice(operation('relayOn'));
    const older = {
      ...document,
      '@context': { ...(document['@context'] as object), myno: 'http://yang-netconf-mqtt#' },
    };
    expect(await read(older)).toEqual(await read(document));
  });

  test('texts for people hold nothing that XML cannot carry or a terminal obeys', async () => {
    const text = {
      ...id('d'),
      '@type': 'myno:YangDescription',
      'onem2m:hasValue': ' a\u0000\u001b[31mb\u202e\n ',
    };
    const properties = { 'onem2m:hasThingProperty': [id('deviceUuid'), id('deviceCategory'), id('d')] };
    expect((await read(describeDevice([text], properties))).text).toBe('a  [31mb');
  });
});
