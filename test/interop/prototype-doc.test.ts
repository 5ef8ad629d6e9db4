import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deviceUuid } from '../../src/base/ids.ts';
import { bootMynoDevice } from '../support/myno-boot.ts';
import type { MynoDevice } from '../support/myno-device.ts';
import { mynoConnection } from '../support/myno-port.ts';
import { root } from '../support/paths.ts';
import { describeWithSharedData } from '../support/peers.ts';
import { mup, type Program } from '../support/program.ts';
import { Site } from '../support/site.ts';

const patience = 120_000;
const page = await readFile(join(root, 'docs', 'prototype-devices.md'), 'utf8');
/** The words of each command of the page, without `mup`. */
const commands = [...page.matchAll(/^\$ mup (.+)$/gm)].map(([, line = '']) => line.split(' '));

describeWithSharedData('docs/prototype-devices.md', () => {
  const uuid = deviceUuid('MYNO-SETUP-1');
  let site: Site;
  let device: MynoDevice;

  /** Runs a command where the page's reader would be: beside the keys, on the machine of the bridge. */
  const ended = async (words: readonly string[]): Promise<Program & { readonly code: number | null }> => {
    const program = mup(words, { cwd: site.directory, env: { MUP_STATE_DIR: site.stateDir } });
    program.endInput();
    return Object.assign(program, { code: await program.exited });
  };

  beforeAll(async () => {
    site = await Site.start();
    const { vendorKey, serverKey, bridge } = site;
    device = await bootMynoDevice({ uuid, vendorKey, serverKey, connect: mynoConnection(bridge.mqttUrl, 4) });
  }, patience);

  afterAll(async () => {
    await device?.powerOff();
    await site?.stop();
  });

  test(
    'its commands update a device of the prototype',
    async () => {
      await writeFile(site.path('firmware.bin'), Buffer.alloc(5000, 'firmware'));
      expect(commands.map(([name]) => name)).toEqual(['sign', 'image', 'update']);
      for (const words of commands) {
        const { code, stderr } = await ended(words);
        expect([words, code, stderr]).toEqual([words, 0, '']);
      }
      expect([device.failure, device.installed]).toEqual([undefined, [2]]);
    },
    patience,
  );

  test(
    'an image that was signed with the default profile fails as the page says',
    async () => {
      await writeFile(site.path('firmware.bin'), Buffer.alloc(5000, 'another'));
      for (const words of commands) {
        const { code, stderr } = await ended(words.filter((word) => !['--profile', 'myno'].includes(word)));
        const [name] = words;
        expect([name, code]).toEqual([name, name === 'update' ? 3 : 0]);
        if (name === 'update') expect(stderr).toContain('20_MANIFEST-NOT-VALID');
      }
      expect([device.failure, device.installed]).toEqual([undefined, [2]]);
    },
    patience,
  );
});
