import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Program } from '../support/program.ts';
import {
  type BridgeProcess,
  makeImage,
  prepareTrust,
  run,
  startBridgeProcess,
  startDeviceProcess,
} from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { resultOf, startUpdate } from '../support/update-command.ts';

const patience = 180_000;
const size = 20_000;

describe('devices of both suites at one bridge, whose keys are encrypted (ADR 26)', () => {
  let directory: string;
  let bridge: BridgeProcess;
  const vendors: Record<string, string> = {};
  const devices: Program[] = [];

  const update = (uuid: string, image: string, ...more: string[]) =>
    resultOf(startUpdate(['--device', uuid, '--image', image, '--state-dir', bridge.stateDir, ...more]));
  const image = (suite: string, version: number, fill?: number) =>
    makeImage(directory, {
      ...{ size, version, vendorKey: vendors[suite] ?? '' },
      ...(fill === undefined ? {} : { fill }),
    });

  beforeAll(async () => {
    directory = await temporaryDirectory();
    const stateDir = join(directory, 'bridge');
    const passphrase = join(directory, 'passphrase');
    await writeFile(passphrase, 'correct horse\n', { mode: 0o600 });
    for (const suite of ['es256', 'ed25519']) vendors[suite] = join(directory, `vendor-${suite}.pem`);
    await prepareTrust(stateDir, vendors['es256'] ?? '');
    await run(['keygen', 'vendor', '--suite', 'ed25519', '--out', vendors['ed25519'] ?? '']);
    const locked = ['--passphrase-file', passphrase];
    await run(['keygen', 'server', '--suite', 'ed25519', '--state-dir', stateDir, ...locked]);
    const serverKey = join(stateDir, 'keys', 'update-server-ed25519.pub.pem');
    await run([
      'endorse',
      '--server-key',
      serverKey,
      '--vendor-key',
      vendors['ed25519'] ?? '',
      '--epoch',
      '1',
    ]);
    bridge = await startBridgeProcess(stateDir, { extra: ['--passphrase-file', passphrase] });
    for (const [suite, vendorKey] of Object.entries(vendors))
      devices.push(
        await startDeviceProcess({
          ...{ uuid: `DEVICE-${suite}`, mqttUrl: bridge.mqttUrl, vendorKey },
          stateDir: join(directory, suite),
        }),
      );
  }, patience);

  afterAll(async () => {
    for (const device of devices) await device.stop();
    await bridge?.program.stop();
  });

  test.each(['es256', 'ed25519'])(
    'an update of a device whose vendor signs with %s succeeds, with a job of the bridge',
    async (suite) => {
      const { code, steps, stderr } = await update(`DEVICE-${suite}`, await image(suite, 2, suite.length));
      expect([code, stderr]).toEqual([0, '']);
      expect(steps.at(-1)).toMatchObject({ result: 'succeeded', firmwareVersion: 2 });
    },
    patience,
  );

  test(
    'an image of the other vendor and suite is refused by the device as malformed, and changes nothing',
    async () => {
      const foreign = await image('es256', 3, 30);
      const { code, stderr } = await update('DEVICE-ed25519', foreign);
      expect(code).toBe(3);
      expect(stderr).toContain('20_MANIFEST-NOT-VALID');
      const { steps } = await update('DEVICE-ed25519', await image('ed25519', 3, 31));
      expect(steps.at(-1)).toMatchObject({ result: 'succeeded', firmwareVersion: 3 });
    },
    patience,
  );
});
