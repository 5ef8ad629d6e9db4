import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { type EmbeddedBroker, startBroker } from '../../src/mqtt/adapters/aedes-broker.ts';
import { Inbox, MqttConnections, untilState } from '../support/mqtt-connections.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const connections = new MqttConnections();
const brokers: EmbeddedBroker[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  await connections.closeAll();
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(brokers.splice(0).map((broker) => broker.close()));
});

async function start(config = {}, logger = new RecordingLogger()): Promise<EmbeddedBroker> {
  const broker = await startBroker({ ...defaultConfig.mqtt.embedded, port: 0, ...config }, { logger });
  brokers.push(broker);
  return broker;
}

/** A connection that speaks whatever the test writes; resolves when it stands. */
async function raw(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function closing(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.destroyed) await once(socket, 'close');
}

/** CONNECT of MQTT 3.1.1 with the client id `r` and the given flags. */
function connectPacket(flags: number): Buffer {
  return Buffer.from([0x10, 13, 0, 4, ...Buffer.from('MQTT'), 4, flags, 0, 60, 0, 1, 0x72]);
}

describe('the embedded broker', () => {
  test('listens on loopback unless configured, on any free port for 0', async () => {
    const { url, port } = await start();
    expect(defaultConfig.mqtt.embedded.host).toBe('127.0.0.1');
    expect(url).toBe(`mqtt://127.0.0.1:${port}`);
    expect(port).toBeGreaterThan(0);
  });

  test('warns when other machines can reach it', async () => {
    const logger = new RecordingLogger();
    const { url, port } = await start({ host: '0.0.0.0' }, logger);
    expect(url).toBe(`mqtt://127.0.0.1:${port}`);
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { host: '0.0.0.0' } }),
    );
  });

  test('says what to do when its port is in use', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toMatchObject({
      code: 'mqtt-port-in-use',
      hint: expect.stringContaining('mqtt.url'),
    });
    await expect(start({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'mqtt-listen-failed' });
  });

  test('closes its connections and its port', async () => {
    const broker = await start();
    const transport = await connections.online(broker.url);
    const socket = await raw(broker.port);
    const offline = untilState(transport, 'offline');
    await broker.close();
    await Promise.all([offline, closing(socket)]);
    const again = await start({ port: broker.port });
    expect(again.port).toBe(broker.port);
    await untilState(transport, 'online');
  });

  test('takes no more connections than configured', async () => {
    const logger = new RecordingLogger();
    const broker = await start({ maxConnections: 1 }, logger);
    const first = await connections.online(broker.url);
    await closing(await raw(broker.port));
    await logger.line(({ level, message }) => level === 'warn' && message.includes('no room'));
    expect(first.state).toBe('online');
  });

  test('breaks the connection of who sends too large a packet; others do not notice', async () => {
    const broker = await start({ maxPacketBytes: 1000 });
    const bystander = await connections.online(broker.url);
    const inbox = await Inbox.open(bystander, '#');
    const sender = await connections.online(broker.url);
    await expect(sender.publish('big', new Uint8Array(2000))).rejects.toMatchObject({ code: 'mqtt-lost' });
    await bystander.publish('small', utf8('x'));
    await inbox.count(1);
    expect(inbox.received.map(({ topic }) => topic)).toEqual(['small']);
    expect(bystander.state).toBe('online');
  });

  test.each([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a length of five octets', Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 1])],
    ['PUBLISH before CONNECT', Buffer.from([0x30, 3, 0, 1, 0x61])],
    ['a second CONNECT', Buffer.concat([connectPacket(2), connectPacket(2)])],
    ['a topic longer than its packet', Buffer.concat([connectPacket(2), Buffer.from([0x30, 2, 0xff, 0xff])])],
    ['a wildcard in a topic', Buffer.concat([connectPacket(2), Buffer.from([0x30, 4, 0, 1, 0x23, 0x61])])],
    [
      'a topic of the broker',
      Buffer.concat([connectPacket(2), Buffer.from([0x30, 6, 0, 4, ...Buffer.from('$SYS')])]),
    ],
    ['SUBSCRIBE without a filter', Buffer.concat([connectPacket(2), Buffer.from([0x82, 2, 0, 1])])],
    ['an unknown packet', Buffer.concat([connectPacket(2), Buffer.from([0x00, 0])])],
  ])('%s: that connection ends, the broker goes on', async (_name, bytes) => {
    const logger = new RecordingLogger();
    const broker = await start({}, logger);
    const socket = await raw(broker.port);
    socket.write(bytes);
    await closing(socket);
    const transport = await connections.online(broker.url);
    await transport.publish('a', utf8('x'));
    expect(logger.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  test('the subscriptions of one client are bounded, and what it held is free when it is gone', async () => {
    const logger = new RecordingLogger();
    const broker = await start({}, logger);
    const below = '/x'.repeat(99);
    const subscribeAll = async (): Promise<string[]> => {
      const transport = await connections.online(broker.url);
      const filters = Array.from({ length: 510 }, (_, i) => `${i}${below}`);
      const results = await Promise.allSettled(filters.map((one) => transport.subscribe(one, 0, () => {})));
      await transport.close();
      return results.map((result) => (result.status === 'fulfilled' ? 'granted' : result.reason.code));
    };
    const first = await subscribeAll();
    expect(first.slice(0, 400)).toEqual(Array(400).fill('granted'));
    expect(first.at(-1)).toBe('mqtt-refused');
    expect(await subscribeAll()).toEqual(first);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  test('the subscriptions of all clients together are bounded', async () => {
    const broker = await start({ maxClientSubscriptionLevels: 4, maxSubscriptionLevels: 6 });
    const [one, other] = [await connections.online(broker.url), await connections.online(broker.url)];
    await one.subscribe('a/b/c/d', 0, () => {});
    await expect(one.subscribe('e', 0, () => {})).rejects.toMatchObject({ code: 'mqtt-refused' });
    await other.subscribe('a/b', 0, () => {});
    await expect(other.subscribe('e', 0, () => {})).rejects.toMatchObject({ code: 'mqtt-refused' });
  });

  test.each([
    ['messages', { maxRetainedMessages: 2 }],
    ['octets', { maxRetainedBytes: 12 }],
  ])('retained %s are bounded: one too many is delivered, and not kept', async (_what, limits) => {
    const logger = new RecordingLogger();
    const broker = await start(limits, logger);
    const transport = await connections.online(broker.url);
    const live = await Inbox.open(transport, '#');
    for (const topic of ['a', 'b', 'c']) await transport.publish(topic, utf8('12345'), { retain: true });
    await live.count(3);
    const late = await Inbox.open(await connections.online(broker.url), '#');
    await transport.publish('end', utf8(''));
    await late.count(3);
    expect(late.received.map(({ topic }) => topic)).toEqual(['a', 'b', 'end']);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  test('a session ends with its connection: nothing is queued for who is away', async () => {
    const broker = await start();
    const socket = await raw(broker.port);
    // Clean Session 0, then SUBSCRIBE to `a` with QoS 1.
    socket.write(Buffer.concat([connectPacket(0), Buffer.from([0x82, 6, 0, 1, 0, 1, 0x61, 1])]));
    let answer = Buffer.alloc(0);
    while (answer.length < 4 + 5) answer = Buffer.concat([answer, (await once(socket, 'data'))[0]]);
    socket.destroy();
    const transport = await connections.online(broker.url);
    await transport.publish('a', utf8('missed'));
    const again = await raw(broker.port);
    again.write(Buffer.concat([connectPacket(0), Buffer.from([0xc0, 0])]));
    let second = Buffer.alloc(0);
    while (second.length < 4 + 2) second = Buffer.concat([second, (await once(again, 'data'))[0]]);
    // CONNACK without Session Present, PINGRESP, and no PUBLISH in between.
    expect([...second]).toEqual([0x20, 2, 0, 0, 0xd0, 0]);
  });

  test('no topic of the broker itself reaches a client', async () => {
    const broker = await start();
    const transport = await connections.online(broker.url);
    const inbox = await Inbox.open(transport, '$SYS/#');
    const all = await Inbox.open(transport, '#');
    // Each connection is announced under $SYS.
    const other = await connections.online(broker.url);
    await other.publish('end', utf8(''));
    await all.count(1);
    expect(inbox.received).toEqual([]);
    expect(all.received.map(({ topic }) => topic)).toEqual(['end']);
  });
});
