import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Site } from '../support/site.ts';
import { run } from '../support/system.ts';

const patience = 180_000;
const size = 20_000;

describe('devices of both suites at one bridge, whose keys are encrypted (ADR 26)', () => {
  let site: Site;
  const vendors: Record<string, string> = {};

  const image = (suite: string, version: number, fill: number) =>
    site.image(version, size, { vendorKey: vendors[suite] ?? '', fill });

  beforeAll(async () => {
    site = await Site.prepare();
    const vendorKey = site.path('vendor-ed25519.pem');
    Object.assign(vendors, { es256: site.vendorKey, ed25519: vendorKey });
    const passphrase = site.path('passphrase');
    await writeFile(passphrase, 'correct horse\n', { mode: 0o600 });
    const locked = ['--passphrase-file', passphrase];
    await Promise.all([
      run(['keygen', 'vendor', '--suite', 'ed25519', '--out', vendorKey]),
      run(['keygen', 'server', '--suite', 'ed25519', '--state-dir', site.stateDir, ...locked]),
    ]);
    const serverKey = join(site.stateDir, 'keys', 'update-server-ed25519.pub.pem');
    await run(['endorse', '--server-key', serverKey, '--vendor-key', vendorKey, '--epoch', '1']);
    await site.serve({ extra: locked });
    await Promise.all(
      Object.entries(vendors).map(([suite, key]) => site.startDevice(`DEVICE-${suite}`, { vendorKey: key })),
    );
  }, patience);

  afterAll(() => site?.stop());

  test.each(['es256', 'ed25519'])(
    'an update of a device whose vendor signs with %s succeeds, with a job of the bridge',
    async (suite) => {
      const { code, steps, stderr } = await site.update(
        `DEVICE-${suite}`,
        await image(suite, 2, suite.length),
      );
      expect([code, stderr]).toEqual([0, '']);
      expect(steps.at(-1)).toMatchObject({ result: 'succeeded', firmwareVersion: 2 });
    },
    patience,
  );

  test(
    'an image of the other vendor and suite is refused by the device as malformed, and changes nothing',
    async () => {
      const foreign = await image('es256', 3, 30);
      const { code, stderr } = await site.update('DEVICE-ed25519', foreign);
      expect(code).toBe(3);
      expect(stderr).toContain('20_MANIFEST-NOT-VALID');
      const { steps } = await site.update('DEVICE-ed25519', await image('ed25519', 3, 31));
      expect(steps.at(-1)).toMatchObject({ result: 'succeeded', firmwareVersion: 3 });
    },
    patience,
  );
});
