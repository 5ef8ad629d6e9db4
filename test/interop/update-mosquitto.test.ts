import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/peers.ts';
import { mup, type Program } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { startBridgeProcess, startDeviceProcess } from '../support/system.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { largeBytes, resultOf, startUpdate, updateUnderWay } from '../support/update-command.ts';

const patience = 180_000;
const smallBytes = 20_000;

describeWith(
  ['mosquitto'],
  'mup update through Mosquitto with TLS, client certificates and passwords',
  () => {
    const uuid = 'UPDATE-2';
    let certificates: Certificates;
    let mosquitto: Mosquitto;
    let site: Site;
    /** Between device and broker. */
    let radio: TcpProxy;

    const underWay = async (version: number): Promise<Program> => {
      const large = await site.image(version, largeBytes);
      return updateUnderWay(radio, () =>
        startUpdate(['--device', uuid, '--image', large, '--state-dir', site.stateDir]),
      );
    };

    beforeAll(async () => {
      certificates = makeCertificates();
      mosquitto = await startMosquitto({
        users: { bridge: 'b-password', device: 'd-password' },
        tls: { caFile: certificates.caFile, ...certificates.server, requireClientCertificate: true },
      });
      radio = await startTcpProxy(mosquitto.port);
      const { url } = mosquitto;
      site = await Site.start({ mqttUrl: url, settings: settings('bridge', 'b-password') });
      const config = site.path('device.toml');
      await writeFile(config, settings('device', 'd-password'), { mode: 0o600 });
      const mqttUrl = url.replace(/:\d+$/, `:${radio.port}`);
      await site.startDevice(uuid, { mqttUrl, extra: ['--config', config] });
    }, patience);

    afterAll(async () => {
      await site?.stop();
      await radio?.close();
      await mosquitto?.stop();
      certificates?.remove();
    });

    /** Configuration of a client of the broker. */
    function settings(username: string, password: string): string {
      const { caFile, client } = certificates;
      const mqtt = { username, password, caFile, certFile: client.certFile, keyFile: client.keyFile };
      const lines = Object.entries(mqtt).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
      return `[mqtt]\n${lines.join('\n')}\n`;
    }

    test(
      'works, with MQTT 5 at both ends',
      async () => {
        const { code, steps, stderr } = await site.update(uuid, await site.image(2, smallBytes));
        expect([code, stderr, steps.at(-1)?.['firmwareVersion']]).toEqual([0, '', 2]);
        const connections = mosquitto.log().match(/New client connected .*/g) ?? [];
        expect(connections.length).toBeGreaterThanOrEqual(2);
        for (const connection of connections) expect(connection).toContain('(p5, ');
        expect(connections.join('\n')).toContain("u'bridge'");
        expect(connections.join('\n')).toContain("u'device'");
      },
      patience,
    );

    test(
      'goes on when the broker dies in mid-transfer and comes back',
      async () => {
        const running = await underWay(3);
        await mosquitto.kill();
        radio.release();
        await mosquitto.start();
        const { code, steps } = await resultOf(running);
        expect([code, steps.at(-1)]).toEqual([0, expect.objectContaining({ firmwareVersion: 3 })]);
        expect(mosquitto.log()).toContain("u'device'");
      },
      patience,
    );

    test(
      'goes on when the device dies in mid-transfer and comes back',
      async () => {
        const running = await underWay(4);
        await site.device(uuid).kill();
        radio.release();
        const device = await site.startDevice(uuid);
        const { code, steps } = await resultOf(running);
        expect([code, steps.at(-1)]).toEqual([0, expect.objectContaining({ firmwareVersion: 4 })]);
        const resumed = await device.json({ event: 'transfer-resumed' });
        expect(Number(resumed['offset'])).toBeGreaterThan(0);
      },
      patience,
    );

    test(
      'a bridge without a client certificate serves NETCONF, and its log says why it hears no device',
      async () => {
        const stateDir = site.path('other-bridge');
        const program = mup(
          [
            ...['serve', '--state-dir', stateDir, '--netconf-port', '0', '--mqtt-url', mosquitto.url],
            ...['--ready-json', '--log-format', 'json'],
          ],
          { env: { MUP_MQTT_CA_FILE: certificates.caFile } },
        );
        await program.json({ netconf: undefined });
        await program.logged('certificate required');
        expect(program.stderr).toContain('certificate required');
        expect(await program.stop()).toBe(0);
      },
      patience,
    );
  },
);

describeWith(['mosquitto'], 'mup serve before its broker', () => {
  test(
    'serves NETCONF, hears devices as soon as the broker is there, and ends without one',
    async () => {
      const [stateDir, deviceDir] = [await temporaryDirectory(), await temporaryDirectory()];
      const broker = await startMosquitto();
      await broker.kill();
      const bridge = await startBridgeProcess(stateDir, { mqttUrl: broker.url });
      await broker.start();
      const device = await startDeviceProcess({
        uuid: 'UPDATE-3',
        mqttUrl: broker.url,
        stateDir: deviceDir,
      });
      expect(await device.stop()).toBe(0);
      await broker.stop();
      expect(await bridge.program.stop()).toBe(0);
      // Now it knows a device, whose measurements it wants to hear.
      const again = await startBridgeProcess(stateDir, { mqttUrl: broker.url });
      expect(await again.program.stop()).toBe(0);
    },
    patience,
  );
});
