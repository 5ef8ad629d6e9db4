import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deviceUuid } from '../../src/base/ids.ts';
import { readPublicKey } from '../../src/mup/adapters/key-files.ts';
import { MynoDevice } from '../support/myno-device.ts';
import { mynoConnection } from '../support/myno-port.ts';
import { root } from '../support/paths.ts';
import { describeWithSharedData, sharedData } from '../support/peers.ts';
import { mup, type Program } from '../support/program.ts';
import { type BridgeProcess, prepareTrust, startBridgeProcess } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const patience = 120_000;
const page = await readFile(join(root, 'docs', 'prototype-devices.md'), 'utf8');
/** The words of each command of the page, without `mup`. */
const commands = [...page.matchAll(/^\$ mup (.+)$/gm)].map(([, line = '']) => line.split(' '));

describeWithSharedData('docs/prototype-devices.md', () => {
  const uuid = deviceUuid('MYNO-SETUP-1');
  let directory: string;
  let bridge: BridgeProcess;
  let device: MynoDevice;

  /** Runs a command where the page's reader would be: beside the keys, on the machine of the bridge. */
  const ended = async (words: readonly string[]): Promise<Program & { readonly code: number | null }> => {
    const program = mup(words, { cwd: directory, env: { MUP_STATE_DIR: bridge.stateDir } });
    program.endInput();
    return Object.assign(program, { code: await program.exited });
  };

  beforeAll(async () => {
    directory = await temporaryDirectory();
    await prepareTrust(join(directory, 'bridge'), join(directory, 'vendor.pem'));
    bridge = await startBridgeProcess(join(directory, 'bridge'));
    device = new MynoDevice({
      uuid,
      description: await readFile(join(sharedData, 'myno', 'update-compacted.jsonld')),
      keys: {
        vendor: await readPublicKey(join(directory, 'vendor.pub.pem')),
        updateServer: await readPublicKey(join(directory, 'bridge', 'keys', 'update-server.pub.pem')),
      },
      connect: mynoConnection(bridge.mqttUrl, 4),
      ...{ pieceDelayMs: 20, answerDelayMs: 2, successDelayMs: 150, restarts: true },
      topics: [`relay/${uuid}`],
    });
    await device.boot();
    await device.until(() => device.told.includes('OK'));
  }, patience);

  afterAll(async () => {
    await device?.powerOff();
    await bridge?.program.stop();
  });

  test(
    'its commands update a device of the prototype',
    async () => {
      await writeFile(join(directory, 'firmware.bin'), Buffer.alloc(5000, 'firmware'));
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
      await writeFile(join(directory, 'firmware.bin'), Buffer.alloc(5000, 'another'));
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
