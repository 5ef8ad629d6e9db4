import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { MqttConnections } from '../support/mqtt-connections.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const connections = new MqttConnections();
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  await connections.closeAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('a broker that misbehaves', () => {
  /** A server whose connections the test handles itself. */
  async function server(handle: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const listener = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      handle(socket);
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    cleanups.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    });
    const address = listener.address();
    return `mqtt://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** Protocol version of the CONNECT packet in a chunk (MQTT 3.1.1 §3.1.2.2). */
  const versionOf = (chunk: Buffer): number => chunk[chunk.indexOf('MQTT') + 4] ?? 0;

  test('closes the connection on MQTT 5 instead of refusing it: 3.1.1 is tried at once', async () => {
    const url = await server((socket) => {
      socket.once('data', (chunk) => {
        if (versionOf(chunk) === 5) socket.destroy();
        else socket.write(Buffer.from([0x20, 2, 0, 0]));
      });
    });
    const transport = await connections.online(url);
    expect(transport.protocolVersion).toBe(4);
  });

  test.each([
    ['answers with garbage', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['answers with a length of five octets', Buffer.from([0x20, 0x80, 0x80, 0x80, 0x80, 1])],
    ['answers with a malformed CONNACK', Buffer.from([0x20, 2, 0xff, 0])],
    ['closes without a word', Buffer.alloc(0)],
  ])('%s: it is left and tried again', async (_name, bytes) => {
    const seen: number[] = [];
    const logger = new RecordingLogger();
    const url = await server((socket) => {
      socket.once('data', (chunk) => {
        seen.push(versionOf(chunk));
        if (bytes.length === 0) socket.end();
        else socket.write(bytes);
      });
    });
    const transport = connections.connect(url, { connectTimeoutMs: 200 }, logger);
    await logger.line(({ level }) => level === 'warn');
    await logger.line(({ level, message }) => level === 'debug' && message.includes('cannot connect'));
    expect(transport.state).toBe('offline');
    expect(seen.slice(0, 4)).toEqual([5, 4, 5, 4]);
  });

  test('does not read: publishing waits, memory does not grow, and the order is kept', async () => {
    const received: Socket[] = [];
    const url = await server((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.from([0x20, 2, 0, 0]));
        socket.pause();
        received.push(socket);
      });
    });
    const transport = await connections.online(url, { maxUnsentBytes: 256 * 1024 });
    let done = 0;
    const order: number[] = [];
    const all = Array.from({ length: 1000 }, (_, i) =>
      transport.publish('t', new Uint8Array(64 * 1024), { qos: 0 }).then(() => {
        done += 1;
        order.push(i);
      }),
    );
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBeLessThan(500);
    received[0]?.resume();
    await Promise.all(all);
    expect(order).toEqual(Array.from(order, (_, i) => i));
  });

  test('vanishes while publishes wait: each ends with mqtt-lost', async () => {
    let socket: Socket | undefined;
    const url = await server((accepted) => {
      accepted.once('data', () => {
        socket = accepted;
        accepted.write(Buffer.from([0x20, 2, 0, 0]));
        accepted.pause();
      });
    });
    const transport = await connections.online(url, { maxUnsentBytes: 64 * 1024 });
    const outcomes = Array.from({ length: 200 }, () =>
      transport.publish('t', new Uint8Array(64 * 1024)).catch((error: { code: string }) => error.code),
    );
    socket?.destroy();
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['mqtt-lost']));
  });
});
