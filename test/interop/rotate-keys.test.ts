import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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

const patience = 240_000;
const uuid = 'ROTATION-1';

let directory: string;
let bridge: BridgeProcess;
let device: Program;
let vendorKey: string;

const path = (name: string): string => join(directory, name);
const atBridge = (): string[] => ['--state-dir', bridge.stateDir];
const rotate = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse(await run(['rotate', ...args, ...atBridge(), '--json']));

interface Key {
  readonly id: string;
  readonly state: string;
  readonly epoch?: number;
  readonly devices?: number;
}
const keys = async (): Promise<readonly Key[]> => (await rotate('status')) as readonly Key[];

async function startDevice(): Promise<void> {
  const { mqttUrl } = bridge;
  device = await startDeviceProcess({
    uuid,
    mqttUrl,
    stateDir: path('device'),
    vendorKey: path('vendor.pem'),
  });
}

/** Makes the next key of the update server and has a vendor endorse it. @returns what activates it */
async function endorsedNext(epoch: number, by = vendorKey): Promise<string> {
  const [publicKey, endorsement] = [path(`next-${epoch}.pub.pem`), path(`endorsement-${epoch}.json`)];
  await rotate('prepare', '--out', publicKey);
  const keyFiles = ['--server-key', publicKey, '--vendor-key', by];
  await run(['endorse', ...keyFiles, '--epoch', String(epoch), '--out', endorsement]);
  return endorsement;
}

async function update(version: number): Promise<{ readonly code: number | null; readonly text: string }> {
  const image = await makeImage(directory, { size: 5_000, version, vendorKey });
  const { code, steps } = await resultOf(startUpdate(['--device', uuid, '--image', image, ...atBridge()]));
  return { code, text: JSON.stringify(steps) };
}

beforeEach(async () => {
  directory = await temporaryDirectory();
  vendorKey = path('vendor.pem');
  await prepareTrust(path('bridge'), vendorKey);
  bridge = await startBridgeProcess(path('bridge'));
  await startDevice();
}, patience);
afterEach(async () => {
  await device.stop();
  await bridge.program.stop();
}, patience);

describe('mup rotate, the update server’s key', () => {
  test(
    'the device moves at once; the old key can go then, and updates go on after a restart',
    async () => {
      const [first] = await keys();
      await rotate('activate', await endorsedNext(2));
      await device.json({ event: 'server-key-taken', epoch: 2 });
      expect(await update(2)).toMatchObject({ code: 0 });
      expect(await keys()).toMatchObject([
        { epoch: 2, devices: 1 },
        { id: first?.id, epoch: 1, devices: 0 },
      ]);
      await rotate('retire', first?.id ?? '');
      await device.stop();
      await bridge.program.stop();
      bridge = await startBridgeProcess(path('bridge'));
      await startDevice();
      expect(await keys()).toMatchObject([{ epoch: 2, devices: 1 }]);
      expect(await update(3)).toMatchObject({ code: 0 });
    },
    patience,
  );

  test(
    'a device that is away for the whole rotation holds the old key back, and is updated when it comes again',
    async () => {
      const [first] = await keys();
      await device.stop();
      await rotate('activate', await endorsedNext(2));
      await expect(rotate('retire', first?.id ?? '')).rejects.toThrow(uuid);
      await rotate('retire', first?.id ?? '', '--force');
      await startDevice();
      expect(await update(2)).toMatchObject({ code: 0 });
    },
    patience,
  );
});

describe('mup rotate, the vendor’s key', () => {
  test(
    'devices take the next key from the one before; what the one before signs holds no more',
    async () => {
      await run(['keygen', 'vendor', '--out', path('vendor-2.pem')]);
      const [old, statement] = [vendorKey, path('vendor-2.json')];
      const signing = ['--vendor-key', old, '--next-key', path('vendor-2.pub.pem'), '--out', statement];
      await run(['rotate', 'vendor', ...signing, '--counter', '1']);
      expect(await rotate('send', statement, '--all')).toEqual([{ device: uuid, answer: '10_OK' }]);
      expect(await rotate('send', statement, '--device', uuid)).toEqual([
        { device: uuid, answer: '11_NOOP' },
      ]);

      const refused = await update(2);
      expect(refused.code).toBe(3);
      expect(refused.text).toContain('24_INNER-SIGN-INVALID');
      await rotate('activate', await endorsedNext(2, old));
      await device.json({ event: 'server-key-refused' });

      vendorKey = path('vendor-2.pem');
      expect(await update(3)).toMatchObject({ code: 0 });
      // The kept key of the update server stayed until now, when the next vendor key endorses another.
      await rotate('activate', await endorsedNext(3));
      await device.json({ event: 'server-key-taken', epoch: 3 });
      await device.stop();
      await startDevice();
      expect(await update(4)).toMatchObject({ code: 0 });
    },
    patience,
  );

  test(
    'a statement that a stranger signed, or one that was changed, is refused by the device',
    async () => {
      await run(['keygen', 'vendor', '--out', path('stranger.pem')]);
      const signing = ['--vendor-key', path('stranger.pem'), '--next-key', path('stranger.pub.pem')];
      await run(['rotate', 'vendor', ...signing, '--counter', '1', '--out', path('forged.json')]);
      await expect(rotate('send', path('forged.json'), '--all')).rejects.toThrow('24_INNER-SIGN-INVALID');
      writeFileSync(path('changed.json'), '{"newKey":"00"}');
      await expect(rotate('send', path('changed.json'), '--all')).rejects.toThrow('mup rotate vendor');
      expect(await update(2)).toMatchObject({ code: 0 });
    },
    patience,
  );
});
