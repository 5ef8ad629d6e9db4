import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import type { ScalarType } from '../../src/base/description.ts';
import { PeerError, UsageError } from '../../src/base/errors.ts';
import { cHeader } from '../../src/cli/c-header.ts';
import { limitWarnings } from '../../src/cli/device-limits.ts';
import { exitCodeOf, exitCodes } from '../../src/cli/exit-codes.ts';
import { findingsOf, refused } from '../../src/cli/placed-finding.ts';
import { jsonFault, placeOfNode } from '../../src/cli/source-place.ts';
import { topicFaults, topicUses } from '../../src/cli/topic-uses.ts';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import { usedPrefixes } from '../../src/ontology/prefixes.ts';
import { dataPoint, description, field, operation } from '../support/example-description.ts';

describe('where an individual stands in the text', () => {
  const text = `{ "@graph": [
  { "@id": "my:a", "x": { "@id": "my:b" } },
  { "@type": "T",
    "@id": "http://example.org/ns#b", "y": 1 }
] }`;

  test('is where its @id is followed by more, whatever its prefix', () => {
    expect(placeOfNode(text, 'myno:a')).toEqual({ line: 2, column: 5 });
    expect(placeOfNode(text, 'myno:b')).toEqual({ line: 4, column: 5 });
    expect(placeOfNode(text, 'http://example.org/ns#b')).toEqual({ line: 4, column: 5 });
  });

  test('is its first mention where nothing describes it', () => {
    expect(placeOfNode('[\n{"@id":"my:b"}]', 'myno:b')).toEqual({ line: 2, column: 2 });
  });

  test('is unknown of what has no name or stands nowhere', () => {
    for (const node of ['', 'a node without @id', 'the document', '/@graph/3', 'myno:none', 'myno:a(*'])
      expect(placeOfNode(text, node)).toBeUndefined();
  });

  test('is where it stops to be JSON', () => {
    expect(jsonFault('{\n  "a": 1,\n  oops\n}')).toEqual({
      ...{ line: 3, column: 3, what: 'a string is missing or has no end' },
    });
    expect(jsonFault('[1')).toEqual({ line: 1, column: 3, what: 'a comma or ] is missing' });
    expect(jsonFault('[1]')).toBeUndefined();
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (some, node) => {
        placeOfNode(some, node);
        jsonFault(some);
      }),
    );
  });
});

describe('findings', () => {
  const finding = { node: 'my:a', path: 'my:p', found: '1', expected: '2', message: 'No.', example: '' };
  const text = '{ "@id": "my:a", "my:p": 1 }';

  test('of a description have their place, and of other errors there are none', () => {
    const error = new DescriptionError('description-invalid', 'it breaks a rule', [finding]);
    expect(findingsOf(error, text)).toEqual([{ ...finding, line: 1, column: 3 }]);
    expect(findingsOf(new UsageError('file-missing', 'no file'), text)).toEqual([]);
  });

  test('name individuals as the author does', () => {
    const own = '{ "@context": { "gh": "https://gh.example/t#" }, "@graph": [{ "@id": "gh:a", "b": 1 }] }';
    const about = { ...finding, node: 'https://gh.example/t#a', path: 'https://other.example/p' };
    const error = new DescriptionError('description-invalid', 'bad', [about]);
    expect(findingsOf(error, own)).toEqual([{ ...about, node: 'gh:a', line: 1, column: 63 }]);
  });

  test('of the YANG of a description find the part by its name', () => {
    const error = new PeerError('bad-type', 'it is empty', {
      where: 'operation call, input a',
      hint: 'Mend it.',
    });
    expect(findingsOf(error, text)).toEqual([
      {
        ...{ node: 'operation call, input a', path: '', found: '', expected: 'Mend it.' },
        ...{ message: 'it is empty', example: '', line: 1, column: 3 },
      },
    ]);
  });

  test('end a command with the exit code of faults, and a hint at all of them', () => {
    const error = refused(new DescriptionError('description-invalid', 'bad', [finding]), 'a.jsonld', text);
    expect(exitCodeOf(error)).toBe(exitCodes.faults);
    expect(error).toMatchObject({
      where: 'a.jsonld:1:3 my:a my:p',
      hint: 'mup describe check a.jsonld says all that is wrong.',
    });
    const other = new UsageError('file-missing', 'no file');
    expect(refused(other, 'a.jsonld', '')).toBe(other);
  });
});

describe('what a constrained device may not cope with', () => {
  const string: ScalarType = { kind: 'scalar', datatype: 'string' };
  const bounded: ScalarType = { ...string, maxLength: 100 };

  test('nothing of a small device', () => {
    const small = description({
      maximumPacketSize: 512,
      operations: [
        operation('call', { inputs: [field('a', bounded), field('b', { kind: 'scalar', datatype: 'int' })] }),
      ],
    });
    expect(limitWarnings(small)).toEqual([]);
  });

  test('inputs of any length, within structures too, but no image: that goes in slices', () => {
    const inputs = [
      field('s', { kind: 'structure', fields: [field('part', string)] }),
      field('image', { kind: 'scalar', datatype: 'base64Binary' }, { role: 'image' }),
    ];
    expect(limitWarnings(description({ operations: [operation('call', { inputs })] }))).toEqual([
      expect.stringMatching(/^call: the input part may be of any length/),
    ]);
  });

  test('requests over the greatest packet', () => {
    const device = description({
      maximumPacketSize: 100,
      operations: [operation('call', { inputs: [field('a', bounded)] })],
    });
    expect(limitWarnings(device)).toEqual([
      expect.stringMatching(/^call: a request may have 1\d\d octets, and mup:maximumPacketSize is 100$/),
    ]);
  });

  test('long topics, once each', () => {
    const topic = `${'a'.repeat(100)}/%s`;
    const device = description({ dataPoints: [dataPoint('x', { topic }), dataPoint('y', { topic })] });
    expect(limitWarnings(device)).toHaveLength(1);
  });

  test('slices that do not fit a packet or the RAM', () => {
    const firmware = operation('send', { role: 'firmware', inputTopic: 'mup/firmware/%s/image' });
    const device = description({ operations: [firmware] });
    expect(limitWarnings(device)).toEqual([expect.stringContaining('mup:maxSliceSize is not said')]);
    expect(limitWarnings({ ...device, maxSliceSize: 600, maximumPacketSize: 512, window: 20 })).toEqual([
      expect.stringContaining('a slice of 600 octets makes a packet of 630'),
      expect.stringContaining('20 slices of 600 octets'),
    ]);
  });
});

describe('the topics of a device', () => {
  test('are listed once each, from its point of view', () => {
    const device = description({
      operations: [operation('on'), operation('off'), operation('blind', { answered: 'none' })],
      dataPoints: [dataPoint('x')],
    });
    expect(topicUses(device)).toEqual([
      { topic: 'device/dev-1', direction: 'subscribes', use: 'on, off, blind' },
      { topic: 'mup/response/dev-1', direction: 'publishes', use: 'answers of on, answers of off' },
      { topic: 'telemetry/x/dev-1', direction: 'publishes', use: 'x' },
    ]);
  });

  test('are its own, or an operator has to install them', () => {
    const device = description({ dataPoints: [dataPoint('x', { topic: 'tele/plug/SENSOR' })] });
    expect(topicFaults(device)).toEqual([
      expect.objectContaining({ node: 'x', path: 'myno:mqttTopic', found: '"tele/plug/SENSOR"' }),
    ]);
    expect(topicFaults({ ...device, profile: 'native' })).toEqual([]);
    const bridges = dataPoint('y', { topic: 'mup/description/dev-1' });
    expect(topicFaults({ ...device, profile: 'native', dataPoints: [bridges] })).toHaveLength(1);
  });
});

describe('C headers', () => {
  test('hold the octets, their number and the digest, under a name of C', () => {
    const packed = Uint8Array.of(0x78, 0xda, 0);
    const digest = sha256(utf8('x'));
    const header = cHeader({ name: '2nd room-heater*/', digest, packed, unpackedBytes: 9 });
    expect(header).toContain(
      'static const unsigned char device_2nd_room_heater_description[3] = {\n  0x78, 0xda, 0x00,\n};',
    );
    expect(header).toContain(`#define DEVICE_2ND_ROOM_HEATER_DESCRIPTION_DIGEST "sha256:${digest}"`);
    expect(header).toContain('#define DEVICE_2ND_ROOM_HEATER_DESCRIPTION_SIZE 3');
  });
});

describe('prefixes of a packed description', () => {
  test('are its own, those we know, and numbered ones, as far as they are used', () => {
    const expanded = [
      {
        '@id': 'http://maker.example/a#one',
        '@type': ['http://www.onem2m.org/ontology/Base_Ontology/base_ontology#Device'],
        'http://other.example/x': [
          { '@id': 'http://other.example/y' },
          { '@value': 'http://text.example/z' },
        ],
        'urn:once#p': [{ '@list': [{ '@id': 'http://maker.example/a#two' }] }],
      },
    ];
    const context = [
      { maker: 'http://maker.example/a#', unused: 'http://u.example/', '@vocab': 'http://v/' },
    ];
    expect(usedPrefixes(expanded, context)).toEqual({
      maker: 'http://maker.example/a#',
      onem2m: 'http://www.onem2m.org/ontology/Base_Ontology/base_ontology#',
      n1: 'http://other.example/',
    });
  });
});
