import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import type { DataPoint, Operation, ValueType } from '../../src/base/description.ts';
import { UnavailableError } from '../../src/base/errors.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import type { MqttMessage } from '../../src/mqtt/transport.ts';
import type { RpcError } from '../../src/netconf/rpc-error.ts';
import { childElements, textOf, type XmlElement } from '../../src/xml/element.ts';
import { description, field, operation } from '../support/example-description.ts';
import type { ScriptedTransport } from '../support/scripted-transport.ts';
import { BenchBridge } from './bench-bridge.ts';

const uuid = deviceUuid('lamp-1');
const scalar = (datatype: 'int' | 'decimal' | 'string' | 'boolean' | 'unsignedLong'): ValueType => ({
  kind: 'scalar',
  datatype,
});
const onOff: ValueType = { kind: 'enumeration', values: [{ name: 'ON' }, { name: 'OFF' }] };
const color: ValueType = {
  kind: 'structure',
  fields: [field('x', scalar('decimal')), field('y', scalar('decimal'))],
};

const stateTopic = 'zigbee2mqtt/lamp';
const setTopic = 'zigbee2mqtt/lamp/set';

const json = (name: string, more: Partial<Operation>): Operation =>
  operation(name, {
    encoding: 'json',
    topic: setTopic,
    answerTopic: stateTopic,
    answered: 'state',
    ...more,
  });

const operations: readonly Operation[] = [
  json('dim', {
    inputs: [
      field('brightness', { kind: 'scalar', datatype: 'int', minInclusive: '0', maxInclusive: '254' }),
      field('seconds', scalar('decimal'), { mandatory: false, pointer: '/transition' }),
    ],
    outputs: [field('brightness', scalar('int')), field('color', color, { mandatory: false })],
    constants: [{ pointer: '/state', value: '"ON"' }],
  }),
  json('identify', { answered: 'none', constants: [{ pointer: '/identify', value: '"identify"' }] }),
  operation('power', {
    topic: 'cmnd/plug/POWER',
    answerTopic: 'stat/plug/POWER',
    encoding: 'raw',
    answered: 'state',
    inputs: [field('power', onOff)],
    outputs: [field('power', onOff)],
  }),
  operation('toggle', {
    topic: 'cmnd/plug/POWER',
    answerTopic: 'response/lamp-1',
    answered: 'none',
    encoding: 'raw',
    constants: [{ pointer: '', value: 'TOGGLE' }],
    qos: 0,
    retain: true,
  }),
  json('ask', {
    answered: 'response',
    answerTopic: 'zigbee2mqtt/lamp/answer',
    outputs: [field('serial', scalar('unsignedLong'))],
  }),
  operation('say', {
    topic: 'other/say',
    answered: 'state',
    answerTopic: 'other/said',
    inputs: [field('text', scalar('string'))],
    states: [{ name: '10_OK' }, { name: '12_ERROR', text: 'it is broken' }],
    outputs: [field('length', scalar('int'))],
  }),
];

const point = (name: string, type: ValueType, more: Partial<DataPoint> = {}): DataPoint => ({
  name,
  type,
  topic: stateTopic,
  encoding: 'json',
  pointer: `/${name}`,
  ...more,
});
const dataPoints: readonly DataPoint[] = [
  point('brightness', scalar('int')),
  point('on', scalar('boolean')),
  point('serial', scalar('unsignedLong'), { pointer: '/device/serial' }),
  point('color', color),
  point('power', scalar('decimal'), { topic: 'tele/plug/SENSOR', pointer: '/ENERGY/Power' }),
  point('link', onOff, { topic: 'tele/plug/LWT', encoding: 'raw' }),
];

const native = description({ uuid, category: 'Native lamp', profile: 'native', operations, dataPoints });

/** Leaves and containers, as text. */
function shown(elements: readonly XmlElement[]): Record<string, unknown> {
  return Object.fromEntries(
    elements.map((one) => {
      const children = childElements(one);
      return [one.name, children.length > 0 ? shown(children) : textOf(one)];
    }),
  );
}

describe('devices with messages of their own', () => {
  let bench: BenchBridge;
  let device: ScriptedTransport;

  const call = (name: string, input = {}) =>
    bench.call('mqtt-native-lamp', name, { uuidInput: uuid, ...input }).then(shown);
  const failure = (wanted: Promise<unknown>): Promise<RpcError> =>
    wanted.then(
      () => {
        throw new Error('it was done');
      },
      (error: RpcError) => error,
    );
  /** Answers messages on a topic as the test says, on another one. @returns the messages so far */
  const play = (topic: string, answer?: (message: MqttMessage, text: string) => void): string[] => {
    const messages: string[] = [];
    void device.subscribe(topic, 1, (message) => {
      const text = new TextDecoder().decode(message.payload);
      messages.push(text);
      answer?.(message, text);
    });
    return messages;
  };
  const say = (topic: string, payload: unknown, retain = false): void =>
    bench.broker.inject(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), { retain });
  const measured = async (): Promise<Record<string, unknown>> => {
    await bench.settled();
    const container = (await bench.get()).find(({ name }) => name === 'telemetry');
    const [entry] = container === undefined ? [] : childElements(container);
    const points = entry === undefined ? [] : childElements(entry).slice(1);
    return Object.fromEntries(
      points.map((one) => [one.name, shown(childElements(one).slice(0, 1))['value']]),
    );
  };

  beforeEach(async () => {
    bench = await BenchBridge.start();
    device = bench.broker.connect();
    bench.world.reader.knows('native', native);
    await bench.call('mup-bridge', 'add-device', { device: uuid, description: 'native' });
    await bench.settled();
  });
  afterEach(() => bench.close());

  describe('calls that end with the next state', () => {
    test('send one JSON object, and read the state that follows', async () => {
      const requests = play(setTopic, () =>
        say(stateTopic, { state: 'ON', brightness: 5, color: { x: 0.1, y: 0.2 } }),
      );
      expect(await call('dim', { brightness: '5', seconds: '1.5' })).toEqual({
        brightness: '5',
        color: { x: '0.1', y: '0.2' },
      });
      expect(requests).toEqual(['{"state":"ON","brightness":5,"transition":1.5}']);
      // They tell the device nothing of the bridge.
      const sent = bench.broker.published.find(({ topic }) => topic === setTopic);
      expect(sent).toMatchObject({ qos: 1, retain: false });
      expect(sent).not.toHaveProperty('correlationData');
    });

    test('take no state from before the request: none that is retained, none that comes while it is sent', async () => {
      say(stateTopic, { brightness: 1 }, true);
      await bench.settled();
      const requests = play(setTopic);
      const answer = call('dim', { brightness: '5' });
      await bench.settled();
      expect(requests).toHaveLength(1);
      say(stateTopic, { brightness: 4 });
      expect(await answer).toEqual({ brightness: '4' });
    });

    test('wait on when a message is about something else', async () => {
      play(setTopic, () => {
        say(stateTopic, { linkquality: 7 });
        say(stateTopic, { brightness: 5 });
      });
      expect(await call('dim', { brightness: '5' })).toEqual({ brightness: '5' });
    });

    test('on one topic come one after the other: their answers could not be told apart', async () => {
      const requests = play(setTopic);
      const first = call('dim', { brightness: '1' });
      const second = call('dim', { brightness: '2' });
      const third = failure(call('dim', { brightness: '3' }));
      await bench.settled();
      expect(requests).toHaveLength(1);
      say(stateTopic, { brightness: 1 });
      await bench.settled();
      expect(requests).toHaveLength(2);
      say(stateTopic, { brightness: 2 });
      expect([await first, await second]).toEqual([{ brightness: '1' }, { brightness: '2' }]);
      await bench.settled();
      bench.clock.advance(defaultConfig.rpc.timeoutMs);
      expect((await third).code).toBe('device-timeout');
      expect(bench.transport.filters).not.toContain('stat/plug/POWER');
    });

    test.each([
      ['no JSON', '{"brightness":'],
      ['a value of a wrong type', '{"brightness":"bright"}'],
      ['a fraction where there is none', '{"brightness":1.5}'],
      ['an object for a value', '{"brightness":{}}'],
      ['too deep', `{"brightness":${'['.repeat(100)}`],
      ['too long', `{"brightness":5,"x":"${'x'.repeat(70_000)}"}`],
    ])('device-answer-invalid: %s', async (_, payload) => {
      play(setTopic, () => say(stateTopic, payload));
      expect(await failure(call('dim', { brightness: '5' }))).toMatchObject({
        tag: 'operation-failed',
        code: 'device-answer-invalid',
      });
    });

    test('device-timeout: silence', async () => {
      const answer = failure(call('dim', { brightness: '5' }));
      await bench.settled();
      bench.clock.advance(defaultConfig.rpc.timeoutMs);
      expect(await answer).toMatchObject({ tag: 'operation-failed', code: 'device-timeout' });
    });

    test('may be one bare text', async () => {
      const requests = play('cmnd/plug/POWER', (_, text) => say('stat/plug/POWER', text));
      expect(await call('power', { power: 'ON' })).toEqual({ power: 'ON' });
      expect(requests).toEqual(['ON']);
    });

    test('may be fields, with a state where the operation has states', async () => {
      const requests = play('other/say', (_, text) => say('other/said', `10_OK;${text.length}`));
      expect(await call('say', { text: 'hello' })).toEqual({ retval: '10_OK', length: '9' });
      expect(requests).toEqual(['SAY;hello']);
      expect((await failure(call('say', { text: 'a;b' }))).code).toBe('value-not-sendable');
    });

    test('device-error: a state that is a failure', async () => {
      play('other/say', () => say('other/said', '12_ERROR;0'));
      expect(await failure(call('say', { text: 'x' }))).toMatchObject({
        code: 'device-error',
        message: expect.stringContaining('it is broken'),
      });
    });
  });

  describe('calls that nobody answers', () => {
    test('are done when the broker has the request', async () => {
      const requests = play(setTopic);
      expect(await call('identify')).toEqual({});
      expect(requests).toEqual(['{"identify":"identify"}']);
      expect(bench.transport.filters).not.toContain('zigbee2mqtt/lamp/none');
    });

    test('have the QoS and the retain flag that the description names', async () => {
      await call('toggle');
      expect(bench.broker.published.at(-1)).toMatchObject({ topic: 'cmnd/plug/POWER', qos: 0, retain: true });
      expect(bench.broker.texts('cmnd/plug/POWER')).toEqual(['TOGGLE']);
    });

    test('fail where the broker did not take it', async () => {
      bench.transport.publishFaults.push({
        error: new UnavailableError('mqtt-lost', 'lost'),
        arrives: false,
      });
      expect(await failure(call('identify'))).toMatchObject({ code: 'broker-offline' });
    });
  });

  test('a response is found by Correlation Data, 64-bit integers exactly', async () => {
    play(setTopic, ({ responseTopic = '', correlationData }) =>
      bench.broker.inject(responseTopic, '{"serial":18446744073709551615}', {
        ...(correlationData === undefined ? {} : { correlationData }),
      }),
    );
    expect(await call('ask')).toEqual({ serial: '18446744073709551615' });
  });

  describe('measurements', () => {
    test('one JSON message brings many, told in one notification', async () => {
      say(stateTopic, { brightness: 254, on: true, device: { serial: 7 }, color: { x: 0.5, y: 0 } });
      expect(await measured()).toEqual({
        brightness: '254',
        on: 'true',
        serial: '7',
        color: { x: '0.5', y: '0.0' },
      });
      const [told, ...others] = bench.world.events.named('measurement');
      expect(others).toEqual([]);
      expect(childElements(told?.content as XmlElement).map(({ name }) => name)).toEqual([
        'uuid',
        'brightness',
        'on',
        'serial',
        'color',
      ]);
    });

    test('a member that is missing, null or not of its type is no measurement, the others are', async () => {
      say(stateTopic, { brightness: 1, on: true, color: { x: 0.5, y: 0.5 } });
      say(stateTopic, { brightness: 2, on: null, color: { x: 0.25 } });
      say(stateTopic, { brightness: 'x', on: 1, color: [] });
      expect(await measured()).toEqual({ brightness: '2', on: 'true', color: { x: '0.5', y: '0.5' } });
      expect(bench.world.events.named('measurement')).toHaveLength(2);
    });

    test.each([
      '',
      '{',
      'null',
      '[]',
      '7',
      '{"brightness":[1]}',
      '['.repeat(10_000),
      Buffer.alloc(70_000, ' ').toString(),
    ])('a message that has none is dropped (%#)', async (payload) => {
      say(stateTopic, payload);
      expect(await measured()).toEqual({});
    });

    test('may be one bare text, or come from elsewhere', async () => {
      say('tele/plug/LWT', 'ON', true);
      say('tele/plug/SENSOR', { ENERGY: { Power: 21.5 } });
      expect(await measured()).toEqual({ link: 'ON', power: '21.5' });
    });

    test('a state that answers a call is a measurement, too', async () => {
      play(setTopic, () => say(stateTopic, { brightness: 5 }));
      await call('dim', { brightness: '5' });
      expect(await measured()).toEqual({ brightness: '5' });
    });
  });
});
