import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NetconfClient } from '../../src/netconf/client.ts';
import { baseNamespace } from '../../src/netconf/namespaces.ts';
import { element } from '../../src/xml/element.ts';
import { type SettingsTree, settingsTree } from '../bridge/bridge-settings.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { MqttConnections } from '../support/mqtt-connections.ts';
import { describeWith } from '../support/peers.ts';
import { ScriptedDevice } from '../support/scripted-device.ts';
import { Site } from '../support/site.ts';
import { SliceObserver } from '../support/slice-observer.ts';
import { exampleDescription } from '../support/system.ts';
import { ended, operatorSession, orderUpdate } from '../support/update-orders.ts';

const patience = 120_000;
const imageBytes = 6000;

describeWith(['mosquitto'], 'slice size and window, as they pass a real broker', () => {
  const connections = new MqttConnections();
  let broker: Mosquitto;
  let site: Site;
  let session: NetconfClient;
  let version = 1;

  beforeAll(async () => {
    broker = await startMosquitto();
    site = await Site.start({ mqttUrl: broker.url });
    session = await operatorSession(site.bridge);
  }, patience);

  afterAll(async () => {
    await session?.close();
    await connections.closeAll();
    await site?.stop();
    await broker?.stop();
  });

  const configure = (settings: SettingsTree): Promise<unknown> =>
    session.rpc(
      element(baseNamespace, 'edit-config', [
        element(baseNamespace, 'target', [element(baseNamespace, 'running', [])]),
        element(baseNamespace, 'config', settingsTree(settings)),
      ]),
    );

  /** A device whose description says slices of 600, four of them ahead. It acknowledges so many together. */
  async function device(uuid: string, acknowledgesEach: number): Promise<void> {
    const description = await readFile(exampleDescription, 'utf8');
    const own = await connections.online(broker.url);
    await ScriptedDevice.start(own, uuid, description, { comesBackWith: version + 1, acknowledgesEach });
  }

  /** Updates it. @returns what passed the broker */
  async function updated(uuid: string): Promise<{ largest: number; inFlight: number; state: string }> {
    version += 1;
    const seen = await SliceObserver.watch(await connections.online(broker.url), uuid);
    const { digest } = await site.addImage(version, imageBytes);
    const { state } = await ended(session, await orderUpdate(session, uuid, digest));
    const largest = Math.max(...seen.slices.map(({ length }) => length));
    return { largest, inFlight: seen.mostInFlight, state };
  }

  test(
    'are those of the description where nothing is set',
    async () => {
      await device('AS-DESCRIBED', 4);
      expect(await updated('AS-DESCRIBED')).toEqual({ largest: 600, inFlight: 4 * 600, state: 'succeeded' });
    },
    patience,
  );

  test(
    'are those of the settings, without a restart, those of the device before those of all',
    async () => {
      await device('AS-SET', 2);
      await configure({
        all: { 'slice-size': 100, window: 1 },
        devices: { 'AS-SET': { 'slice-size': 200, window: 2 } },
      });
      expect(await updated('AS-SET')).toEqual({ largest: 200, inFlight: 2 * 200, state: 'succeeded' });
      await device('AS-ALL', 1);
      expect(await updated('AS-ALL')).toEqual({ largest: 100, inFlight: 100, state: 'succeeded' });
    },
    patience,
  );

  test(
    'a slice is never larger than described, whatever is set',
    async () => {
      await device('NO-LARGER', 1);
      await configure({ devices: { 'NO-LARGER': { 'slice-size': 2000 } } });
      expect(await updated('NO-LARGER')).toMatchObject({ largest: 600, state: 'succeeded' });
    },
    patience,
  );
});
