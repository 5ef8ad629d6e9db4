import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { type DeviceTestReport, reportOf, startDeviceTest } from '../support/device-test.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { flashMynoDevice } from '../support/myno-boot.ts';
import type { MynoDevice } from '../support/myno-device.ts';
import { mynoConnection } from '../support/myno-port.ts';
import { root } from '../support/paths.ts';
import { describeWith, describeWithSharedData } from '../support/peers.ts';
import { run } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const patience = 120_000;
const uuid = 'MYNO-SETUP-7';
const expectedFailures = join(root, 'fixtures', 'mup', 'prototype-expected-failures.txt');

describeWithSharedData('mup device-test tries the device of the prototype', () => {
  describeWith(['mosquitto'], 'at Mosquitto', () => {
    let broker: Mosquitto;
    let device: MynoDevice;
    afterEach(async () => {
      await device?.powerOff();
      await broker?.stop();
    });

    /** A whole run, with the keys that are in the firmware. */
    async function tried(protocolVersion: 4 | 5, options: readonly string[]): Promise<DeviceTestReport> {
      const directory = await temporaryDirectory();
      const [vendorKey, serverKey] = [join(directory, 'vendor.pem'), join(directory, 'server.pem')];
      for (const key of [vendorKey, serverKey]) await run(['keygen', 'vendor', '--out', key]);
      broker = await startMosquitto();
      const connect = mynoConnection(broker.url, protocolVersion);
      device = await flashMynoDevice({ uuid, vendorKey, serverKey, connect });
      const keys = ['--vendor-key', vendorKey, '--server-key', serverKey];
      const kit = await startDeviceTest(uuid, broker.url, [...keys, ...options]);
      await device.boot();
      return reportOf(kit);
    }

    test(
      'and finds what it is known for: one nonce, one version, no UUID, a manifest that is replaced',
      async () => {
        const { checks, code } = await tried(5, []);
        const failed = checks.filter(({ standing }) => standing === 'failed').map(({ id }) => id);
        expect(failed).toEqual([
          ...['token/nonce-fresh', 'manifest/replayed', 'manifest/other-device'],
          ...['manifest/changed-after-acceptance', 'update/version-reported', 'update/nonce-after-restart'],
          ...['update/replayed', 'update/rollback'],
        ]);
        expect(checks.filter(({ standing }) => standing === 'error')).toEqual([]);
        expect([code, device.failure]).toEqual([1, undefined]);
      },
      patience,
    );

    test(
      'and is content where these failures are expected, over MQTT 3.1.1, too',
      async () => {
        const { checks, code } = await tried(4, ['--expected-failures', expectedFailures]);
        const standings = new Set(checks.map(({ standing }) => standing));
        expect(standings).toEqual(new Set(['passed', 'expected-failure']));
        expect([code, device.failure]).toEqual([0, undefined]);
      },
      patience,
    );
  });
});
