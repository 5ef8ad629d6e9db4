import { describe, expect, test } from '@jest/globals';
import { describeDevice, id, type Node, operation, read, withInputs } from './support.ts';

const remarksOf = async (document: unknown): Promise<readonly string[]> => (await read(document)).remarks;
const own = { 'onem2m:hasThingProperty': [id('deviceUuid'), id('deviceCategory')] };
const measuring = (name: string): Node => ({
  ...id(name),
  '@type': 'onem2m:OutputDataPoint',
  'myno:mqttTopic': name,
});

describe('what a description says in vain is told to its author', () => {
  test.each<[string, Node | Node[], string]>([
    [
      'a property nobody knows',
      { 'myno:colour': 'red' },
      'myno:myDevice myno:colour: this property is not read.',
    ],
    [
      'a property nobody reads where it stands',
      { 'om-2:hasUnit': id('om-2:metre') },
      'myno:myDevice om-2:hasUnit: this property means nothing here.',
    ],
    [
      'a class nobody knows',
      { '@type': ['onem2m:Device', 'http://www.w3.org/2006/time#Interval'] },
      'myno:myDevice rdf:type http://www.w3.org/2006/time#Interval: this class says nothing to the bridge.',
    ],
    [
      'an individual without a reference',
      [{ ...id('lux'), 'om-2:symbol': 'lx' }],
      'myno:lux: nothing refers to this individual.',
    ],
    [
      'a functionality of which nothing comes',
      { 'onem2m:hasFunctionality': id('dance') },
      'myno:dance: nothing comes of this functionality; an operation exposes its command, or a service offers it beside one data point.',
    ],
    [
      'a device property without a value',
      { 'onem2m:hasThingProperty': [...own['onem2m:hasThingProperty'], id('maker')] },
      'myno:maker: a property of the device needs an @id and a onem2m:hasValue to be shown.',
    ],
    [
      'an input that only the command has',
      [
        ...operation('call', { 'onem2m:hasInput': id('a') }),
        { ...id('cmd-call'), 'onem2m:hasInput': [id('a'), id('b')] },
      ],
      'myno:op-call: its command has the input myno:b, and it has not.',
    ],
    [
      'a default of a measurement',
      [{ ...measuring('light'), 'mup:default': 'dark' }],
      'myno:light mup:default: this property means nothing here.',
    ],
  ])('%s', async (_, more, remark) => {
    const document = Array.isArray(more) ? describeDevice(more) : describeDevice([], more);
    expect(await remarksOf(document)).toEqual([remark]);
  });

  test('once for individuals that lead to each other, and that the device does not lead to', async () => {
    const lost = [
      { ...id('a'), 'onem2m:hasThingProperty': id('b') },
      { ...id('b'), 'onem2m:hasValue': 'x', 'onem2m:hasThingProperty': id('a') },
      { ...id('c'), '@type': 'onem2m:OperationState', 'onem2m:hasThingProperty': id('d') },
      { ...id('d'), 'onem2m:hasValue': 'x' },
    ];
    expect(await remarksOf(describeDevice(lost))).toEqual([
      'myno:a: nothing refers to this individual.',
      'myno:c: nothing refers to this individual.',
    ]);
  });

  test('not of classes, properties and ontologies that it declares', async () => {
    const owl = 'http://www.w3.org/2002/07/owl#';
    const rdfs = 'http://www.w3.org/2000/01/rdf-schema#';
    const declared = [
      { '@id': 'https://www.cs.uni-potsdam.de/bs/research/myno', '@type': `${owl}Ontology` },
      { ...id('EventFunctionality'), '@type': `${owl}Class`, [`${rdfs}label`]: 'event' },
      { '@id': 'onem2m:hasInput', '@type': `${owl}ObjectProperty`, [`${rdfs}range`]: id('x') },
      { ...id('mine'), [`${rdfs}subClassOf`]: id('onem2m:Functionality') },
    ];
    expect(await remarksOf(describeDevice(declared))).toEqual([]);
  });

  test('not of the target UUID, which the bridge describes by itself', async () => {
    const target = {
      ...id('uuidInput'),
      '@type': 'onem2m:OperationInput',
      'onem2m:hasInput': { ...id('deviceUuid'), 'onem2m:hasDataType': id('xsd:string') },
      'onem2m:hasThingProperty': {
        ...id('uuidDesc'),
        '@type': 'myno:YangDescription',
        'onem2m:hasValue': 'Target UUID for request',
      },
    };
    expect(await remarksOf(withInputs([target]))).toEqual([]);
  });
});

describe('functionalities of all classes', () => {
  test.each([
    'onem2m:ControllingFunctionality',
    'myno:ConfigurationFunctionality',
    'myno:AutomationFunctionality',
  ])('%s names the RPC of its command', async (type) => {
    const [functionality = {}, ...others] = operation('configure');
    const { operations, remarks } = await read(
      describeDevice([{ ...functionality, '@type': type }, ...others], {
        'onem2m:hasFunctionality': id('configure'),
      }),
    );
    expect([operations.map(({ name }) => name), remarks]).toEqual([['configure'], []]);
  });

  test.each(['onem2m:MeasuringFunctionality', 'myno:EventFunctionality'])(
    '%s describes the data point of its service',
    async (type) => {
      const functionality = {
        ...id('detect'),
        '@type': type,
        'onem2m:hasThingProperty': {
          ...id('descDetect'),
          '@type': 'myno:YangDescription',
          'onem2m:hasValue': 'Somebody moves.',
        },
      };
      const service = { ...id('service'), 'onem2m:exposesFunctionality': id('detect') };
      const { dataPoints, remarks } = await read(
        describeDevice([measuring('motion'), functionality, service]),
      );
      expect([dataPoints.map(({ text }) => text), remarks]).toEqual([['Somebody moves.'], []]);
    },
  );
});

describe('properties of the device', () => {
  test('are what it states of itself besides UUID, category and texts', async () => {
    const maker = { ...id('maker'), '@type': 'onem2m:ThingProperty', 'onem2m:hasValue': 'ACME' };
    const height = {
      ...id('height'),
      'onem2m:hasValue': 1.25,
      'onem2m:hasDataType': id('xsd:decimal'),
      'om-2:hasUnit': { ...id('om-2:metre'), 'om-2:symbol': 'm' },
    };
    const properties = [...own['onem2m:hasThingProperty'], id('maker'), id('height')];
    const description = await read(
      describeDevice([maker, height], { 'onem2m:hasThingProperty': properties }),
    );
    expect([description.properties, description.remarks]).toEqual([
      [
        { name: 'height', value: '1.25', units: 'm' },
        { name: 'maker', value: 'ACME' },
      ],
      [],
    ]);
  });
});

describe('texts and units', () => {
  test('may stand on the thing property of an input', async () => {
    const property = {
      ...id('prop'),
      'onem2m:hasDataType': id('xsd:int'),
      'om-2:hasUnit': { ...id('om-2:lux'), 'om-2:symbol': 'lx' },
      'onem2m:hasThingProperty': {
        ...id('d'),
        '@type': 'myno:YangDescription',
        'onem2m:hasValue': 'How bright.',
      },
    };
    const { operations, remarks } = await read(withInputs([{ ...id('x'), 'onem2m:hasInput': property }]));
    expect(operations[0]?.inputs).toEqual([
      {
        name: 'x',
        text: 'How bright.',
        type: { kind: 'scalar', datatype: 'int' },
        mandatory: true,
        units: 'lx',
      },
    ]);
    expect(remarks).toEqual([]);
  });

  test('of a module that devices share hold no UUID', async () => {
    const text = { ...id('d'), '@type': 'myno:YangDescription', 'onem2m:hasValue': 'The device %s.' };
    const properties = { 'onem2m:hasThingProperty': [...own['onem2m:hasThingProperty'], id('d')] };
    expect((await read(describeDevice([text], properties))).text).toBe('The device <uuid>.');
  });
});

describe('order of what services offer (design: RDF has no order)', () => {
  test('an @list of a service comes first, then mup:order, then the name', async () => {
    const points = ['a', 'b', 'c', 'd'].map(measuring);
    const document = describeDevice(points);
    const graph = (document['@graph'] as Node[]).map((node) =>
      node['@id'] === 'myno:service'
        ? {
            ...node,
            'onem2m:hasOutputDataPoint': { '@list': [id('d'), id('b')] },
            'onem2m:hasSubService': { ...id('sub'), 'onem2m:hasOutputDataPoint': [id('a'), id('c')] },
          }
        : node['@id'] === 'myno:c'
          ? { ...node, 'mup:order': 1 }
          : node,
    );
    const { dataPoints } = await read({ ...document, '@graph': graph });
    expect(dataPoints.map(({ name }) => name)).toEqual(['d', 'b', 'c', 'a']);
  });
});

describe('a value of two types', () => {
  test('is refused, wherever they are said', async () => {
    const properties = ['int', 'string'].map((type) => ({
      ...id(type),
      'onem2m:hasDataType': id(`xsd:${type}`),
    }));
    await expect(read(withInputs([{ ...id('x'), 'onem2m:hasInput': properties }]))).rejects.toMatchObject({
      findings: [
        {
          node: 'myno:x',
          found: 'xsd:int and xsd:string',
          example: '"onem2m:hasDataType": { "@id": "xsd:int" }',
        },
      ],
    });
  });
});
