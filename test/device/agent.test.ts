import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeUtf8, toHex, utf8 } from '../../src/base/bytes.ts';
import { type Digest, deviceUuid } from '../../src/base/ids.ts';
import type { DeviceAgent } from '../../src/device/agent.ts';
import { encodePieces } from '../../src/mqtt/description-pieces.ts';
import { decodeResponse, encodeRequest } from '../../src/mqtt/rpc-codec.ts';
import { BenchDevice, description, endorsed, server, topics, uuid } from './bench-device.ts';

let device: BenchDevice;
afterEach(() => device.agent.close());

const descriptionPieces = encodePieces(utf8('{"the description of": "%s"}'), 10).map(decodeUtf8);

describe('presence (mup-protocol §1)', () => {
  test('a device says retained that it is online, with its version', async () => {
    device = await new BenchDevice().start();
    expect(decodeUtf8(device.broker.retained.get(topics.status)?.payload ?? utf8(''))).toBe('online;1');
  });

  test('its will says that it is gone, and after a reconnect it is back', async () => {
    device = await new BenchDevice().start();
    device.transport.disconnect();
    expect(device.broker.texts(topics.status)).toEqual(['online;1', 'offline']);
    device.transport.reconnect();
    await device.settled();
    expect(device.broker.texts(topics.status)).toEqual(['online;1', 'offline', 'online;1']);
  });

  test('a device that is closed says so itself, since the will is not published then', async () => {
    device = await new BenchDevice().start();
    await device.agent.close();
    expect(device.broker.texts(topics.status)).toEqual(['online;1', 'offline']);
    expect(device.clock.pending).toBe(0);
  });

  test('a device that starts without a broker is there with the first connection', async () => {
    device = new BenchDevice();
    device.transport.disconnect();
    await device.start();
    device.transport.reconnect();
    await device.settled();
    expect(device.broker.texts(topics.status).at(-1)).toBe('online;1');
    expect(device.broker.texts(topics.description)).toEqual(descriptionPieces);
  });
});

describe('registration (mup-protocol §1)', () => {
  test('the description goes out unchanged, `%s` and all, in numbered pieces at QoS 1', async () => {
    device = await new BenchDevice().start();
    const pieces = device.broker.published.filter(({ topic }) => topic === topics.description);
    expect(pieces.map(({ payload }) => decodeUtf8(payload))).toEqual(descriptionPieces);
    expect(new Set(pieces.map(({ qos }) => qos))).toEqual(new Set([1]));
  });

  test('it goes out again, with growing pauses, until it is answered', async () => {
    device = await new BenchDevice({ limits: { answerTimeoutMs: 1000, maxAnswerTimeoutMs: 4000 } }).start();
    const sent = (): number => device.broker.texts(topics.description).length / descriptionPieces.length;
    const after: number[] = [];
    for (let second = 0; second < 20; second += 1) {
      device.clock.advance(1000);
      await device.settled();
      after.push(sent());
    }
    expect(after[0]).toBe(1);
    expect(after[1]).toBe(2);
    expect(after.at(-1)).toBeGreaterThan(4);
    expect(after.at(-1)).toBeLessThan(8);
    await device.answerRegistration(endorsed(server, 1));
    device.clock.advance(1_000_000);
    await device.settled();
    expect(sent()).toBe(after.at(-1));
  });

  test('it goes out again after each reconnect', async () => {
    device = await new BenchDevice().startRegistered();
    device.transport.disconnect();
    device.transport.reconnect();
    await device.settled();
    expect(device.broker.texts(topics.description)).toEqual([...descriptionPieces, ...descriptionPieces]);
  });

  test('a refusal is an event with what is wrong, and is not answered at once', async () => {
    device = await new BenchDevice({ limits: { refusedRetryMs: 60_000 } }).startRegistered(
      'ERROR;description-invalid;operation x: no mqttTopic; add one',
    );
    expect(device.seen('registration-refused')).toEqual([
      {
        kind: 'registration-refused',
        code: 'description-invalid',
        text: 'operation x: no mqttTopic; add one',
      },
    ]);
    device.clock.advance(59_000);
    await device.settled();
    expect(device.broker.texts(topics.description)).toEqual(descriptionPieces);
    device.clock.advance(1000);
    await device.settled();
    expect(device.broker.texts(topics.description)).toHaveLength(2 * descriptionPieces.length);
  });

  test('a pending device asks again after a while, and is registered as soon as it is accepted', async () => {
    device = await new BenchDevice({ limits: { refusedRetryMs: 60_000 } }).startRegistered(
      'ERROR;pending;the device waits until a user accepts it',
    );
    expect(device.events).toEqual([
      { kind: 'registration-pending', text: 'the device waits until a user accepts it' },
    ]);
    device.clock.advance(60_000);
    await device.settled();
    expect(device.broker.texts(topics.description)).toHaveLength(2 * descriptionPieces.length);
    await device.answerRegistration('ERROR;pending;the device waits until a user accepts it');
    await device.answerRegistration(endorsed(server, 1));
    expect(device.seen('registered')).toHaveLength(1);
    device.clock.advance(1_000_000);
    await device.settled();
    expect(device.broker.texts(topics.description)).toHaveLength(2 * descriptionPieces.length);
  });

  test('a busy bridge is asked again as one that does not answer', async () => {
    device = await new BenchDevice({ limits: { answerTimeoutMs: 1000 } }).startRegistered('ERROR;busy;later');
    device.clock.advance(1300);
    await device.settled();
    expect(device.broker.texts(topics.description)).toHaveLength(2 * descriptionPieces.length);
  });

  test('a digest may go first; the description follows when the bridge does not know it', async () => {
    const announceDigest = 'ab'.repeat(32) as Digest;
    device = await new BenchDevice({ announceDigest, pieceBytes: 100 }).start();
    expect(device.broker.texts(topics.description)).toEqual([`1/1;sha256:${announceDigest}`]);
    await device.answerRegistration('ERROR;unknown-digest;');
    expect(device.broker.texts(topics.description)[1]).toBe('1/1;{"the description of": "%s"}');
    expect(device.seen('registration-refused')).toEqual([]);
  });

  test('an answer that was not asked for, is malformed or retained changes nothing', async () => {
    device = await new BenchDevice().start();
    for (const answer of ['', 'OK', 'OK;;;', `OK;${'0'.repeat(128)};x;`, 'ERROR', '\0', ';'.repeat(5000)])
      await device.answerRegistration(answer);
    device.broker.inject(topics.descriptionStatus, Uint8Array.of(0xff, 0xfe));
    await device.settled();
    expect(device.events).toEqual([]);
    await device.answerRegistration(endorsed(server, 1));
    await device.answerRegistration(endorsed(server, 1));
    await device.answerRegistration('ERROR;description-invalid;too late');
    expect(device.events).toEqual([{ kind: 'server-key-taken', epoch: 1 }, { kind: 'registered' }]);
  });
});

describe('requests (mup-protocol §2)', () => {
  const white = ['255', '255', '255', 'blink;slow'];

  test('a generic operation answers its success state and outputs of their types, and is remembered', async () => {
    device = await new BenchDevice().start();
    const answer = await device.request(topics.lamp, 'SET-COLOR', white);
    expect(answer?.state).toBe('OK');
    expect(Number(answer?.outputs[0])).toBeGreaterThanOrEqual(10);
    expect(Number(answer?.outputs[0])).toBeLessThanOrEqual(20);
    expect(device.agent.lastInputs('setColor')).toEqual(white);
    expect(device.seen('state-changed').map(({ inputs }) => inputs)).toEqual([white]);
    expect(device.seen('request').map(({ state }) => state)).toEqual(['OK']);
  });

  test('a behaviour may choose state and outputs', async () => {
    device = await new BenchDevice({
      behaviour: (operation, [red]) => ({ state: 'ERROR', outputs: [`${operation.name}; ${red} %`] }),
    }).start();
    const answer = await device.request(topics.lamp, 'SET-COLOR', white);
    expect(answer).toMatchObject({ state: 'ERROR', outputs: ['setColor; 255 %'] });
  });

  test.each([
    ['too few', ['1', '2']],
    ['too many', ['1', '2', '3', 'steady', 'more']],
    ['out of range', ['1', '2', '256']],
    ['of another type', ['1', '2', 'three']],
    ['not in the enumeration', ['1', '2', '3', 'off']],
  ])('inputs that are %s are answered with an error and change nothing', async (_, inputs) => {
    device = await new BenchDevice().start();
    expect((await device.request(topics.lamp, 'SET-COLOR', inputs))?.state).toBe('ERROR');
    expect(device.agent.lastInputs('setColor')).toBeUndefined();
  });

  test('an optional input may be left out', async () => {
    device = await new BenchDevice().start();
    expect((await device.request(topics.lamp, 'SET-COLOR', ['1', '2', '3']))?.state).toBe('OK');
  });

  test('a method that no operation on the topic has is an error', async () => {
    device = await new BenchDevice().start();
    expect((await device.request(topics.lamp, 'GET-DEVICE-TOKEN'))?.state).toBe('ERROR');
    expect((await device.request(topics.firmware, 'SET-COLOR', white))?.state).toBe('12_ERROR');
  });

  test('over MQTT 5 correlation data is echoed, and a foreign response topic is not used', async () => {
    device = await new BenchDevice().start();
    const correlationData = Uint8Array.of(1, 2, 3);
    await device.request(topics.lamp, 'SET-COLOR', white, { correlationData, responseTopic: '$SYS/x' });
    const answer = device.broker.published.at(-1);
    expect(answer).toMatchObject({ topic: topics.answers, correlationData });
  });

  test('over MQTT 3.1.1 the request id alone tells the answer', async () => {
    device = await new BenchDevice({}, { protocolVersion: 4 }).start();
    const answer = await device.request(topics.lamp, 'SET-COLOR', white);
    expect(answer?.state).toBe('OK');
    expect(device.broker.published.at(-1)?.correlationData).toBeUndefined();
  });

  test('a retained request is not carried out', async () => {
    device = new BenchDevice();
    device.broker.inject(
      topics.lamp,
      encodeRequest({ id: '1', method: 'SET-COLOR', inputs: white, profile: 'mup' }),
      {
        retain: true,
      },
    );
    await device.start();
    expect(device.agent.lastInputs('setColor')).toBeUndefined();
    expect(device.broker.texts(topics.answers)).toEqual([]);
  });

  test('more requests than the device can have in hand are dropped, and it goes on afterwards', async () => {
    device = await new BenchDevice().start();
    const request = encodeRequest({ id: 'x', method: 'GET-DEVICE-TOKEN', inputs: [], profile: 'mup' });
    for (let i = 0; i < 1000; i += 1) device.broker.inject(topics.firmware, request);
    await device.settled();
    expect((await device.token()).uuid).toBe(uuid);
  });
});

describe('hostile payloads on every subscribed topic', () => {
  const payloads: readonly Uint8Array[] = [
    '',
    ';',
    ';;',
    'a',
    '1;',
    ';SET-COLOR',
    '1;SET-COLOR;%',
    '1;SET-COLOR;%3b%25%zz',
    `1;SET-COLOR;${'9'.repeat(5000)};1;1`,
    `1;SET-COLOR;${';'.repeat(5000)}`,
    '1;SET-COLOR;-0;1e3;0x10',
    '1;GET-DEVICE-TOKEN;extra',
    '1;SEND-FIRMWARE-IMAGE',
    '1;SEND-FIRMWARE-IMAGE;FIN;FIN',
    '1;SEND-FIRMWARE-IMAGE;fin',
    '1;SEND-EXTENDED-MANIFEST',
    `1;SEND-EXTENDED-MANIFEST;${Array(11).fill('x').join(';')}`,
    `1;SEND-EXTENDED-MANIFEST;${Array(5000).fill('1').join(';')}`,
    '1;__proto__;1',
    '1;constructor',
    '\u0000\u0000\u0000\u0000',
    '\u001b[2J;\u202e',
    'OK;;;;;;;',
    'ERROR;;',
  ]
    .map(utf8)
    .concat([Uint8Array.of(0xff), Uint8Array.of(0, 0, 0), new Uint8Array(100_000).fill(0x41)]);

  test('nothing that is not a request changes the device, and it works afterwards', async () => {
    device = await new BenchDevice().startRegistered();
    const record = toHex(device.store.record ?? utf8(''));
    for (const filter of device.transport.filters)
      for (const payload of payloads) device.broker.inject(filter, payload);
    await device.settled();
    expect(toHex(device.store.record ?? utf8(''))).toBe(record);
    expect(device.agent.lastInputs('setColor')).toBeUndefined();
    expect(device.agent.version).toBe(1);
    expect((await device.request(topics.lamp, 'SET-COLOR', ['1', '2', '3']))?.state).toBe('OK');
  });

  test('no bytes and no fields of a request stop the device or change what it keeps', async () => {
    device = await new BenchDevice().startRegistered();
    const record = toHex(device.store.record ?? utf8(''));
    const methods = description.operations.map(({ mqttMethod }) => mqttMethod);
    const request = fc
      .tuple(
        fc.string(),
        fc.constantFrom(...methods),
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 13 }),
      )
      .map(([id, method, inputs]) => utf8([id, method, ...inputs].join(';')));
    const message = fc.tuple(
      fc.constantFrom(...device.transport.filters),
      fc.oneof(request, fc.uint8Array({ maxLength: 64 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 20 }), async (messages) => {
        for (const [topic, payload] of messages) device.broker.inject(topic, payload);
        await device.settled();
        expect(toHex(device.store.record ?? utf8(''))).toBe(record);
        expect(device.transport.filters).not.toContain(topics.image);
      }),
      { numRuns: 60 },
    );
    expect((await device.request(topics.lamp, 'SET-COLOR', ['1', '2', '3']))?.state).toBe('OK');
  });

  test('every answer to them is well-formed and on the answer topic', async () => {
    device = await new BenchDevice().startRegistered();
    const before = device.broker.published.length;
    for (const filter of device.transport.filters)
      for (const payload of payloads) device.broker.inject(filter, payload);
    await device.settled();
    const own = device.broker.published.slice(before).filter(({ from }) => from !== undefined);
    expect(new Set(own.map(({ topic }) => topic))).toEqual(new Set([topics.answers]));
    const states = new Set(own.map(({ payload }) => decodeResponse(payload, 'mup').state));
    expect([...states].sort()).toEqual(['12_ERROR', '20_MANIFEST-NOT-VALID', 'ERROR'].sort());
  });
});

describe('telemetry', () => {
  test('each data point is published at the interval, within its type', async () => {
    device = await new BenchDevice({ telemetryIntervalMs: 5000 }).start();
    for (let i = 0; i < 50; i += 1) device.clock.advance(5000);
    await device.settled();
    const values = device.broker.texts(topics.temperature);
    expect(values).toHaveLength(50);
    for (const value of values) {
      expect(value).toMatch(/^-?\d+\.\d$/);
      expect(Math.abs(Number(value) - 20)).toBeLessThanOrEqual(40);
    }
    expect(new Set(values).size).toBeGreaterThan(10);
  });

  test('nothing is published without a connection, nor kept for later', async () => {
    device = await new BenchDevice({ telemetryIntervalMs: 5000 }).start();
    device.transport.disconnect();
    device.clock.advance(20_000);
    device.transport.reconnect();
    await device.settled();
    expect(device.broker.texts(topics.temperature)).toEqual([]);
  });
});

describe('descriptions that the agent cannot serve', () => {
  const make = (changes: Partial<typeof description>): (() => DeviceAgent) => {
    device = new BenchDevice();
    return () => new BenchDevice({ description: { ...description, ...changes } }).agent;
  };

  test('the profile of the prototype is refused', () => {
    expect(make({ profile: 'myno' })).toThrow(expect.objectContaining({ code: 'profile-unsupported' }));
  });

  test.each([{ encoding: 'json' as const }, { answered: 'none' as const }])(
    'operations with messages that it does not speak are refused: %j',
    (messages) => {
      const operations = description.operations.map((operation) => ({ ...operation, ...messages }));
      expect(make({ operations })).toThrow(expect.objectContaining({ code: 'encoding-unsupported' }));
    },
  );

  test('a manifest operation without all fields of a manifest is refused', () => {
    const operations = description.operations.map((operation) =>
      operation.role === 'manifest' ? { ...operation, inputs: operation.inputs.slice(1) } : operation,
    );
    expect(make({ operations })).toThrow(expect.objectContaining({ code: 'manifest-operation-incomplete' }));
  });

  test('a topic that is not the device’s own is refused', () => {
    const operations = description.operations.map((operation) => ({ ...operation, topic: 'mup/#' }));
    expect(make({ operations })).toThrow(expect.objectContaining({ code: 'bad-topic' }));
  });

  test('one refused subscription does not keep the device from the rest', async () => {
    device = new BenchDevice();
    device.broker.refusedFilters.add(topics.lamp);
    await device.start();
    expect(device.broker.texts(topics.status)).toEqual(['online;1']);
    expect((await device.token()).uuid).toBe(deviceUuid(uuid));
  });

  test('a listener that throws stops nothing', async () => {
    device = new BenchDevice();
    device.agent.onEvent(() => {
      throw new Error('a listener of the test');
    });
    await device.startRegistered();
    expect((await device.token()).version).toBe(1);
  });
});
