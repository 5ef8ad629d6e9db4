import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { allChecks } from '../../src/kit/checks/all.ts';
import { DeployedBroker, passwordOf } from '../support/deployed-broker.ts';
import { type DeviceTestReport, reportOf, startDeviceTest } from '../support/device-test.ts';
import { describeWith } from '../support/peers.ts';
import { mup, type Program } from '../support/program.ts';
import { exampleDescription, run } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const patience = 240_000;
const uuid = 'BENCH-DEVICE-2';
const account = 'mup_bridge';

/** The device's client id is its account's, so that nobody else ends its connection; and the bridge hears no other topics. */
const skipped = [
  ...allChecks.filter(({ needs }) => needs.includes('reconnect')).map(({ id }) => id),
  ...['registration/contradicted', 'rpc/response-topic'],
  // The device of the example signs nothing, and takes slices as they are.
  ...['signed/description', 'signed/presence', 'slices/authenticated'],
];

describeWith(
  ['mosquitto'],
  'mup device-test behind the access lists of deploy/, with the account of the bridge',
  () => {
    let broker: DeployedBroker;
    let device: Program;
    let directory: string;
    let report: DeviceTestReport;
    let vendorKey: string;

    const configOf = async (username: string, more = ''): Promise<string> => {
      const file = join(directory, `${username}.toml`);
      const login = `username = "${username}"\npassword = "${passwordOf(username)}"`;
      await writeFile(file, `[mqtt]\n${login}\ncaFile = "${broker.caFile}"\n${more}`, { mode: 0o600 });
      return file;
    };

    beforeAll(async () => {
      directory = await temporaryDirectory();
      broker = await DeployedBroker.start([account, uuid]);
      vendorKey = join(directory, 'vendor.pem');
      await run(['keygen', 'vendor', '--out', vendorKey]);
      const kit = await startDeviceTest(uuid, broker.url, [
        ...['--vendor-key', vendorKey, '--app-id', 'APP', '--beside-bridge'],
        ...['--config', await configOf(account, '[rpc]\ntimeoutMs = 3000\n')],
      ]);
      device = mup([
        ...[
          'device',
          '--description',
          exampleDescription,
          '--uuid',
          uuid,
          '--mqtt-url',
          broker.url,
          '--json',
        ],
        ...['--app-id', 'APP', '--telemetry-interval-ms', '0', '--config', await configOf(uuid)],
        ...['--state-dir', join(directory, 'device'), '--vendor-key', join(directory, 'vendor.pub.pem')],
      ]);
      report = await reportOf(kit);
    }, patience);

    afterAll(async () => {
      await device?.stop();
      await broker?.stop();
    });

    test('everything else is tried, and passes', () => {
      const others = report.checks.filter(({ standing }) => standing !== 'passed');
      expect(others.filter(({ standing }) => standing !== 'skipped')).toEqual([]);
      expect(others.map(({ id }) => id).sort()).toEqual(skipped.sort());
      expect(report.code).toBe(0);
    });

    test('it is not told whether a bridge is there, and says so', async () => {
      const options = ['--uuid', uuid, '--mqtt-url', broker.url, '--vendor-key', vendorKey];
      const kit = mup(['device-test', ...options, '--config', join(directory, `${account}.toml`)]);
      kit.endInput();
      expect([await kit.exited, kit.stderr]).toEqual([2, expect.stringContaining('--beside-bridge')]);
    });
  },
);
