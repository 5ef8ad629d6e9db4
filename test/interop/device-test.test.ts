import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { startBroker } from '../../src/mqtt/adapters/aedes-broker.ts';
import { readXml } from '../../src/xml/adapters/saxes-reader.ts';
import { childElements } from '../../src/xml/element.ts';
import { type DeviceTestReport, reportOf, startDeviceTest } from '../support/device-test.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/peers.ts';
import { mup, type Program } from '../support/program.ts';
import { exampleDescription, run, startBridgeProcess } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const patience = 240_000;
const uuid = 'BENCH-DEVICE-1';

interface Broker {
  readonly url: string;
  close(): Promise<void>;
}

/** The broker that is built in speaks MQTT 3.1.1. */
function embedded(): Promise<Broker> {
  return startBroker({ ...defaultConfig.mqtt.embedded, port: 0 }, { logger: silentLogger });
}

async function mosquitto(): Promise<Broker> {
  const { url, stop } = await startMosquitto();
  return { url, close: stop };
}

/** The device of the example signs nothing, and takes slices as they are. */
const plain = ['signed/description', 'signed/presence', 'signed/repeated', 'slices/authenticated'];

const brokers = [
  [
    'the embedded broker, over MQTT 3.1.1',
    embedded,
    ['rpc/correlation-data', 'rpc/response-topic', ...plain],
  ],
  ['Mosquitto, over MQTT 5', mosquitto, plain],
] as const;

describeWith(['mosquitto'], 'mup device-test tries our own agent', () => {
  describe.each(brokers)('at %s', (_, startOne, skipped) => {
    let directory: string;
    let broker: Broker;
    let device: Program;
    let report: DeviceTestReport;

    beforeAll(async () => {
      directory = await temporaryDirectory();
      const vendorKey = join(directory, 'vendor.pem');
      await run(['keygen', 'vendor', '--out', vendorKey]);
      broker = await startOne();
      const kit = await startDeviceTest(uuid, broker.url, [
        ...['--vendor-key', vendorKey, '--app-id', 'APP', '--junit', join(directory, 'report.xml')],
      ]);
      device = mup(
        [
          ...['device', '--description', exampleDescription, '--uuid', uuid, '--mqtt-url', broker.url],
          ...['--app-id', 'APP', '--json', '--telemetry-interval-ms', '0'],
          ...['--state-dir', join(directory, 'device'), '--vendor-key', join(directory, 'vendor.pub.pem')],
        ],
        // The kit ends its connection many times.
        { env: { MUP_MQTT_RECONNECT_MAX_MS: '300' } },
      );
      report = await reportOf(kit);
    }, patience);

    afterAll(async () => {
      await device?.stop();
      await broker?.close();
    });

    test('it passes every check', () => {
      const others = report.checks.filter(({ standing }) => standing !== 'passed');
      expect(others.filter(({ standing }) => standing !== 'skipped')).toEqual([]);
      expect(others.map(({ id }) => id).sort()).toEqual(skipped);
      expect(report.checks.length).toBeGreaterThan(50);
      expect(report.code).toBe(0);
    });

    test('it runs what the kit has installed last', async () => {
      expect(await device.json({ event: 'restarted', version: 3 })).toBeDefined();
    });

    test('the report is JUnit XML', async () => {
      const limits = { maxDepth: 8, maxAttributes: 16, maxElements: 10_000, maxBytes: 2 ** 20 };
      const root = readXml(await readFile(join(directory, 'report.xml')), limits);
      const cases = childElements(root).flatMap(childElements);
      const ids = cases.map(({ attributes }) => attributes.find(({ name }) => name === 'name')?.value);
      expect(ids.sort()).toEqual(report.checks.map(({ id }) => id).sort());
    });
  });

  test(
    'it refuses to work beside a running bridge, unless it is told to, and ends when it is interrupted',
    async () => {
      const directory = await temporaryDirectory();
      await run(['keygen', 'vendor', '--out', join(directory, 'vendor.pem')]);
      const bridge = await startBridgeProcess(join(directory, 'bridge'));
      try {
        const options = ['--uuid', uuid, '--mqtt-url', bridge.mqttUrl];
        const command = ['device-test', ...options, '--vendor-key', join(directory, 'vendor.pem')];
        const kit = mup(command);
        expect(await kit.exited).toBe(2);
        expect(kit.stderr).toContain('a bridge serves the devices of this broker');
        const insistent = mup([...command, '--beside-bridge']);
        await insistent.line(({ text }) => text.startsWith('waiting until device'));
        insistent.signal('SIGINT');
        expect(await insistent.exited).toBe(130);
      } finally {
        await bridge.program.stop();
      }
    },
    patience,
  );
});
