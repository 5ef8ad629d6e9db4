import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Site } from '../support/site.ts';
import { run } from '../support/system.ts';

const patience = 240_000;
const uuid = 'ROTATION-1';

let site: Site;
/** The vendor's key of the day. */
let vendorKey: string;

const path = (name: string): string => site.path(name);
const rotate = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse(await run(['rotate', ...args, '--state-dir', site.stateDir, '--json']));

interface Key {
  readonly id: string;
  readonly state: string;
  readonly epoch?: number;
  readonly devices?: number;
}
const keys = async (): Promise<readonly Key[]> => (await rotate('status')) as readonly Key[];

/** Makes the next key of the update server and has a vendor endorse it. @returns what activates it */
async function endorsedNext(epoch: number, by = vendorKey): Promise<string> {
  const [publicKey, endorsement] = [path(`next-${epoch}.pub.pem`), path(`endorsement-${epoch}.json`)];
  await rotate('prepare', '--out', publicKey);
  const keyFiles = ['--server-key', publicKey, '--vendor-key', by];
  await run(['endorse', ...keyFiles, '--epoch', String(epoch), '--out', endorsement]);
  return endorsement;
}

async function update(version: number): Promise<{ readonly code: number | null; readonly text: string }> {
  const { code, steps } = await site.update(uuid, await site.image(version, 5_000, { vendorKey }));
  return { code, text: JSON.stringify(steps) };
}

beforeEach(async () => {
  site = await Site.start();
  vendorKey = site.vendorKey;
  await site.startDevice(uuid);
}, patience);
afterEach(() => site.stop(), patience);

describe('mup rotate, the update server’s key', () => {
  test(
    'the device moves at once; the old key can go then, and updates go on after a restart',
    async () => {
      const [first] = await keys();
      await rotate('activate', await endorsedNext(2));
      await site.device(uuid).json({ event: 'server-key-taken', epoch: 2 });
      expect(await update(2)).toMatchObject({ code: 0 });
      expect(await keys()).toMatchObject([
        { epoch: 2, devices: 1 },
        { id: first?.id, epoch: 1, devices: 0 },
      ]);
      await rotate('retire', first?.id ?? '');
      await site.stop();
      // On other ports.
      await site.serve();
      await site.startDevice(uuid);
      expect(await keys()).toMatchObject([{ epoch: 2, devices: 1 }]);
      expect(await update(3)).toMatchObject({ code: 0 });
    },
    patience,
  );

  test(
    'a device that is away for the whole rotation holds the old key back, and is updated when it comes again',
    async () => {
      const [first] = await keys();
      await site.device(uuid).stop();
      await rotate('activate', await endorsedNext(2));
      await expect(rotate('retire', first?.id ?? '')).rejects.toThrow(uuid);
      await rotate('retire', first?.id ?? '', '--force');
      await site.startDevice(uuid);
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
      await site.device(uuid).json({ event: 'server-key-refused' });

      vendorKey = path('vendor-2.pem');
      expect(await update(3)).toMatchObject({ code: 0 });
      // The kept key of the update server stayed until now, when the next vendor key endorses another.
      await rotate('activate', await endorsedNext(3));
      await site.device(uuid).json({ event: 'server-key-taken', epoch: 3 });
      await site.device(uuid).stop();
      await site.startDevice(uuid);
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
