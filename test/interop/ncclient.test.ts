import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startMosquitto } from '../support/mosquitto.ts';
import { leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith } from '../support/peers.ts';
import { Site } from '../support/site.ts';
import { operator, run } from '../support/system.ts';

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
      let broker: { readonly url: string; stop(): Promise<void> };
      let site: Site;
      let client: Ncclient;

      beforeAll(async () => {
        broker = await startBroker();
        site = await Site.start({ mqttUrl: broker.url });
        await site.startDevice(uuid);
        client = await Ncclient.connect({ port: site.bridge.port, ...operator });
      }, 120_000);

      afterAll(async () => {
        await client?.stop();
        await site?.stop();
        await broker?.stop();
      });

      const call = (rpc: string, leaves: Parameters<typeof rpcXml>[2]) =>
        client.dispatch(rpcXml(module, rpc, { uuidInput: uuid, ...leaves }));

      async function addImage(version: number) {
        const file = await site.image(version, imageBytes);
        const manifest = await readFile(file.replace(/\.bin$/, '.json'), 'utf8');
        const image = (await readFile(file)).toString('base64');
        const { digest }: { digest: string } = JSON.parse(manifest);
        return { file, digest, manifest, image };
      }

      async function firmwareVersion() {
        const filter = `<devices xmlns="${bridgeModule}"><device><uuid>${uuid}</uuid><firmware-version/></device></devices>`;
        return leafOf((await client.perform({ op: 'get', filter })).reply, 'firmware-version');
      }

      /** Looks at a job until it has ended. @returns how */
      async function endOf(job: string) {
        const filter = `<update-jobs xmlns="${bridgeModule}"><job><id>${job}</id><state/></job></update-jobs>`;
        for (;;) {
          const state = leafOf((await client.perform({ op: 'get', filter })).reply, 'state') ?? 'no such job';
          if (['succeeded', 'failed', 'cancelled', 'no such job'].includes(state)) return state;
        }
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
        expect(
          await site.device(uuid).json({ event: 'state-changed', operation: 'setLampColor' }),
        ).toMatchObject({
          inputs: ['255', '0', '17'],
        });
      });

      test('update-firmware runs the whole update as a job', async () => {
        const { manifest, image } = await addImage(2);
        const started = await client.dispatch(
          rpcXml(bridgeModule, 'update-firmware', { device: uuid, image, manifest: escapeXml(manifest) }),
        );
        expect(started.error).toBeUndefined();
        expect(await endOf(leafOf(started.reply, 'job') ?? '')).toBe('succeeded');
        expect(await firmwareVersion()).toBe('2');
      }, 60_000);

      test('the three RPCs, one after the other, update the device', async () => {
        const device = site.device(uuid);
        const from = device.lines.length;
        const { file, digest } = await addImage(3);
        await run(['image', 'add', file, '--state-dir', site.stateDir]);
        const token = await call('getDeviceToken', {});
        expect(leafOf(token.reply, 'retval')).toBe('10_OK');
        const accepted = await call('sendExtendedManifest', { digest });
        expect(leafOf(accepted.reply, 'retval')).toBe('10_OK');
        const sent = await call('sendFirmwareImage', { digest });
        expect(leafOf(sent.reply, 'retval')).toBe('10_OK');
        await device.json({ event: 'restarted', version: 3 }, from);
        // The bridge hears of it when the device registers again.
        while ((await firmwareVersion()) === '2');
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
