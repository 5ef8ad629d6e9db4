import { connectAsync, type MqttClient } from 'mqtt';
import { utf8 } from '../dist/base/bytes.js';
import { encodePieces } from '../dist/mqtt/description-pieces.js';
import { element } from '../dist/xml/element.js';
import { BenchError } from './support/bench-error.ts';
import { newCategory } from './support/descriptions.ts';
import type { Figure } from './support/report.ts';
import { median, series, timed } from './support/stats.ts';
import { startWorld } from './support/world.ts';

const repeats = 15;
const siblings = 50;
/** Descriptions after which the reader runs compiled code. */
const warmUps = 60;
const pieceBytes = 4000;
const crowd = 50;
const uuid = 'BENCH-BYSTANDER';
const namespace = 'urn:mup:yang:mqtt-demo-board';

/**
 * From the last piece of a description to the answer on the device's topic: a description of 26 kB that
 * is new to the bridge, and a sibling of one; and what 50 devices at once do to an RPC of another.
 */
export async function registration(): Promise<Figure[]> {
  const world = await startWorld();
  const mqtt = await connectAsync(world.broker.url, { protocolVersion: 5 });
  if ('setNoDelay' in mqtt.stream && typeof mqtt.stream.setNoDelay === 'function')
    mqtt.stream.setNoDelay(true);
  mqtt.setMaxListeners(0);
  await mqtt.subscribeAsync('mup/description/+/status', { qos: 1 });
  try {
    await world.device(uuid);
    const client = await world.client();
    const rpc = element(namespace, 'relayOn', [element(namespace, 'uuidInput', uuid)]);
    const bare = await series(repeats * 20, () => bareRoundTrip(mqtt));
    for (let i = 0; i < warmUps; i += 1)
      await register(mqtt, `WARM-${i}`, await newCategory(`WARM-KIND-${i}`));
    const fresh: number[] = [];
    let text = '';
    for (let i = 0; i < repeats; i += 1) {
      text = await newCategory(`BENCH-KIND-${i}`);
      fresh.push(await register(mqtt, `NEW-${i}`, text));
    }
    const sibling: number[] = [];
    for (let i = 0; i < siblings; i += 1) sibling.push(await register(mqtt, `SIBLING-${i}`, text));
    const idle = median(await series(200, () => client.rpc(rpc)));
    const busy: number[] = [];
    let registering = true;
    const storm = Promise.all(
      Array.from({ length: crowd }, async (_, i) =>
        register(mqtt, `CROWD-${i}`, await newCategory(`CROWD-KIND-${i}`)),
      ),
    ).finally(() => {
      registering = false;
    });
    while (registering) busy.push(await timed(() => client.rpc(rpc)));
    await storm;
    const floor = { name: 'bare MQTT round trip', value: median(bare) };
    return [
      {
        name: 'registration, new description of 26 kB',
        value: median(fresh),
        unit: 'ms',
        baseline: floor,
        limit: 40,
      },
      { name: 'registration, sibling', value: median(sibling), unit: 'ms', baseline: floor, limit: 3 },
      {
        name: `RPC while ${crowd} new descriptions register / idle`,
        value: median(busy) / idle,
        unit: 'ratio',
        limit: 3,
      },
    ];
  } finally {
    await mqtt.endAsync();
    await world.close();
  }
}

/** Registers a device. @returns milliseconds from the last piece to the answer */
export async function register(mqtt: MqttClient, device: string, text: string): Promise<number> {
  const pieces = encodePieces(utf8(text), pieceBytes);
  const topic = `mup/description/${device}`;
  for (const piece of pieces.slice(0, -1)) await mqtt.publishAsync(topic, Buffer.from(piece), { qos: 1 });
  const answer = answerOn(mqtt, `${topic}/status`);
  const start = performance.now();
  mqtt.publish(topic, Buffer.from(pieces.at(-1) ?? new Uint8Array()), { qos: 1 });
  const text8 = await answer;
  const time = performance.now() - start;
  if (!text8.startsWith('OK;')) throw new BenchError(`${device} was refused: ${text8}`);
  return time;
}

function answerOn(mqtt: MqttClient, topic: string): Promise<string> {
  return new Promise((resolve) => {
    const take = (from: string, payload: Buffer): void => {
      if (from !== topic) return;
      mqtt.off('message', take);
      resolve(payload.toString());
    };
    mqtt.on('message', take);
  });
}

async function bareRoundTrip(mqtt: MqttClient): Promise<void> {
  const topic = 'mup/description/BARE/status';
  const answer = answerOn(mqtt, topic);
  mqtt.publish(topic, 'x', { qos: 1 });
  await answer;
}
