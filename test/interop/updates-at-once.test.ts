import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NetconfClient } from '../../src/netconf/client.ts';
import { element } from '../../src/xml/element.ts';
import { writeXml } from '../../src/xml/xml-writer.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/peers.ts';
import { Site } from '../support/site.ts';
import { exampleDescription } from '../support/system.ts';
import { ended, operatorSession, orderUpdate } from '../support/update-orders.ts';

const patience = 240_000;
const imageBytes = 5_000_000;
const windows = [1, 4, 16];
/** Octets of a slice, by the window of the device that says so: a wide window needs no big ones. */
const sliceBytes = new Map([
  [1, 64_000],
  [4, 32_000],
  [16, 16_000],
]);
const namespace = 'urn:mup:yang:mqtt-demo-board';
const neighbour = 'NEIGHBOUR';
const uuidOf = (window: number): string => `WINDOW-${window}`;

/** The example as a device says it that takes other slices. */
async function descriptionFor(window: number, site: Site): Promise<string> {
  const text = (await readFile(exampleDescription, 'utf8'))
    .replace(/("mup:window":\s*)\d+/, `$1${window}`)
    .replace(/("mup:maxSliceSize":\s*)\d+/, `$1${sliceBytes.get(window)}`);
  const file = site.path(`window-${window}.jsonld`);
  await writeFile(file, text);
  return file;
}

/** Ten updates of three devices with windows of their own, while another client calls a fourth. */
function tenUpdates(brokerUrl: () => string): void {
  let site: Site;
  let session: NetconfClient;
  let other: NetconfClient;

  beforeAll(async () => {
    site = await Site.start({ mqttUrl: brokerUrl() });
    const asking = windows.map(async (window) =>
      site.startDevice(uuidOf(window), { description: await descriptionFor(window, site) }),
    );
    await Promise.all([...asking, site.startDevice(neighbour)]);
    [session, other] = await Promise.all([operatorSession(site.bridge), operatorSession(site.bridge)]);
  }, patience);

  afterAll(async () => {
    await Promise.all([session?.close(), other?.close()]);
    await site?.stop();
  });

  /** One update; the device gets every octet, in the slices that it asked for. */
  async function update(window: number, digest: string, version: number): Promise<void> {
    const device = site.device(uuidOf(window));
    const from = device.lines.length;
    const end = await ended(session, await orderUpdate(session, uuidOf(window), digest));
    expect([end.state, end.failure, end.bytesSent]).toEqual(['succeeded', undefined, imageBytes]);
    await device.json({ event: 'restarted', version }, from);
    const taken = device.lines
      .slice(from)
      .map(({ json }) => Object(json))
      .filter(({ event, taken }) => event === 'slice' && taken === true)
      .map(({ length }) => Number(length));
    expect(taken.reduce((sum, length) => sum + length, 0)).toBe(imageBytes);
    expect(Math.max(...taken)).toBe(sliceBytes.get(window));
  }

  test(
    'all end with the new version, and every RPC to another device is answered meanwhile',
    async () => {
      let busy = true;
      let answered = 0;
      const calling = (async () => {
        const relayOn = element(namespace, 'relayOn', [element(namespace, 'uuidInput', neighbour)]);
        for (; busy; answered += 1) expect(writeXml(await other.rpc(relayOn))).toContain('10_OK');
      })();
      try {
        for (const version of [2, 3, 4]) {
          const { digest } = await site.addImage(version, imageBytes);
          await Promise.all(windows.map((window) => update(window, digest, version)));
        }
        const last = await site.addImage(5, imageBytes);
        await update(16, last.digest, 5);
      } finally {
        busy = false;
      }
      await calling;
      expect(answered).toBeGreaterThan(10);
    },
    patience,
  );
}

describe('10 updates of 5 MB through the embedded broker', () => tenUpdates(() => ''));

describeWith(['mosquitto'], '10 updates of 5 MB through Mosquitto', () => {
  let mosquitto: Mosquitto;

  beforeAll(async () => {
    mosquitto = await startMosquitto();
  });

  afterAll(async () => {
    await mosquitto?.stop();
  });

  tenUpdates(() => mosquitto.url);
});
