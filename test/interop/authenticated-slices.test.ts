import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { root } from '../support/paths.ts';
import { describeWith } from '../support/peers.ts';
import { Site } from '../support/site.ts';

const patience = 180_000;
/** 200 slices. */
const imageBytes = 120_000;
/** Octets of image in a slice, the bridge's and the forged ones. */
const sliceBytes = 600;

/**
 * A client of a broker without access lists. When a device names an offset for the first time, it sends slices for there
 * and for the next places, plain ones and such with a hash: whichever side is faster, one of them comes when it is due.
 */
class Injector {
  sent = 0;
  readonly #seen = new Set<number>();
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
  }

  static async start(url: string, uuid: string): Promise<Injector> {
    const client = await connectAsync(url, { protocolVersion: 5 });
    const injector = new Injector(client);
    client.on('message', (topic, payload) => injector.#acknowledged(topic, payload));
    await client.subscribeAsync(`mup/firmware/${uuid}/ack`);
    return injector;
  }

  async stop(): Promise<void> {
    await this.#client.endAsync();
  }

  #acknowledged(topic: string, payload: Buffer): void {
    const named = payload.readUInt32BE();
    if (this.#seen.has(named)) return;
    this.#seen.add(named);
    for (let at = named; at < Math.min(imageBytes, named + 4 * sliceBytes); at += sliceBytes)
      for (const hashBytes of [0, 16]) this.#forge(topic.replace(/ack$/, 'image'), at, hashBytes);
  }

  #forge(topic: string, at: number, hashBytes: number): void {
    this.sent += 1;
    const forged = Buffer.alloc(4 + hashBytes + Math.min(sliceBytes, imageBytes - at), this.sent);
    forged.writeUInt32BE(at);
    this.#client.publish(topic, forged);
  }
}

describeWith(['mosquitto'], 'somebody who injects slices through a Mosquitto without access lists', () => {
  let broker: Mosquitto;
  let site: Site;

  beforeAll(async () => {
    broker = await startMosquitto();
    site = await Site.start({ mqttUrl: broker.url });
  }, patience);

  afterAll(async () => {
    await site?.stop();
    await broker?.stop();
  });

  const deviceOf = (uuid: string, example: string) =>
    site.startDevice(uuid, { description: join(root, 'ontologies', 'examples', `${example}.jsonld`) });
  const attackedUpdate = async (uuid: string) => {
    const injector = await Injector.start(broker.url, uuid);
    const result = await site.update(uuid, await site.image(2, imageBytes));
    await injector.stop();
    return { ...result, sent: injector.sent };
  };

  test(
    'ruins the image of a device that takes any slice',
    async () => {
      await deviceOf('INJECTED-1', 'updatable-device');
      const { code, stderr } = await attackedUpdate('INJECTED-1');
      expect(code).not.toBe(0);
      expect(stderr).toContain('28_IMAGE-INVALID');
    },
    patience,
  );

  test(
    'achieves nothing with a device that authenticates them: its first update succeeds, and it has counted them',
    async () => {
      const device = await deviceOf('INJECTED-2', 'authenticating-meter');
      const { code, stderr, steps, sent } = await attackedUpdate('INJECTED-2');
      expect([code, stderr]).toEqual([0, '']);
      expect(steps.at(-1)).toMatchObject({ result: 'succeeded', firmwareVersion: 2 });
      const verified = await device.json({ event: 'image-verified' });
      expect(Number(verified['forged'])).toBeGreaterThan(0);
      expect(sent).toBeGreaterThan(imageBytes / sliceBytes);
    },
    patience,
  );
});
