import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startMosquitto } from '../support/mosquitto.ts';
import { leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith } from '../support/peers.ts';
import type { Program } from '../support/program.ts';
import {
  type BridgeProcess,
  makeImage,
  operator,
  prepareTrust,
  run,
  startBridgeProcess,
  startDeviceProcess,
} from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const uuid = 'NCCLIENT-0001';
const module = 'urn:mup:yang:mqtt-demo-board';
const bridgeModule = 'urn:mup:yang:mup-bridge';
const imageBytes = 87_800;

const brokers = {
  'the embedded broker': async () => ({ url: '', stop: async () => {} }),
  Mosquitto: () => startMosquitto(),
} as const;

for (const [name, startBroker] of Object.entries(brokers)) {
  describeWith(
    ['ncclient', 'mosquitto'],
    `an update driven by ncclient, with ${name} (paper, Figure 2)`,
    () => {
      let directory: string;
      let broker: { readonly url: string; stop(): Promise<void> };
      let bridge: BridgeProcess;
      let device: Program;
      let client: Ncclient;
      let vendorKey: string;

      beforeAll(async () => {
        directory = await temporaryDirectory();
        vendorKey = join(directory, 'vendor.pem');
        const stateDir = join(directory, 'bridge');
        await prepareTrust(stateDir, vendorKey);
        broker = await startBroker();
        bridge = await startBridgeProcess(stateDir, { mqttUrl: broker.url });
        device = await startDeviceProcess({
          uuid,
          mqttUrl: bridge.mqttUrl,
          stateDir: join(directory, 'device'),
          vendorKey,
        });
        client = await Ncclient.connect({ port: bridge.port, ...operator });
      }, 120_000);

      afterAll(async () => {
        await client?.stop();
        await device?.stop();
        await bridge?.program.stop();
        await broker?.stop();
      });

      const call = (rpc: string, leaves: Parameters<typeof rpcXml>[2]) =>
        client.dispatch(rpcXml(module, rpc, { uuidInput: uuid, ...leaves }));

      async function addImage(version: number) {
        const file = await makeImage(directory, { size: imageBytes, version, vendorKey });
        const manifest = await readFile(file.replace(/\.bin$/, '.json'), 'utf8');
        const image = (await readFile(file)).toString('base64');
        const { digest }: { digest: string } = JSON.parse(manifest);
        return { file, digest, manifest, image };
      }

      async function firmwareVersion() {
        const filter = `<devices xmlns="${bridgeModule}"><device><uuid>${uuid}</uuid><firmware-version/></device></devices>`;
        return leafOf((await client.perform({ op: 'get', filter })).reply, 'firmware-version');
      }

      test('hello announces the generated module, and get-schema serves it', async () => {
        const { capabilities } = await client.perform({ op: 'capabilities' });
        expect(capabilities).toContain('urn:ietf:params:netconf:base:1.1');
        expect(capabilities?.filter((uri) => uri.includes('module=mqtt-demo-board&revision='))).toHaveLength(
          1,
        );
        const { schema } = await client.perform({ op: 'get_schema', name: 'mqtt-demo-board' });
        expect(schema).toContain('rpc getDeviceToken');
      });

      test('capabilities of the device are RPCs with typed input', async () => {
        expect(leafOf((await call('relayOn', {})).reply, 'retval')).toBe('10_OK');
        const color = { red: '255', green: '0', blue: '17' };
        expect(leafOf((await call('setLampColor', { color })).reply, 'retval')).toBe('10_OK');
        expect(await device.json({ event: 'state-changed', operation: 'setLampColor' })).toMatchObject({
          inputs: ['255', '0', '17'],
        });
      });

      test('update-firmware runs the whole update as a job', async () => {
        const from = device.lines.length;
        const { manifest, image } = await addImage(2);
        const started = await client.dispatch(
          rpcXml(bridgeModule, 'update-firmware', { device: uuid, image, manifest: escapeXml(manifest) }),
        );
        expect(started.error).toBeUndefined();
        const job = leafOf(started.reply, 'job');
        await device.json({ event: 'restarted', version: 2 }, from);
        await device.json({ event: 'registered' }, from);
        const { reply } = await client.perform({
          op: 'get',
          filter: `<update-jobs xmlns="${bridgeModule}"><job><id>${job}</id></job></update-jobs>`,
        });
        expect(leafOf(reply, 'state')).toBe('succeeded');
        expect(await firmwareVersion()).toBe('2');
      }, 60_000);

      test('the three RPCs, one after the other, update the device', async () => {
        const from = device.lines.length;
        const { file, digest } = await addImage(3);
        await run(['image', 'add', file, '--state-dir', bridge.stateDir]);
        const token = await call('getDeviceToken', {});
        expect(leafOf(token.reply, 'retval')).toBe('10_OK');
        const accepted = await call('sendExtendedManifest', { digest });
        expect(leafOf(accepted.reply, 'retval')).toBe('10_OK');
        const sent = await call('sendFirmwareImage', { digest });
        expect(leafOf(sent.reply, 'retval')).toBe('10_OK');
        await device.json({ event: 'restarted', version: 3 }, from);
        await device.json({ event: 'registered' }, from);
        expect(await firmwareVersion()).toBe('3');
      }, 60_000);

      test('ncclient had nothing to complain about', () => {
        expect(client.complaints).toBe('');
      });
    },
  );
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
