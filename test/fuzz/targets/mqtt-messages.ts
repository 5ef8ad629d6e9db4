import { toHex } from '../../../src/base/bytes.ts';
import type { DataPoint, Operation, Profile, ValueType } from '../../../src/base/description.ts';
import { deviceUuid, isDeviceUuid } from '../../../src/base/ids.ts';
import { readJson } from '../../../src/base/json-reader.ts';
import { JsonNumber, type JsonValue, writeJson } from '../../../src/base/json-value.ts';
import { parsePresence } from '../../../src/bridge/presence.ts';
import { decodeBareAnswer, measurementReader } from '../../../src/mqtt/bare-messages.ts';
import {
  decodeCorrelatedResponse,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  responseId,
} from '../../../src/mqtt/rpc-codec.ts';
import {
  checkDeviceTopic,
  checkTopicFilter,
  checkTopicName,
  matchesFilter,
  responseFilters,
  uuidOfTopic,
} from '../../../src/mqtt/topics.ts';
import { dataPoint, field, operation } from '../../support/example-description.ts';
import { bounded, decoded, hold, same } from '../oracle.ts';
import { type Target, texts } from '../target.ts';

const profiles: readonly Profile[] = ['mup', 'myno'];

const request: Target = {
  name: 'rpc-request',
  seeds: texts('1f;SET-LAMP;steady;12', '7;GET;%3B%25;', '9;SEND-EXTENDED-MANIFEST;1;APP;0;ab;5;2;1;cd;ef'),
  words: [';', '%3B', '%3b', '%25', '%2'],
  run: (input) => {
    for (const profile of profiles) {
      const read = decoded(['bad-request'], () => decodeRequest(input, profile));
      if (read === undefined) continue;
      bounded(read, input, 16);
      const again = decodeRequest(encodeRequest({ ...read, profile }), profile);
      same(again, read, 'a request survives being written');
    }
  },
};

const response: Target = {
  name: 'rpc-response',
  seeds: texts('1f;10_OK;a;b', '1f;123456,1;OK', ';10_OK', '10_OK;x', '1f;12_ERROR', '7;MANIFEST-SUCCESS'),
  words: [';', '%3B', '%25', '10_OK'],
  run: (input) => {
    const id = responseId(input);
    hold(id === undefined || (id !== '' && !id.includes(';')), 'a request id is a text before a semicolon');
    for (const profile of profiles) {
      const read = decoded(['bad-response'], () => decodeResponse(input, profile));
      const correlated = decoded(['bad-response'], () => decodeCorrelatedResponse(input, profile, '1f'));
      bounded([read, correlated], input, 32);
      if (read === undefined) continue;
      const again = decodeResponse(encodeResponse({ ...read, profile }), profile);
      same(again, read, 'an answer survives being written');
    }
  },
};

const scalar = (datatype: 'decimal' | 'int' | 'string' | 'boolean'): ValueType => ({
  kind: 'scalar',
  datatype,
});
const color = field('color', {
  kind: 'structure',
  fields: [field('x', scalar('decimal')), field('y', scalar('int'))],
});
const outputs = [
  field('state', scalar('string')),
  color,
  field('on', scalar('boolean'), { mandatory: false }),
  field('far', scalar('decimal'), { mandatory: false, pointer: '/l/0/a~1b' }),
];

const bareOperations: readonly Operation[] = [
  operation('json', { answerEncoding: 'json', outputs }),
  operation('raw', { answerEncoding: 'raw', outputs: [field('v', scalar('string'))] }),
  operation('fields', { outputs, states: [{ name: '10_OK' }] }),
  operation('plain', { outputs }),
  operation('state', { encoding: 'json' }),
];

const jsonSeeds = [
  '{"state":"ON","color":{"x":0.25,"y":7},"on":true,"l":[{"a/b":2.14e1}]}',
  '{"state":"","color":{"x":1e40,"y":-0},"on":null}',
  '[1,2,{"a":[]}]',
  '"text \\u00e9 \\ud83d\\ude00"',
  '-12.5e-3',
];

const bareAnswer: Target = {
  name: 'bare-answer',
  seeds: texts(...jsonSeeds, 'ON', '10_OK;a;1;2', ''),
  words: ['{', '}', '[', ']', ':', ',', '"state"', '"color"', '"x"', '1e40', '1e-40', '1e41', '0.0000005'],
  maxBytes: 40_000,
  run: (input) => {
    for (const one of bareOperations) {
      const read = decoded(['bad-response'], () => decodeBareAnswer(one, input));
      bounded(read, input, 16);
      hold(
        read === undefined || one.answerEncoding !== 'json' || read.outputs.length === 5,
        'an answer in JSON has one text for each leaf',
      );
    }
  },
};

const points: readonly DataPoint[] = [
  dataPoint('whole', { encoding: 'json', type: color.type }),
  dataPoint('part', { encoding: 'json', pointer: '/color/x' }),
  dataPoint('deep', { encoding: 'json', pointer: '/l/0/a~1b', type: scalar('int') }),
  dataPoint('raw', { encoding: 'raw' }),
  dataPoint('fields', { type: color.type }),
];

const measurement: Target = {
  name: 'measurement',
  seeds: texts(...jsonSeeds, '21.5', '0.3;4'),
  words: ['{', '}', '"color"', '"x"', ';', '21.400000000000002'],
  maxBytes: 40_000,
  run: (input) => {
    const read = measurementReader(input);
    for (const point of points)
      bounded(
        decoded(['bad-response'], () => read(point)),
        input,
        16,
      );
  },
};

const json: Target = {
  name: 'json',
  seeds: texts(...jsonSeeds, '{"a":{"a":{"a":[[[]]]}}}', ' [ true , false , null ] '),
  words: ['{', '}', '[', ']', ':', ',', '"a"', 'true', 'null', '\\u0041', '1.5E+3'],
  run: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const read = decoded(['bad-json'], () => readJson(text, 32));
    const expected = parsed(text);
    if (read === undefined) {
      hold(
        expected === undefined || depthOf(expected.value) > 32,
        'what JSON.parse reads is refused for its depth alone',
      );
      return;
    }
    hold(expected !== undefined, 'only what JSON.parse reads is read');
    bounded(read, input, 24);
    same(readJson(writeJson(read), 32), read, 'a value survives being written');
    same(plain(read), expected?.value, 'it says what JSON.parse says');
  },
};

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  const members: [string, unknown][] = [...value].map(([name, member]) => [name, plain(member)]);
  return Object.fromEntries(members);
}

function depthOf(value: unknown): number {
  let deepest = 0;
  const stack: (readonly [unknown, number])[] = [[value, 1]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [one, depth] = next;
    deepest = Math.max(deepest, depth);
    if (typeof one === 'object' && one !== null)
      for (const part of Object.values(one)) stack.push([part, depth + 1]);
  }
  return deepest;
}

const presence: Target = {
  name: 'presence',
  seeds: texts(
    ...['online;7', 'offline', 'online;4294967295', 'online;7;0123456789abcdef'],
    `online;7;0123456789abcdef;${'0f'.repeat(64)}`,
  ),
  words: ['online;', 'offline'],
  run: (input) => {
    const said = parsePresence(input);
    if (said === undefined) return;
    const { presence: word, firmwareVersion, serverKey = [], signature } = said;
    const hex = signature === undefined ? [] : toHex(signature);
    const text = word === 'offline' ? word : [word, firmwareVersion, serverKey, hex].flat().join(';');
    same(Buffer.from(input).toString('utf8'), text, 'a presence has one text');
  },
};

const uuid = deviceUuid('dev-12345678');

const topic: Target = {
  name: 'topic',
  seeds: texts(
    'mup/response/dev-12345678',
    'mup/firmware/dev-12345678/image',
    'lamp/dev-12345678/set',
    'mup/+/x/#',
    '$SYS/broker',
    'yang/update/image/dev-12345678',
  ),
  words: ['/', '+', '#', '$', 'mup/', 'dev-12345678', 'response'],
  run: (input) => {
    const text = Buffer.from(input).toString('utf8');
    for (const filter of responseFilters) {
      const found = uuidOfTopic(filter, text);
      hold(
        found === undefined || (isDeviceUuid(found) && matchesFilter(filter, text)),
        'a UUID is of a topic that fits',
      );
    }
    const own = decoded(['bad-topic'], () => checkDeviceTopic(text, uuid) ?? 'sound');
    const name = decoded(['bad-topic'], () => checkTopicName(text) ?? 'sound');
    decoded(['bad-topic'], () => checkTopicFilter(text));
    hold(own === undefined || name !== undefined, 'what a description may name can be published to');
    hold(own === undefined || text.split('/').includes(uuid), 'a topic of a device holds its UUID');
  },
};

/** What devices and others publish: mup-protocol §1 presence, §2, and native devices. */
export const mqttMessages: readonly Target[] = [
  request,
  response,
  bareAnswer,
  measurement,
  json,
  presence,
  topic,
];
