import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemRandom } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import type { Profile } from '../../src/base/description.ts';
import { UnavailableError } from '../../src/base/errors.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { MessageCodec } from '../../src/mqtt/message-codec.ts';
import { type RpcAnswer, type RpcCall, RpcClient } from '../../src/mqtt/rpc-client.ts';
import { decodeRequest, encodeResponse } from '../../src/mqtt/rpc-codec.ts';
import { responseTopic } from '../../src/mqtt/topics.ts';
import type { MqttMessage } from '../../src/mqtt/transport.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { ScriptedBroker, type ScriptedTransport } from '../support/scripted-transport.ts';

const uuid = deviceUuid('DEV-1');
const limits = { timeoutMs: 1000, maxInFlight: 4, maxInFlightPerDevice: 2 };

let broker: ScriptedBroker;
let transport: ScriptedTransport;
let device: ScriptedTransport;
let clock: ManualClock;
let client: RpcClient;

beforeEach(async () => {
  broker = new ScriptedBroker();
  transport = broker.connect();
  device = broker.connect();
  clock = new ManualClock();
  client = new RpcClient({ transport, clock, random: systemRandom, logger: silentLogger, limits });
  await client.start();
});

afterEach(async () => {
  await client.close();
  expect(clock.pending).toBe(0);
});

function call(overrides: Partial<RpcCall> = {}): Promise<RpcAnswer> {
  const profile: Profile = overrides.profile ?? 'mup';
  return client.call({
    uuid,
    topic: `relay/${uuid}`,
    answerTopic: responseTopic(uuid, profile),
    method: 'ON',
    inputs: [],
    profile,
    ...overrides,
  });
}

/** The outcome of a call as a value: errors by their code. */
function outcome(answer: Promise<RpcAnswer>): Promise<RpcAnswer | string> {
  return answer.catch((error: { code: string }) => error.code);
}

/** Lets the device treat requests; resolves when it listens. */
function onRequest(handler: (request: MqttMessage & { id: string }) => void, profile: Profile = 'mup') {
  return device.subscribe(`relay/${uuid}`, 1, (message) =>
    handler({ ...message, id: decodeRequest(message.payload, profile).id }),
  );
}

function answer(
  payload: string | Uint8Array,
  topic = responseTopic(uuid, 'mup'),
  correlationData?: Uint8Array,
) {
  const bytes = typeof payload === 'string' ? utf8(payload) : payload;
  return device.publish(topic, bytes, correlationData === undefined ? {} : { correlationData });
}

describe('a request and its answer (mup-protocol §2)', () => {
  test('over MQTT 5 the request carries Response Topic and Correlation Data', async () => {
    const seen: MqttMessage[] = [];
    await onRequest((request) => {
      seen.push(request);
      void answer(encodeResponse({ id: request.id, state: '10_OK', outputs: ['a;b'], profile: 'mup' }));
    });
    await expect(call({ inputs: ['1', 'x;y'] })).resolves.toEqual({ state: '10_OK', outputs: ['a;b'] });
    expect(seen).toMatchObject([{ qos: 1, retain: false, responseTopic: `mup/response/${uuid}` }]);
    expect(decodeRequest(seen[0]?.payload ?? utf8(''), 'mup')).toMatchObject({
      method: 'ON',
      inputs: ['1', 'x;y'],
    });
    expect(seen[0]?.correlationData?.length).toBeGreaterThanOrEqual(16);
    expect(client.statistics).toMatchObject({ sent: 1, answered: 1, inFlight: 0 });
  });

  test('an answer that brings the correlation data back needs no request id', async () => {
    await onRequest(({ correlationData }) => void answer('10_OK;7', undefined, correlationData));
    await expect(call()).resolves.toEqual({ state: '10_OK', outputs: ['7'] });
  });

  test('the prototype gets no MQTT 5 property, and a decimal id that fits 31 bits', async () => {
    const seen: (MqttMessage & { id: string })[] = [];
    await onRequest((request) => {
      seen.push(request);
      void answer(`${request.id};123456,1;OK`, `response/${uuid}`);
    }, 'myno');
    await expect(call({ profile: 'myno' })).resolves.toEqual({ state: 'OK', outputs: ['123456,1'] });
    expect(seen[0]).not.toHaveProperty('responseTopic');
    expect(seen[0]).not.toHaveProperty('correlationData');
    expect(seen[0]?.id).toMatch(/^\d{10}$/);
    expect(Number(seen[0]?.id)).toBeLessThan(2 ** 31);
  });

  test('answers in another order than the requests reach their own', async () => {
    const ids: string[] = [];
    await onRequest(({ id }) => {
      ids.push(id);
      if (ids.length === 2)
        for (const each of [...ids].reverse()) void answer(`${each};10_OK;${ids.indexOf(each)}`);
    });
    const answers = await Promise.all([call(), call()]);
    expect(answers.map(({ outputs }) => outputs[0])).toEqual(['0', '1']);
  });

  test('another answer topic is listened to before the request goes out, and left after', async () => {
    await onRequest(({ id }) => void answer(`${id};10_OK`, `answers/${uuid}`));
    await expect(call({ answerTopic: `answers/${uuid}` })).resolves.toMatchObject({ state: '10_OK' });
    await broker.settled();
    expect(transport.filters).not.toContain(`answers/${uuid}`);
  });

  test('an answer topic that the broker refuses fails the call', async () => {
    broker.refusedFilters.add(`answers/${uuid}`);
    await expect(outcome(call({ answerTopic: `answers/${uuid}` }))).resolves.toBe('mqtt-refused');
  });
});

describe('answers that are not believed (mup-protocol §5)', () => {
  test("another device's topic: counted, dropped, and the right answer still counts", async () => {
    await onRequest(({ id, correlationData }) => {
      void answer(`${id};10_OK;forged`, 'mup/response/EVIL-1', correlationData);
      void answer(`${id};10_OK;forged`, `response/${uuid}`);
      void answer(`${id};10_OK;true`);
    });
    await expect(call()).resolves.toMatchObject({ outputs: ['true'] });
    expect(client.statistics).toMatchObject({ foreign: 2, answered: 1 });
  });

  test('an unknown id, and one that was answered already', async () => {
    await onRequest(({ id }) => {
      void answer('123;10_OK');
      void answer('no id');
      void answer(new Uint8Array());
      void answer(`${id};10_OK`);
      void answer(`${id};12_ERROR`);
    });
    await expect(call()).resolves.toMatchObject({ state: '10_OK' });
    await broker.settled();
    expect(client.statistics).toMatchObject({ unknown: 3, late: 1, answered: 1 });
  });

  test('after the deadline', async () => {
    let id = '';
    await onRequest((request) => {
      id = request.id;
    });
    const failed = outcome(call({ timeoutMs: 50 }));
    await broker.settled();
    clock.advance(50);
    await expect(failed).resolves.toBe('device-timeout');
    await answer(`${id};10_OK`);
    await broker.settled();
    expect(client.statistics).toMatchObject({ timedOut: 1, late: 1, answered: 0 });
  });

  test('unreadable, from the right device: the call fails, and says so', async () => {
    await onRequest(({ id }) => void answer(Uint8Array.of(...utf8(`${id};`), 0xff)));
    await expect(outcome(call())).resolves.toBe('bad-response');
    expect(client.statistics).toMatchObject({ failed: 1, inFlight: 0 });
  });

  test('ids are never used twice and show no order', async () => {
    const ids: string[] = [];
    await onRequest(({ id }) => {
      ids.push(id);
      void answer(`${id};10_OK`);
    });
    for (let i = 0; i < 200; i += 1) await call();
    expect(new Set(ids).size).toBe(200);
    expect([...ids].sort()).not.toEqual(ids);
  });
});

describe('a call always ends', () => {
  test('at its deadline, the configured one', async () => {
    const failed = outcome(call());
    clock.advance(999);
    expect(client.statistics.inFlight).toBe(1);
    clock.advance(1);
    await expect(failed).resolves.toBe('device-timeout');
  });

  test('at once without a connection, and nothing is sent', async () => {
    transport.disconnect();
    await expect(outcome(call())).resolves.toBe('mqtt-offline');
    transport.reconnect();
    await broker.settled();
    expect(broker.published).toEqual([]);
  });

  test('with mqtt-lost when the connection breaks before the broker has the request', async () => {
    transport.publishFaults.push({ error: new UnavailableError('mqtt-lost', 'cut'), arrives: false });
    await expect(outcome(call())).resolves.toBe('mqtt-lost');
  });

  test('with its answer although the connection broke in between', async () => {
    let id = '';
    await onRequest((request) => {
      id = request.id;
    });
    const answered = call();
    await broker.settled();
    transport.disconnect();
    transport.reconnect();
    await answer(`${id};10_OK`);
    await expect(answered).resolves.toMatchObject({ state: '10_OK' });
  });

  test('with mqtt-lost at the deadline when the answer was missed while offline', async () => {
    let id = '';
    await onRequest((request) => {
      id = request.id;
    });
    const failed = outcome(call());
    await broker.settled();
    transport.disconnect();
    await answer(`${id};10_OK`);
    transport.reconnect();
    await broker.settled();
    clock.advance(1000);
    await expect(failed).resolves.toBe('mqtt-lost');
  });

  test('with its answer although the broker has not confirmed the request yet', async () => {
    await onRequest(({ id }) => void answer(`${id};10_OK`));
    const publish = transport.publish.bind(transport);
    transport.publish = async (...packet) => {
      await publish(...packet);
      await new Promise(() => {});
    };
    await expect(call()).resolves.toMatchObject({ state: '10_OK' });
  });

  test('by its signal, before and while it waits', async () => {
    await expect(outcome(call({ signal: AbortSignal.abort() }))).resolves.toBe('cancelled');
    const controller = new AbortController();
    const failed = outcome(call({ signal: controller.signal }));
    await broker.settled();
    controller.abort();
    await expect(failed).resolves.toBe('cancelled');
    expect(client.statistics.inFlight).toBe(0);
  });

  test('when the client or the connection is closed', async () => {
    const failed = outcome(call());
    await broker.settled();
    await transport.close();
    await expect(failed).resolves.toBe('mqtt-lost');
    await expect(outcome(call())).resolves.toBe('mqtt-offline');
  });

  test('when the client is closed while it waits', async () => {
    const failed = outcome(call());
    await broker.settled();
    await client.close();
    await expect(failed).resolves.toBe('mqtt-lost');
    await expect(outcome(call())).resolves.toBe('mqtt-offline');
  });

  test('with the error of its values, and nothing is in flight', async () => {
    await expect(outcome(call({ profile: 'myno', inputs: ['a;b'] }))).resolves.toBe('bad-value');
    // 513 octets: <id>;ON;<value> on relay/DEV-1, with the headers of MQTT 5.
    const value = 'x'.repeat(513 - '1234567890;ON;'.length - `relay/${uuid}`.length - 6);
    await expect(outcome(call({ profile: 'myno', inputs: [value] }))).resolves.toBe('bad-value');
    broker.maxPayloadBytes = 30;
    await expect(outcome(call({ inputs: ['x'.repeat(100)] }))).resolves.toBe('packet-too-big');
    expect(client.statistics.inFlight).toBe(0);
  });
});

describe('bounds of requests in flight', () => {
  test('for a device: others do not notice', async () => {
    const open = [outcome(call()), outcome(call())];
    await expect(outcome(call())).resolves.toBe('resource-denied');
    open.push(outcome(call({ uuid: deviceUuid('DEV-2') })));
    expect(client.statistics.inFlight).toBe(3);
    clock.advance(1000);
    await expect(Promise.all(open)).resolves.toEqual(['device-timeout', 'device-timeout', 'device-timeout']);
  });

  test('in all', async () => {
    const open = ['1', '2', '3', '4'].map((name) => outcome(call({ uuid: deviceUuid(name) })));
    await expect(outcome(call({ uuid: deviceUuid('5') }))).resolves.toBe('resource-denied');
    clock.advance(1000);
    await Promise.all(open);
    const again = outcome(call({ uuid: deviceUuid('5') }));
    clock.advance(1000);
    await expect(again).resolves.toBe('device-timeout');
  });
});

describe('calls that end with a state', () => {
  const codec = (payload: string): MessageCodec => ({
    carriesId: false,
    encode: () => utf8(payload),
    decode: (bytes) => {
      const text = new TextDecoder().decode(bytes);
      return text === 'other' ? undefined : { state: '', outputs: [text] };
    },
  });
  const stateCall = (payload: string, overrides: Partial<RpcCall> = {}) =>
    call({ profile: 'native', answered: 'state', answerTopic: 'state', codec: codec(payload), ...overrides });
  const sent = (): string[] => broker.texts(`relay/${uuid}`);

  test('take turns on its topic; one that gives up lets the next go on', async () => {
    const stop = new AbortController();
    const one = outcome(stateCall('1', { signal: stop.signal }));
    const two = outcome(stateCall('2'));
    await broker.settled();
    expect(sent()).toEqual(['1']);
    stop.abort();
    await broker.settled();
    expect(sent()).toEqual(['1', '2']);
    await answer('on', 'state');
    expect([await one, await two]).toEqual(['cancelled', { state: '', outputs: ['on'] }]);
    await broker.settled();
    expect(transport.filters).not.toContain('state');
  });

  test('that give up in the line are never sent, and hold nobody up', async () => {
    const stop = new AbortController();
    const one = outcome(stateCall('1'));
    const two = outcome(stateCall('2', { uuid: deviceUuid('DEV-2'), signal: stop.signal }));
    const three = outcome(stateCall('3'));
    await broker.settled();
    stop.abort();
    await answer('a', 'state');
    await broker.settled();
    await answer('other', 'state');
    await answer('b', 'state');
    expect(await Promise.all([one, two, three])).toEqual([
      { state: '', outputs: ['a'] },
      'cancelled',
      { state: '', outputs: ['b'] },
    ]);
    expect(sent()).toEqual(['1', '3']);
  });

  test('that wait are counted, and end with the client', async () => {
    const calls = [outcome(stateCall('1')), outcome(stateCall('2')), outcome(stateCall('3'))];
    expect(await calls[2]).toBe('resource-denied');
    await broker.settled();
    await client.close();
    expect(await Promise.all(calls.slice(0, 2))).toEqual(['mqtt-lost', 'mqtt-lost']);
    expect(sent()).toEqual(['1']);
  });

  test('do not take the answers of calls with ids on their topic', async () => {
    const waiting = outcome(stateCall('1', { answerTopic: responseTopic(uuid, 'mup') }));
    await device.subscribe(`other/${uuid}`, 1, ({ payload }) => {
      const [id = ''] = new TextDecoder().decode(payload).split(';');
      void answer(`${id};10_OK`);
    });
    expect(await outcome(call({ topic: `other/${uuid}` }))).toEqual({ state: '10_OK', outputs: [] });
    await answer('on');
    expect(await waiting).toEqual({ state: '', outputs: ['on'] });
  });

  test('a response without an id needs MQTT 5', async () => {
    const old = broker.connect({ protocolVersion: 4 });
    const second = new RpcClient({
      transport: old,
      clock,
      random: systemRandom,
      logger: silentLogger,
      limits,
    });
    await second.start();
    const bare = { uuid, topic: 'x', answerTopic: 'y', method: '', inputs: [], profile: 'native' as const };
    await expect(second.call({ ...bare, codec: codec('1') })).rejects.toMatchObject({
      code: 'broker-too-old',
    });
    await expect(second.call({ ...bare, codec: codec('1'), answered: 'none' })).resolves.toEqual({
      state: '',
      outputs: [],
    });
    await second.close();
  });
});
