import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { concatBytes, uint32FromBytes, uint32ToBytes } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { deferred } from '../../src/base/deferred.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { startBroker } from '../../src/mqtt/adapters/aedes-broker.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { MqttConnections } from '../support/mqtt-connections.ts';
import { describeWith } from '../support/peers.ts';

const connections = new MqttConnections();
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  await connections.closeAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const connack = Buffer.from([0x20, 3, 0, 0, 0]);
const pingresp = Buffer.from([0xd0, 0]);
const slice = new Uint8Array(1000).fill(0x2e);

/** A broker that takes everything and answers no PINGREQ before it is told to. */
class SilentBroker {
  text = '';
  #socket: Socket | undefined;
  #answering = false;
  #heard: () => void = () => {};

  async listen(): Promise<string> {
    const server = createServer((socket) => {
      this.#socket = socket;
      socket.on('error', () => {});
      socket.once('data', () => socket.write(connack));
      socket.on('data', (chunk) => this.#take(chunk));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      this.#socket?.destroy();
      server.close();
    });
    const address = server.address();
    return `mqtt://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  async hears(text: string): Promise<void> {
    while (!this.text.includes(text))
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
  }

  get slices(): number {
    return this.text.split('bulk/topic').length - 1;
  }

  /** Answers the pings that came, and all that will come. */
  answer(): void {
    this.#answering = true;
    for (let n = this.#pings(this.text); n > 0; n -= 1) this.#socket?.write(pingresp);
  }

  #take(chunk: Buffer): void {
    const text = chunk.toString('latin1');
    this.text += text;
    if (this.#answering) for (let n = this.#pings(text); n > 0; n -= 1) this.#socket?.write(pingresp);
    this.#heard();
  }

  #pings(text: string): number {
    return text.split('\xc0\x00').length - 1;
  }
}

describe('bulk', () => {
  test('goes no faster than the broker takes it, and everything else goes first', async () => {
    const broker = new SilentBroker();
    const transport = await connections.online(await broker.listen());
    let taken = 0;
    const all = Array.from({ length: 500 }, () =>
      transport.publish('bulk/topic', slice, { qos: 0, bulk: true }).then(() => {
        taken += 1;
      }),
    );
    await transport.publish('urgent', slice, { qos: 0 });
    await broker.hears('urgent');
    expect(taken).toBeGreaterThan(16);
    expect(taken).toBeLessThan(150);
    expect(broker.slices).toBeLessThanOrEqual(taken);
    broker.answer();
    await Promise.all(all);
    expect(taken).toBe(500);
  });

  test('ends with the connection', async () => {
    const broker = new SilentBroker();
    const transport = await connections.online(await broker.listen());
    const all = Array.from({ length: 500 }, () =>
      transport.publish('bulk/topic', slice, { qos: 0, bulk: true }),
    );
    const settled = Promise.allSettled(all);
    await transport.close();
    const lost = (await settled).filter(({ status }) => status === 'rejected');
    expect(lost.length).toBeGreaterThan(300);
    expect(lost[0]).toMatchObject({ reason: { code: 'mqtt-lost' } });
  });
});

/** All of it arrives, in its order. */
async function arrives(url: string): Promise<void> {
  const [sender, receiver] = await Promise.all([connections.online(url), connections.online(url)]);
  const expected = Array.from({ length: 1000 }, (_, i) => i);
  const order: number[] = [];
  const complete = deferred();
  await receiver.subscribe('bulk/topic', 0, ({ payload }) => {
    order.push(uint32FromBytes(payload) ?? -1);
    if (order.length === expected.length) complete.resolve();
  });
  const sent = expected.map((i) =>
    sender.publish('bulk/topic', concatBytes([uint32ToBytes(i), slice]), { qos: 0, bulk: true }),
  );
  await Promise.all([...sent, complete.promise]);
  expect(order).toEqual(expected);
}

describe('bulk through the embedded broker', () => {
  test('arrives in its order', async () => {
    const broker = await startBroker({ ...defaultConfig.mqtt.embedded, port: 0 }, { logger: silentLogger });
    cleanups.push(() => broker.close());
    await arrives(broker.url);
  });
});

describeWith(['mosquitto'], 'bulk through Mosquitto', () => {
  test('arrives in its order', async () => {
    // Else it keeps no more than 1,000 for a receiver that is slower.
    const broker = await startMosquitto({ config: ['max_queued_messages 0'] });
    cleanups.push(() => broker.stop());
    await arrives(broker.url);
  });
});
