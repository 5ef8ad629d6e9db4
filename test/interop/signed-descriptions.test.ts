import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mup, type Program } from '../support/program.ts';
import {
  type BridgeProcess,
  exampleDescription,
  prepareTrust,
  run,
  startBridgeProcess,
  startDeviceProcess,
} from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const patience = 180_000;

describe('a bridge that takes signed descriptions alone (ADR 29)', () => {
  const programs: Program[] = [];
  let bridge: BridgeProcess;
  let directory: string;
  let vendor: string;

  /** A device that is none of those which `mup device` registers at once. */
  const device = (uuid: string, ...options: string[]): Program => {
    const program = mup([
      'device',
      ...['--uuid', uuid, '--mqtt-url', bridge.mqttUrl, '--state-dir', join(directory, uuid), '--json'],
      ...['--app-id', 'APP', '--trust-first-key', ...options],
    ]);
    programs.push(program);
    return program;
  };
  const sign = (uuid: string, counter: string): Promise<string> =>
    run([
      ...['describe', 'sign', exampleDescription, '--uuid', uuid, '--counter', counter],
      ...['--vendor-key', vendor, '--out', join(directory, `${uuid}.${counter}`), '--json'],
    ]);

  beforeAll(async () => {
    directory = await temporaryDirectory();
    vendor = join(directory, 'vendor.pem');
    const stateDir = join(directory, 'bridge');
    await prepareTrust(stateDir, vendor);
    const { key } = JSON.parse(await sign('VENDORS-1', '7')) as { key: string };
    const config = join(directory, 'mup.toml');
    await writeFile(config, `[registration]\nacceptance = "signed"\nvendorKeys = ["${key}"]\n`);
    bridge = await startBridgeProcess(stateDir, { extra: ['--config', config] });
    programs.push(bridge.program);
  }, patience);
  afterAll(async () => {
    await Promise.all(programs.map((program) => program.stop()));
  }, patience);

  test(
    'registers a device with its vendor’s signature, and leaves it as it is when an older one comes',
    async () => {
      const options = { uuid: 'VENDORS-1', mqttUrl: bridge.mqttUrl, vendorKey: vendor };
      const stateDir = join(directory, 'VENDORS-1');
      const description = join(directory, 'VENDORS-1.7');
      const registered = await startDeviceProcess({ ...options, stateDir, description });
      await registered.stop();
      await sign('VENDORS-1', '6');
      const older = device('VENDORS-1', '--description', join(directory, 'VENDORS-1.6'));
      await older.json({ event: 'registration-refused', code: 'old-description' });
      await bridge.program.logged('old-description');
    },
    patience,
  );

  test(
    'has a device with a key of its own wait, and refuses one without signature',
    async () => {
      const own = join(directory, 'own.pem');
      await run(['keygen', 'vendor', '--out', own]);
      const signing = device('OWN-1', '--description', exampleDescription, '--sign-key', own);
      await signing.json({ event: 'registration-pending' });
      const unsigned = device('NOBODY-1', '--description', exampleDescription);
      await unsigned.json({ event: 'registration-refused', code: 'signature-required' });
      const audit = await run(['audit', '--state-dir', bridge.stateDir, '--json']);
      expect(audit).toContain('"operation":"describe-device"');
    },
    patience,
  );
});
