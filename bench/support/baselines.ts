import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import ssh2 from 'ssh2';
import { Program } from '../../test/support/program.ts';

const peers = join(import.meta.dirname, 'echo-peers.ts');

function startPeer(args: readonly string[]): Program {
  return new Program(process.execPath, ['--import', 'tsx', peers, ...args]);
}

/** One request and its answer, against a bare peer. */
export interface BareExchange {
  exchange(payload: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A bare ssh2 server in its own process that echoes what a bare ssh2 client sends on one channel. */
export async function bareSsh(): Promise<BareExchange> {
  const peer = startPeer(['ssh']);
  const { port } = (await peer.json({ ready: true })) as { port: number };
  const client = new ssh2.Client();
  await new Promise((resolve, reject) => {
    client.on('ready', () => resolve(undefined)).on('error', reject);
    client.connect({ host: '127.0.0.1', port, username: 'bench', password: 'bench' });
  });
  client.setNoDelay(true);
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
    client.subsys('netconf', (error, opened) => (error === undefined ? resolve(opened) : reject(error))),
  );
  return {
    exchange: (payload) =>
      new Promise((resolve) => {
        let left = payload.length;
        const take = (data: Buffer): void => {
          left -= data.length;
          if (left > 0) return;
          channel.off('data', take);
          resolve();
        };
        channel.on('data', take);
        channel.write(payload);
      }),
    close: async () => {
      client.end();
      await peer.stop();
    },
  };
}

/** A bare MQTT client in its own process that answers what a bare client publishes, QoS 1 both ways. */
export async function bareMqtt(
  url: string,
): Promise<BareExchange & { sendSlices(image: Uint8Array, sliceBytes: number): Promise<void> }> {
  const peer = startPeer(['mqtt', url]);
  await peer.json({ ready: true });
  const client = await connectAsync(url, { protocolVersion: 5 });
  if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function')
    client.stream.setNoDelay(true);
  await client.subscribeAsync('bench/response', { qos: 1 });
  await client.subscribeAsync('bench/ack', { qos: 0 });
  return {
    exchange: (payload) => answered(client, 'bench/request', payload, 1),
    sendSlices: async (image, sliceBytes) => {
      for (let offset = 0; offset < image.length; offset += sliceBytes) {
        const slice = new Uint8Array(4 + Math.min(sliceBytes, image.length - offset));
        new DataView(slice.buffer).setUint32(0, offset);
        slice.set(image.subarray(offset, offset + sliceBytes), 4);
        await answered(client, 'bench/slice', slice, 0);
      }
    },
    close: async () => {
      await client.endAsync();
      await peer.stop();
    },
  };
}

function answered(client: MqttClient, topic: string, payload: Uint8Array, qos: 0 | 1): Promise<void> {
  return new Promise((resolve) => {
    client.once('message', () => resolve());
    client.publish(topic, Buffer.from(payload), { qos });
  });
}
