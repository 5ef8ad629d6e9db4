import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { readPrivateKey } from '../../src/mup/adapters/key-files.ts';
import { es256 } from '../../src/mup/adapters/noble-curves.ts';
import { formatVendorManifest } from '../../src/mup/manifest-json.ts';
import { extendManifest, signManifest } from '../../src/mup/signing.ts';
import { openImageRepository } from '../../src/registry/adapters/image-directory.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { bootMynoDevice } from '../support/myno-boot.ts';
import type { MynoDevice } from '../support/myno-device.ts';
import { mynoConnection } from '../support/myno-port.ts';
import { leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith, describeWithSharedData } from '../support/peers.ts';
import { Site } from '../support/site.ts';
import { operator, run } from '../support/system.ts';

const patience = 120_000;
const uuid = deviceUuid('MYNO-SETUP-7');
const module = 'urn:mup:yang:mqtt-setup-1';
const bridgeModule = 'urn:mup:yang:mup-bridge';
const imageBytes = 20_000;

/** Each a broker, and what the device speaks to it. */
const brokers = [
  ['the embedded broker, over MQTT 3.1.1', 4, false],
  ['Mosquitto, over MQTT 5', 5, true],
] as const;

const settings = `
[rpc]
timeoutMs = 1500

[update]
initialTimeoutMs = 300
maxTimeoutMs = 600
stallTimeoutMs = 5000
verifyDeadlineMs = 3000
retryMinMs = 50
retryMaxMs = 500
`;

describeWithSharedData('updates of the prototype’s device (mup-protocol §3)', () => {
  describeWith(['mosquitto', 'ncclient'], 'with real brokers', () => {
    describe.each(brokers)('%s', (_, protocolVersion, isMosquitto) => {
      let broker: Mosquitto | undefined;
      let site: Site;
      let client: Ncclient;
      let follower: Ncclient;
      let device: MynoDevice;
      let images = 1;
      const since = new Date().toISOString();

      const connect = async (): Promise<void> => {
        const { port } = site.bridge;
        client = await Ncclient.connect({ port, ...operator });
        follower = await Ncclient.connect({ port, ...operator });
        // A job may end before its follower is there again.
        await follower.perform({ op: 'create_subscription', stream: 'updates', start: since });
      };

      beforeAll(async () => {
        broker = isMosquitto ? await startMosquitto() : undefined;
        site = await Site.start({ mqttUrl: broker?.url ?? '', settings });
        await connect();
        const { vendorKey, serverKey, bridge } = site;
        device = await bootMynoDevice({
          ...{ uuid, vendorKey, serverKey, topics: [`relay/${uuid}`] },
          connect: mynoConnection(bridge.mqttUrl, protocolVersion),
        });
      }, patience);

      afterAll(async () => {
        await client?.stop();
        await follower?.stop();
        await device?.powerOff();
        await site?.stop();
        await broker?.stop();
      });

      /** A new image with its manifest, in the repository. @returns its digest, and the version that it brings */
      const newImage = async (key = site.vendorKey, octets = imageBytes) => {
        images += 1;
        const version = images;
        const file = site.path(`firmware-${version}.bin`);
        const content = Uint8Array.from({ length: octets }, (_, i) => (i * 31 + version) & 0xff);
        await writeFile(file, content);
        const digest = sha256(content);
        const facts = { suite: '1', appId: 'APP', linkOffset: 0, size: content.length, oldVersion: 0 };
        const unsigned = { ...facts, digest, newVersion: version };
        const manifest = signManifest(unsigned, await readPrivateKey(key), es256, 'myno');
        await writeFile(file.replace(/bin$/, 'json'), formatVendorManifest(manifest));
        const directoryOfImages = join(site.stateDir, 'images');
        await (await openImageRepository(directoryOfImages, defaultConfig.images, silentLogger)).add(
          manifest,
          content,
        );
        return { version, digest, file, manifest };
      };

      /** Orders an update. @returns the job's id */
      const order = async (digest: string): Promise<string> => {
        const { reply, error } = await client.dispatch(
          rpcXml(bridgeModule, 'update-firmware', { device: uuid, digest }),
        );
        expect(error).toBeUndefined();
        return leafOf(reply, 'job') ?? '';
      };

      /** Follows a job to its end. @returns how it ended, and why it failed */
      const ended = async (job: string): Promise<readonly (string | undefined)[]> => {
        for (;;) {
          const { notification } = await follower.perform({ op: 'take_notification', timeout: 60 });
          if (notification === null) throw new Error(`job ${job} did not end; the device: ${device.failure}`);
          const state = leafOf(notification, 'state');
          const isEnd = ['succeeded', 'failed', 'cancelled'].includes(state ?? '');
          if (isEnd && leafOf(notification, 'job') === job) return [state, leafOf(notification, 'failure')];
        }
      };

      /** Whatever happened before, the device is well and takes another image. */
      const stillUpdatable = async (): Promise<void> => {
        device.faults = {};
        const { version, digest } = await newImage();
        expect(await ended(await order(digest))).toEqual(['succeeded', undefined]);
        expect([device.failure, device.installed.at(-1)]).toEqual([undefined, version]);
      };

      const call = (name: string, leaves: Readonly<Record<string, string>> = {}) =>
        client.dispatch(rpcXml(module, name, { uuidInput: uuid, ...leaves }));

      test(
        'by the three RPCs of its module, signed by the client',
        async () => {
          const { version, manifest } = await newImage();
          const token = (await call('funcGetDeviceToken')).reply;
          const nonce = leafOf(token, 'deviceNonce') ?? '';
          expect([nonce, leafOf(token, 'firmwareVersion')]).toEqual(['123456', '1']);
          const serverKey = await readPrivateKey(site.serverKey);
          const { innerSignature, outerSignature } = extendManifest(
            ...([manifest, { uuid, nonce }, serverKey, es256, 'myno'] as const),
          );
          const accepted = await call('funcPubUpdateManifest', {
            AppId: manifest.appId,
            LinkOffset: String(manifest.linkOffset),
            Hash: manifest.digest,
            Size: String(manifest.size),
            Version: String(manifest.newVersion),
            OldVersion: String(manifest.oldVersion),
            InnerSignature: Buffer.from(innerSignature).toString('hex'),
            DeviceNonce: nonce,
            OuterSignature: Buffer.from(outerSignature).toString('hex'),
          });
          expect([accepted.error, leafOf(accepted.reply, 'retval')]).toEqual([undefined, '10_OK']);
          const sent = await call('funcPubUpdateImage', { inputUpdateImage: '' });
          expect([sent.error, leafOf(sent.reply, 'retval')]).toEqual([undefined, '10_OK']);
          expect([device.failure, device.installed]).toEqual([undefined, [version]]);
          await stillUpdatable();
        },
        patience,
      );

      test(
        'by update-firmware, with other requests in between',
        async () => {
          // So many slices that the device is not yet away for its restart when the second request comes.
          const { version, digest } = await newImage(site.vendorKey, 10 * imageBytes);
          const from = device.heard.length;
          const job = await order(digest);
          await device.until(() => device.heard.includes('slice 5', from));
          const relays = [await call('funcRelayOn'), await call('funcRelayOn')];
          expect(relays.map(({ reply }) => leafOf(reply, 'retval'))).toEqual(['10_OK', '10_OK']);
          expect(await ended(job)).toEqual(['succeeded', undefined]);
          expect([device.failure, device.installed.at(-1)]).toEqual([undefined, version]);
        },
        patience,
      );

      test(
        'by mup update: a job of the bridge, or signed by whoever has the key',
        async () => {
          const signedBy = ['--key', site.serverKey];
          for (const more of [[], signedBy]) {
            const { version, file } = await newImage();
            await run(['update', '--device', uuid, '--image', file, '--state-dir', site.stateDir, ...more]);
            expect([device.failure, device.installed.at(-1)]).toEqual([undefined, version]);
          }
        },
        patience,
      );

      test(
        'an image of another vendor: the job ends with what the device means by its OK',
        async () => {
          const otherKey = site.path('other.pem');
          await run(['keygen', 'vendor', '--out', otherKey]);
          const { digest } = await newImage(otherKey);
          expect(await ended(await order(digest))).toEqual(['failed', '20_MANIFEST-NOT-VALID']);
          await stillUpdatable();
        },
        patience,
      );

      test(
        'a slice is lost, an acknowledgement is, and the answer to FIN',
        async () => {
          const { digest } = await newImage();
          const once = new Set(['slice 3', 'slice 9', 'PUB-UPDATE-IMAGE;FIN']);
          device.faults = {
            loses: (text) => text === 'slice 3' && once.delete(text),
            swallows: (text) => text !== 'slice 3' && once.delete(text),
          };
          expect(await ended(await order(digest))).toEqual(['succeeded', undefined]);
          expect([once.size, device.failure]).toEqual([0, undefined]);
          await stillUpdatable();
        },
        patience,
      );

      test(
        'cancelled in mid-transfer',
        async () => {
          const { digest, version } = await newImage();
          const from = device.heard.length;
          const job = await order(digest);
          await device.until(() => device.heard.includes('slice 9', from));
          expect(
            (await client.dispatch(rpcXml(bridgeModule, 'cancel-update', { job }))).error,
          ).toBeUndefined();
          expect(await ended(job)).toEqual(['cancelled', 'cancelled']);
          await stillUpdatable();
          expect(device.installed).not.toContain(version);
        },
        patience,
      );

      // The embedded broker ends with its bridge, and the next one has another port.
      if (!isMosquitto) return;

      test(
        'the bridge is killed in mid-transfer, and the device does not describe itself again',
        async () => {
          const { digest } = await newImage();
          const [from, boots] = [device.heard.length, device.boots];
          const job = await order(digest);
          await device.until(() => device.heard.includes('slice 9', from));
          await site.bridge.program.kill();
          await client.stop();
          await follower.stop();
          await site.serve();
          await connect();
          expect(await ended(job)).toEqual(['succeeded', undefined]);
          expect([device.failure, device.boots]).toEqual([undefined, boots + 1]);
          await stillUpdatable();
        },
        patience,
      );

      test(
        'the broker is killed in mid-transfer',
        async () => {
          const { digest } = await newImage();
          const from = device.heard.length;
          const job = await order(digest);
          await device.until(() => device.heard.includes('slice 9', from));
          await broker?.restart();
          expect(await ended(job)).toEqual(['succeeded', undefined]);
          await stillUpdatable();
        },
        patience,
      );
    });
  });
});
