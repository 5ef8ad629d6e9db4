import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectAsync, type MqttClient } from 'mqtt';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { root } from '../support/paths.ts';
import { describeWith } from '../support/peers.ts';
import type { Program } from '../support/program.ts';
import {
  type BridgeProcess,
  makeImage,
  prepareTrust,
  startBridgeProcess,
  startDeviceProcess,
} from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { resultOf, startUpdate } from '../support/update-command.ts';

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
  let directory: string;
  let vendorKey: string;
  let broker: Mosquitto;
  let bridge: BridgeProcess;
  const devices: Program[] = [];

  beforeAll(async () => {
    directory = await temporaryDirectory();
    vendorKey = join(directory, 'vendor.pem');
    const stateDir = join(directory, 'bridge');
    await prepareTrust(stateDir, vendorKey);
    broker = await startMosquitto();
    bridge = await startBridgeProcess(stateDir, { mqttUrl: broker.url });
  }, patience);

  afterAll(async () => {
    for (const device of devices) await device.stop();
    await bridge?.program.stop();
    await broker?.stop();
  });

  const deviceOf = async (uuid: string, example: string): Promise<Program> => {
    const description = join(root, 'ontologies', 'examples', `${example}.jsonld`);
    const stateDir = join(directory, uuid);
    const device = await startDeviceProcess({ uuid, mqttUrl: broker.url, stateDir, vendorKey, description });
    devices.push(device);
    return device;
  };
  const attackedUpdate = async (uuid: string) => {
    const injector = await Injector.start(broker.url, uuid);
    const image = await makeImage(directory, { size: imageBytes, version: 2, vendorKey });
    const args = ['--device', uuid, '--image', image, '--state-dir', bridge.stateDir];
    const result = await resultOf(startUpdate(args));
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
