import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mup, type Program } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { exampleDescription, run } from '../support/system.ts';

const patience = 180_000;

describe('a bridge that takes signed descriptions alone (ADR 29)', () => {
  const programs: Program[] = [];
  let site: Site;

  /** A device that is none of those which `mup device` registers at once. */
  const device = (uuid: string, ...options: string[]): Program => {
    const program = mup([
      'device',
      ...['--uuid', uuid, '--mqtt-url', site.bridge.mqttUrl, '--state-dir', site.path(uuid), '--json'],
      ...['--app-id', 'APP', '--trust-first-key', ...options],
    ]);
    programs.push(program);
    return program;
  };
  const sign = (uuid: string, counter: string): Promise<string> =>
    run([
      ...['describe', 'sign', exampleDescription, '--uuid', uuid, '--counter', counter],
      ...['--vendor-key', site.vendorKey, '--out', site.path(`${uuid}.${counter}`), '--json'],
    ]);

  beforeAll(async () => {
    site = await Site.prepare();
    const { key } = JSON.parse(await sign('VENDORS-1', '7')) as { key: string };
    await site.serve({ settings: `[registration]\nacceptance = "signed"\nvendorKeys = ["${key}"]\n` });
  }, patience);
  afterAll(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await site?.stop();
  }, patience);

  test(
    'registers a device with its vendor’s signature, and leaves it as it is when an older one comes',
    async () => {
      const registered = await site.startDevice('VENDORS-1', { description: site.path('VENDORS-1.7') });
      await registered.stop();
      await sign('VENDORS-1', '6');
      const older = device('VENDORS-1', '--description', site.path('VENDORS-1.6'));
      await older.json({ event: 'registration-refused', code: 'old-description' });
      await site.bridge.program.logged('old-description');
    },
    patience,
  );

  test(
    'has a device with a key of its own wait, and refuses one without signature',
    async () => {
      const own = site.path('own.pem');
      await run(['keygen', 'vendor', '--out', own]);
      const signing = device('OWN-1', '--description', exampleDescription, '--sign-key', own);
      await signing.json({ event: 'registration-pending' });
      const unsigned = device('NOBODY-1', '--description', exampleDescription);
      await unsigned.json({ event: 'registration-refused', code: 'signature-required' });
      const audit = await run(['audit', '--state-dir', site.stateDir, '--json']);
      expect(audit).toContain('"operation":"describe-device"');
    },
    patience,
  );
});
