import { readFileSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { login } from '../support/netconf-login.ts';
import { root } from '../support/peers.ts';
import { mup } from '../support/program.ts';
import {
  type BridgeProcess,
  operator,
  prepareTrust,
  startBridgeProcess,
  startDeviceProcess,
} from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const patience = 120_000;
const freePorts = ['--netconf-port', '0', '--mqtt-embedded-port', '0'];

/** A command that is expected to end by itself. */
async function ended(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const program = mup(args, { env });
  program.endInput();
  const code = await program.exited;
  return { code, stdout: program.lines.map(({ text }) => text).join('\n'), stderr: program.stderr };
}

/** The password that a first start shows. */
function firstPassword({ program }: BridgeProcess): string | undefined {
  return /user admin, password (\S+)/.exec(program.stderr)?.[1];
}

describe('mup serve', () => {
  let stateDir: string;
  let bridge: BridgeProcess;
  let password: string;

  beforeAll(async () => {
    stateDir = join(await temporaryDirectory(), 'bridge');
    bridge = await startBridgeProcess(stateDir);
    password = firstPassword(bridge) ?? '';
  }, patience);
  afterAll(() => bridge?.program.stop());

  test('--ready-json prints one line of JSON alone: ports, host keys, version', async () => {
    expect(bridge.program.lines).toHaveLength(1);
    const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(bridge.program.lines[0]?.json).toEqual({
      netconf: { host: '127.0.0.1', port: bridge.port },
      mqtt: { url: expect.stringMatching(/^mqtt:\/\/127\.0\.0\.1:\d+$/) },
      hostKeys: expect.arrayContaining([
        { type: 'ssh-ed25519', sha256: expect.stringMatching(/^SHA256:[\w+/]{43}$/) },
      ]),
      version,
    });
    expect(Object.keys(Object(bridge.program.lines[0]?.json))).toHaveLength(4);
  });

  test('the fingerprints it prints are those of the keys it has', async () => {
    const { hostKeys } = Object(bridge.program.lines[0]?.json);
    const { sha256 } = hostKeys.find(({ type }: { type: string }) => type === 'ssh-ed25519');
    const client = await login(bridge.port, operator.username, operator.password, sha256);
    await client.close();
  });

  test('a second one on the same state directory is refused with a clear line, exit code 2', async () => {
    const { code, stdout, stderr } = await ended(['serve', '--state-dir', stateDir, ...freePorts]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      `mup: the bridge with process id ${bridge.program.pid} uses this state directory (${stateDir}). End it, or choose another directory with --state-dir.\n`,
    );
  });

  test('the first start prints a password once; with it admin logs in', async () => {
    expect(bridge.program.stderr.split(password)).toHaveLength(2);
    expect(password.length).toBeGreaterThanOrEqual(16);
    await (await login(bridge.port, 'admin', password)).close();
    await expect(login(bridge.port, 'admin', `${password}x`)).rejects.toMatchObject({
      code: 'login-refused',
    });
  });

  test(
    'ends with 0 on SIGTERM, leaves no trace of running, and starts again without a password',
    async () => {
      expect(await bridge.program.stop()).toBe(0);
      await expect(stat(join(stateDir, 'bridge.pid'))).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(stat(join(stateDir, 'bridge.json'))).rejects.toMatchObject({ code: 'ENOENT' });
      bridge = await startBridgeProcess(stateDir);
      expect(firstPassword(bridge)).toBeUndefined();
      await (await login(bridge.port, 'admin', password)).close();
    },
    patience,
  );

  test(
    'names a users.json that an older version has left, and does not read it',
    async () => {
      const old = join(await temporaryDirectory(), 'old');
      await mkdir(old);
      await writeFile(join(old, 'users.json'), '{"version":1,"users":[]}');
      const program = mup(['serve', '--state-dir', old, ...freePorts, '--ready-json']);
      await program.json({ netconf: undefined });
      await program.logged('users.json is not read any more');
      expect(program.stderr).toContain('users.json is not read any more');
      expect(await program.stop()).toBe(0);
    },
    patience,
  );

  test(
    'ends with 0 on SIGINT, with a session open and a device connected',
    async () => {
      const client = await login(bridge.port, 'admin', password);
      const device = await startDeviceProcess({
        uuid: 'COMMANDS-0',
        mqttUrl: bridge.mqttUrl,
        stateDir: join(stateDir, '..', 'device'),
      });
      bridge.program.signal('SIGINT');
      expect(await bridge.program.exited).toBe(0);
      device.signal('SIGINT');
      expect(await device.exited).toBe(0);
      await client.close();
    },
    patience,
  );

  test(
    'ends with 0 on SIGTERM that comes while it starts',
    async () => {
      const program = mup(['serve', '--state-dir', stateDir, ...freePorts, '--log-format', 'json']);
      await program.logged('embedded MQTT broker listens');
      expect(await program.stop()).toBe(0);
    },
    patience,
  );

  test('--print-config shows what is in force, and no secret', async () => {
    const { code, stdout, stderr } = await ended(['serve', '--print-config', '--netconf-port', '4711'], {
      MUP_MQTT_URL: 'mqtts://anna:url-secret@broker.example:8883',
      MUP_MQTT_PASSWORD: 'mqtt-secret',
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('port = 4711');
    expect(stdout).toContain('password = "********"');
    expect(stdout).toContain('mqtts://anna:********@broker.example:8883');
    expect(stdout).not.toContain('secret');
  });
});

describe('mup demo', () => {
  let stateDir: string;

  beforeAll(async () => {
    stateDir = join(await temporaryDirectory(), 'state');
  });

  test(
    'goes on serving after its update, and ends with 0 on SIGINT',
    async () => {
      const demo = mup(['demo', '--state-dir', stateDir, ...freePorts]);
      await demo.line(({ text }) => text.includes('device restarted with version 2'));
      await demo.line(({ text }) => text.includes('the bridge goes on serving'));
      demo.signal('SIGINT');
      expect(await demo.exited).toBe(0);
    },
    patience,
  );

  test(
    '--exit ends with 1 and the reason when the device trusts another vendor than the update server',
    async () => {
      const keys = join(stateDir, 'keys');
      for (const file of ['update-server.pem', 'update-server.pub.pem', 'endorsement.json'])
        await rm(join(keys, file));
      await prepareTrust(stateDir, join(keys, 'other-vendor.pem'));
      const { code, stderr } = await ended(['demo', '--exit', '--state-dir', stateDir, ...freePorts]);
      expect([code, stderr]).toEqual([1, expect.stringContaining('its endorsement does not hold')]);
    },
    patience,
  );

  test(
    'a damaged state of the device is wrong usage, exit code 2, and nothing stays running',
    async () => {
      await writeFile(join(stateDir, 'demo', 'device', 'device.json'), '{}');
      const { code, stderr } = await ended(['demo', '--exit', '--state-dir', stateDir, ...freePorts]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('state record is damaged')]);
      await expect(stat(join(stateDir, 'bridge.pid'))).rejects.toMatchObject({ code: 'ENOENT' });
    },
    patience,
  );
});
