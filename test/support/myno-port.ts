import { connectAsync, type IClientOptions, type IPublishPacket } from 'mqtt';
import type { MynoMessage, MynoPort } from './myno-device.ts';

/**
 * A connection of the prototype's device to a real broker. It reconnects, subscribes again, and says nothing of it.
 * @param login to a broker that lets not everybody in
 */
export function mynoConnection(
  url: string,
  protocolVersion: 4 | 5,
  login: Pick<IClientOptions, 'username' | 'password' | 'ca'> = {},
) {
  return async (topics: readonly string[], receive: (message: MynoMessage) => void): Promise<MynoPort> => {
    const options = { protocolVersion, reconnectPeriod: 20, queueQoSZero: false, ...login };
    const client = await connectAsync(url, options);
    client.on('message', (topic, payload, packet) =>
      receive({
        topic,
        payload,
        packetBytes: packetBytes(packet),
        hasProperties: Object.keys(packet.properties ?? {}).length > 0,
      }),
    );
    client.on('error', () => {});
    await client.subscribeAsync([...topics], { qos: 0 });
    const timers = new Set<NodeJS.Timeout>();
    return {
      publish: async (topic, payload) => {
        await client.publishAsync(topic, Buffer.from(payload), { qos: 0 }).catch(() => {});
      },
      later: (delayMs, task) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          task();
        }, delayMs);
        timers.add(timer);
      },
      close: async () => {
        for (const timer of timers) clearTimeout(timer);
        await client.endAsync(true);
      },
    };
  };
}

/** Fixed header and what it says to follow (MQTT 5 §2.1). */
function packetBytes({ length = 0 }: IPublishPacket): number {
  return 1 + (length < 128 ? 1 : length < 16_384 ? 2 : 3) + length;
}
