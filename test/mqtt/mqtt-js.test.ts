import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock, systemRandom } from '../../src/base/adapters/node-runtime.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { startBroker } from '../../src/mqtt/adapters/aedes-broker.ts';
import { RpcClient } from '../../src/mqtt/rpc-client.ts';
import { decodeRequest } from '../../src/mqtt/rpc-codec.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { Inbox, MqttConnections, untilState } from '../support/mqtt-connections.ts';
import { describeWith } from '../support/peers.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const connections = new MqttConnections();
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  await connections.closeAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A Mosquitto for one test. */
async function mosquitto(...options: Parameters<typeof startMosquitto>) {
  const broker = await startMosquitto(...options);
  cleanups.push(() => broker.stop());
  return broker;
}

/** An embedded broker for one test. */
async function embedded() {
  const broker = await startBroker({ ...defaultConfig.mqtt.embedded, port: 0 }, { logger: silentLogger });
  cleanups.push(() => broker.close());
  return broker;
}

/** What holds with any broker. */
function holdsWith(
  start: () => Promise<{ readonly port: number; readonly url: string }>,
  version: 4 | 5,
): void {
  test(`speaks MQTT ${version === 5 ? '5' : '3.1.1'} and QoS 1 both ways`, async () => {
    const { url } = await start();
    const [device, bridge] = await Promise.all([connections.online(url), connections.online(url)]);
    expect(device.protocolVersion).toBe(version);
    const inbox = await Inbox.open(bridge, 'mup/description/+');
    for (const text of ['1/2;a', '2/2;b']) await device.publish('mup/description/d', utf8(text));
    await inbox.count(2);
    expect(inbox.texts()).toEqual(['1/2;a', '2/2;b']);
    expect(inbox.received[0]).toMatchObject({
      topic: 'mup/description/d',
      qos: 1,
      retain: false,
      dup: false,
    });
  });

  test('QoS 0 and 2, and payloads of any bytes', async () => {
    const { url } = await start();
    const transport = await connections.online(url);
    const inbox = await Inbox.open(transport, 'bytes');
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (const qos of [0, 1, 2] as const) await transport.publish('bytes', every, { qos });
    for (const { payload } of await inbox.count(3)) expect(payload).toEqual(every);
  });

  test('presence: retained, and the will when the connection breaks, not when it is closed', async () => {
    const { url, port } = await start();
    const proxy = await startTcpProxy(port);
    cleanups.push(() => proxy.close());
    const topic = 'mup/status/d';
    const will = { topic, payload: utf8('offline'), qos: 1, retain: true } as const;
    const device = await connections.online(`mqtt://127.0.0.1:${proxy.port}`, { will });
    await device.publish(topic, utf8('online;1'), { retain: true });
    const bridge = await connections.online(url);
    const inbox = await Inbox.open(bridge, 'mup/status/+');
    expect(await inbox.count(1)).toMatchObject([{ retain: true }]);
    const offline = untilState(device, 'offline');
    proxy.cut();
    await Promise.all([offline, inbox.count(2)]);
    await untilState(device, 'online');
    await device.publish(topic, utf8('online;2'), { retain: true });
    await device.close();
    await bridge.publish('mup/status/last', utf8('end'));
    await inbox.count(4);
    expect(inbox.texts()).toEqual(['online;1', 'offline', 'online;2', 'end']);
  });

  test('after the connection broke it reconnects by itself and all subscriptions stand', async () => {
    const { url, port } = await start();
    const proxy = await startTcpProxy(port);
    cleanups.push(() => proxy.close());
    const bridge = await connections.online(`mqtt://127.0.0.1:${proxy.port}`);
    const [exact, wild] = [await Inbox.open(bridge, 'a/b'), await Inbox.open(bridge, 'x/#')];
    const offline = untilState(bridge, 'offline');
    proxy.cut();
    await offline;
    await expect(bridge.publish('a/b', utf8('x'))).rejects.toMatchObject({ code: 'mqtt-offline' });
    await untilState(bridge, 'online');
    const device = await connections.online(url);
    await device.publish('a/b', utf8('1'));
    await device.publish('x/y', utf8('2'));
    await Promise.all([exact.count(1), wild.count(1)]);
    expect([exact.texts(), wild.texts()]).toEqual([['1'], ['2']]);
  });

  test('an inbound packet over maxPacketBytes is dropped, acknowledged and logged; the connection stays', async () => {
    const { url } = await start();
    const sender = await connections.online(url);
    const logger = new RecordingLogger();
    // The bound is announced to MQTT 5 brokers, who drop the packet themselves.
    const bridge = await connections.online(url, { maxPacketBytes: 1000 }, logger);
    const inbox = await Inbox.open(bridge, 'big/+');
    for (const qos of [0, 1, 2] as const) await sender.publish('big/x', new Uint8Array(5000), { qos });
    await sender.publish('big/x', utf8('small'));
    await inbox.count(1);
    expect(inbox.texts()).toEqual(['small']);
    expect(logger.lines.filter(({ message }) => message.includes('lost'))).toEqual([]);
    const dropped = logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields);
    expect(dropped).toMatchObject(version === 5 ? [] : [0, 1, 2].map(() => ({ topic: 'big/x' })));
  });

  test('an outbound packet over the bound is refused, and the connection stays', async () => {
    const { url } = await start();
    const transport = await connections.online(url, { maxPacketBytes: 1000 });
    await expect(transport.publish('t', new Uint8Array(1000))).rejects.toMatchObject({
      code: 'packet-too-big',
    });
    await transport.publish('t', new Uint8Array(900));
    expect(transport.state).toBe('online');
  });

  test('a topic or filter that would break the connection is refused', async () => {
    const { url } = await start();
    const transport = await connections.online(url);
    for (const topic of ['', 'a/+', 'a/#', 'a\0b'])
      await expect(transport.publish(topic, utf8('x'))).rejects.toMatchObject({ code: 'bad-topic' });
    for (const filter of ['', 'a/#/b', 'a+'])
      await expect(transport.subscribe(filter, 1, () => {})).rejects.toMatchObject({ code: 'bad-topic' });
    expect(transport.state).toBe('online');
  });

  test('a request to a device ends with its answer', async () => {
    const { url } = await start();
    const [transport, device] = await Promise.all([connections.online(url), connections.online(url)]);
    const uuid = deviceUuid('dev-1');
    await device.subscribe(`relay/${uuid}`, 1, ({ payload }) => {
      const { id, inputs } = decodeRequest(payload, 'mup');
      void device.publish(`mup/response/${uuid}`, utf8(`${id};10_OK;${inputs[0]}`));
    });
    const client = new RpcClient({
      transport,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      limits: defaultConfig.rpc,
    });
    await client.start();
    const call = {
      uuid,
      topic: `relay/${uuid}`,
      answerTopic: `mup/response/${uuid}`,
      method: 'SET',
      profile: 'mup',
    } as const;
    const answers = await Promise.all(
      ['1', '2', '3'].map((input) => client.call({ ...call, inputs: [input] })),
    );
    expect(answers.map(({ outputs }) => outputs[0])).toEqual(['1', '2', '3']);
    await client.close();
  });
}

describe('with the embedded broker', () => {
  holdsWith(embedded, 4);
});

describeWith(['mosquitto'], 'with Mosquitto', () => {
  holdsWith(mosquitto, 5);

  test('over MQTT 5, Response Topic and Correlation Data arrive', async () => {
    const { url } = await mosquitto();
    const [device, bridge] = await Promise.all([connections.online(url), connections.online(url)]);
    const inbox = await Inbox.open(device, 'r');
    await bridge.publish('r', utf8('x'), {
      responseTopic: 'answers',
      correlationData: Uint8Array.of(0, 255),
    });
    expect(await inbox.count(1)).toMatchObject([
      { responseTopic: 'answers', correlationData: Uint8Array.of(0, 255) },
    ]);
  });

  test('overlapping filters call each handler once a message', async () => {
    const { url } = await mosquitto({ config: ['allow_duplicate_messages true'] });
    const transport = await connections.online(url);
    const inboxes = [];
    for (const filter of ['a/+', 'a/#', 'a/b']) inboxes.push(await Inbox.open(transport, filter));
    for (const text of ['1', '2']) await transport.publish('a/b', utf8(text));
    const end = await Inbox.open(transport, 'end');
    await transport.publish('end', utf8(''));
    await end.count(1);
    expect(inboxes.map((inbox) => inbox.texts())).toEqual([
      ['1', '2'],
      ['1', '2'],
      ['1', '2'],
    ]);
  });

  test('a restart of the broker is survived: subscriptions stand, publishing goes on', async () => {
    const broker = await mosquitto();
    const transport = await connections.online(broker.url);
    const inbox = await Inbox.open(transport, 'a');
    const offline = untilState(transport, 'offline');
    await broker.kill();
    await offline;
    await broker.start();
    await untilState(transport, 'online');
    await transport.publish('a', utf8('again'));
    await inbox.count(1);
    expect(inbox.texts()).toEqual(['again']);
  });

  test('a subscription begun while the broker is down stands when it is back', async () => {
    const broker = await mosquitto();
    await broker.kill();
    const transport = connections.connect(broker.url);
    const opened = Inbox.open(transport, 'a');
    await untilState(transport, 'offline');
    await broker.start();
    const inbox = await opened;
    await transport.publish('a', utf8('x'));
    await inbox.count(1);
  });

  test('a request in flight when the broker is killed ends with a clear error', async () => {
    const broker = await mosquitto();
    const [transport, device] = [await connections.online(broker.url), await connections.online(broker.url)];
    const limits = { ...defaultConfig.rpc, timeoutMs: 300 };
    const client = new RpcClient({
      transport,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      limits,
    });
    await client.start();
    const inbox = await Inbox.open(device, 'relay/d');
    const failed = client
      .call({
        uuid: deviceUuid('d'),
        topic: 'relay/d',
        answerTopic: 'mup/response/d',
        method: 'ON',
        inputs: [],
        profile: 'mup',
      })
      .catch((error: { code: string }) => error.code);
    await inbox.count(1);
    await broker.kill();
    await expect(failed).resolves.toBe('mqtt-lost');
    expect(client.statistics.inFlight).toBe(0);
    await client.close();
  });

  test('a wrong password is said once, with the reason of the broker, and tried again', async () => {
    const broker = await mosquitto({ users: { bridge: 'secret' } });
    const logger = new RecordingLogger();
    const wrong = connections.connect(broker.url, { username: 'bridge', password: 'wrong' }, logger);
    const line = await logger.line(({ level }) => level === 'warn');
    expect(line.fields['reason']).toMatch(/not authorized|bad user ?name or password/i);
    await logger.line(({ level, message }) => level === 'debug' && message.includes('cannot connect'));
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(JSON.stringify(logger.lines)).not.toContain('wrong');
    expect(wrong.state).toBe('offline');
    const right = await connections.online(broker.url, { username: 'bridge', password: 'secret' });
    expect(right.protocolVersion).toBe(5);
    await connections.online(broker.url.replace('//', '//bridge:secret@'));
  });

  test("the broker's Maximum Packet Size bounds what is published, or it would be dropped without a word", async () => {
    const { url } = await mosquitto({ config: ['max_packet_size 2000'] });
    const transport = await connections.online(url);
    await expect(transport.publish('t', new Uint8Array(2000))).rejects.toMatchObject({
      code: 'packet-too-big',
    });
    const inbox = await Inbox.open(transport, 't');
    // fixed header 3, topic 3, packet identifier 2, properties 1
    await transport.publish('t', new Uint8Array(2000 - 9));
    await inbox.count(1);
  });

  test("the broker's Receive Maximum is kept, and the order with it", async () => {
    const { url } = await mosquitto({ config: ['max_inflight_messages 3'] });
    const transport = await connections.online(url);
    const inbox = await Inbox.open(transport, 't');
    const texts = Array.from({ length: 300 }, (_, i) => String(i));
    await Promise.all(texts.map((text) => transport.publish('t', utf8(text))));
    await inbox.count(300);
    expect(inbox.texts()).toEqual(texts);
    expect(transport.state).toBe('online');
  });

  test('the wire trace shows every packet and no password', async () => {
    const broker = await mosquitto({ users: { bridge: 'secret-word' } });
    const trace = new RecordingLogger();
    const transport = await connections.online(
      broker.url,
      { username: 'bridge', password: 'secret-word' },
      silentLogger,
      trace,
    );
    await transport.publish('a', new Uint8Array(1000).fill(0x1b));
    const messages = trace.lines.map(({ message }) => message);
    expect(messages).toEqual(['mqtt > connect', 'mqtt < connack', 'mqtt > publish', 'mqtt < puback']);
    const shown = { topic: 'a', bytes: 1000, payload: '\\x1b'.repeat(256) };
    expect(trace.lines[2]?.fields).toMatchObject(shown);
    await transport.publish('a', new Uint8Array(1000).fill(0x1b), { qos: 0, bulk: true });
    expect(trace.lines[4]).toMatchObject({ message: 'mqtt > publish', fields: { ...shown, qos: 0 } });
    expect(JSON.stringify(trace.lines)).not.toContain('secret-word');
  });
});
