import type { Clock } from '../../src/base/clock.ts';
import { publishPacketSize } from '../../src/mqtt/publish-packet.ts';
import type { MqttTransport } from '../../src/mqtt/transport.ts';
import type { MynoMessage, MynoPort } from './myno-device.ts';

/** A connection of the prototype's device over a transport of ours, which is its own from now on. */
export async function mynoPortOver(
  transport: MqttTransport,
  clock: Pick<Clock, 'schedule'>,
  topics: readonly string[],
  receive: (message: MynoMessage) => void,
): Promise<MynoPort> {
  for (const one of topics)
    await transport.subscribe(one, 0, ({ topic, payload, responseTopic, correlationData }) =>
      receive({
        topic,
        payload,
        packetBytes: publishPacketSize(topic, payload.length, { qos: 0 }, 5),
        hasProperties: responseTopic !== undefined || correlationData !== undefined,
      }),
    );
  return {
    // QoS 0 without a connection is lost, and the device knows nothing of it.
    publish: (to, bytes) => transport.publish(to, bytes, { qos: 0 }).catch(() => {}),
    later: (delayMs, task) => void clock.schedule(delayMs, task),
    close: () => transport.close(),
  };
}
