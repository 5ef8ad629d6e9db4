import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { digest } from '../../src/base/ids.ts';
import { editConfig, runningConfig } from '../../src/cli/config-access.ts';
import { getImage, hasImage } from '../../src/cli/device-entry.ts';
import { connectNetconf } from '../../src/netconf/adapters/ssh-client.ts';
import type { NetconfClient } from '../../src/netconf/client.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { userRemoval } from '../../src/netconf/users/user-edits.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import { describeWith, root } from '../support/peers.ts';
import { mup, Program } from '../support/program.ts';
import {
  type BridgeProcess,
  makeImage,
  operator,
  prepareTrust,
  run,
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

async function login(
  port: number,
  username: string,
  password: string,
  hostKey?: string,
): Promise<NetconfClient> {
  return connectNetconf({
    ...{ host: '127.0.0.1', port, username, password },
    ...(hostKey === undefined ? { acceptHostKey: () => true } : { hostKeyFingerprint: hostKey }),
  });
}

/** The running and the startup configuration, as `mup config show` prints them. */
async function shown({ stateDir }: BridgeProcess): Promise<[running: string, startup: string]> {
  const show = ['config', 'show', '--state-dir', stateDir];
  return [await run(show), await run([...show, '--startup'])];
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

describe('commands beside a running bridge', () => {
  let directory: string;
  let bridge: BridgeProcess;
  let vendorKey: string;

  beforeAll(async () => {
    directory = await temporaryDirectory();
    vendorKey = join(directory, 'vendor.pem');
    const stateDir = join(directory, 'bridge');
    await prepareTrust(stateDir, vendorKey);
    bridge = await startBridgeProcess(stateDir);
  }, patience);
  afterAll(() => bridge?.program.stop());

  test(
    'mup user add --password-stdin lets a user in, a new password replaces it, remove locks out',
    async () => {
      const name = ['anna', '--state-dir', bridge.stateDir];
      await run(['user', 'add', ...name, '--password-stdin'], 'first password\n');
      await (await login(bridge.port, 'anna', 'first password')).close();
      await run(['user', 'add', ...name, '--password-stdin'], 'second password\n');
      const refused = { code: 'login-refused' };
      await expect(login(bridge.port, 'anna', 'first password')).rejects.toMatchObject(refused);
      await (await login(bridge.port, 'anna', 'second password')).close();
      expect((await stat(join(bridge.stateDir, 'datastore', 'startup.xml'))).mode & 0o777).toBe(0o600);
      await run(['user', 'remove', ...name]);
      await expect(login(bridge.port, 'anna', 'second password')).rejects.toMatchObject(refused);
    },
    patience,
  );

  test(
    'mup user changes the running and the startup configuration, and nothing else of either',
    async () => {
      const client = await login(bridge.port, operator.username, operator.password);
      const settings = (text: string): XmlElement =>
        element(bridgeNamespace, 'settings', [element(bridgeNamespace, 'request-timeout', text)]);
      await client.rpc(editConfig('running', [settings('7777')]));
      const carl = ['carl', '--state-dir', bridge.stateDir];
      await run(['user', 'add', ...carl, '--password-stdin', '--group', 'admin'], 'a password\n');
      const [running, startup] = await shown(bridge);
      for (const text of [running, startup]) {
        expect(text).toMatch(/<name>carl<\/name>\s*<password>\$scrypt\$/);
        expect(text).toMatch(/<user-name>carl<\/user-name>/);
      }
      expect([running.includes('7777'), startup.includes('7777')]).toEqual([true, false]);
      await run(['config', 'save', '--state-dir', bridge.stateDir]);
      expect((await shown(bridge))[1]).toContain('7777');
      await run(['user', 'remove', ...carl]);
      expect((await shown(bridge)).join('')).not.toContain('carl');
      await client.close();
    },
    patience,
  );

  test(
    'a user who is removed is out: open sessions end, and no new one begins on an open connection',
    async () => {
      const name = ['dora', '--state-dir', bridge.stateDir];
      await run(['user', 'add', ...name, '--password-stdin'], 'a password\n');
      const client = await login(bridge.port, 'dora', 'a password');
      const other = await login(bridge.port, operator.username, operator.password);
      await run(['user', 'remove', ...name]);
      // The reply that never comes, or the connection that is gone: either way it has ended.
      await expect(client.rpc(getImage(digest('0'.repeat(64))), { timeoutMs: 20_000 })).rejects.toMatchObject(
        {
          code: 'netconf-closed',
        },
      );
      await expect(client.newSession()).rejects.toMatchObject({ code: 'netconf-closed' });
      await other.rpc(getImage(digest('0'.repeat(64))));
      await other.close();
    },
    patience,
  );

  test(
    'whoever removes himself is told so before he is out',
    async () => {
      const name = ['emil', '--state-dir', bridge.stateDir];
      await run(['user', 'add', ...name, '--password-stdin', '--group', 'admin'], 'a password\n');
      const client = await login(bridge.port, 'emil', 'a password');
      const config = await runningConfig(client).read('running');
      await client.rpc(editConfig('running', userRemoval(config, 'emil')));
      await expect(client.rpc(getImage(digest('0'.repeat(64))))).rejects.toMatchObject({
        code: 'netconf-closed',
      });
    },
    patience,
  );

  test(
    'a password that edit-config brings in the clear is hashed, and lets its user in',
    async () => {
      const client = await login(bridge.port, operator.username, operator.password);
      const erna = (password: string): XmlElement =>
        element(bridgeNamespace, 'users', [
          element(bridgeNamespace, 'user', [
            element(bridgeNamespace, 'name', 'erna'),
            element(bridgeNamespace, 'password', password),
          ]),
        ]);
      await client.rpc(editConfig('running', [erna('$0$open sesame')]));
      const [running] = await shown(bridge);
      expect(running).toMatch(/<name>erna<\/name>\s*<password>\$scrypt\$/);
      expect(running).not.toContain('sesame');
      await (await login(bridge.port, 'erna', 'open sesame')).close();
      await expect(client.rpc(editConfig('running', [erna('$0$bell\u007f')]))).rejects.toMatchObject({
        code: 'invalid-value',
        where: expect.stringMatching(/user\[.*name='erna'\]\/.*password$/),
      });
      await client.close();
      await run(['user', 'remove', 'erna', '--state-dir', bridge.stateDir]);
    },
    patience,
  );

  test(
    'a user of no group may read and call, and neither change the configuration nor see the users',
    async () => {
      const name = ['fritz', '--state-dir', bridge.stateDir];
      await run(['user', 'add', ...name, '--password-stdin'], 'a password\n');
      const client = await login(bridge.port, 'fritz', 'a password');
      const settings = element(bridgeNamespace, 'settings', [element(bridgeNamespace, 'window', '3')]);
      await expect(client.rpc(editConfig('running', [settings]))).rejects.toMatchObject({
        code: 'access-denied',
      });
      const config = await runningConfig(client).read('running');
      expect(config.map(({ name }) => name)).not.toContain('users');
      await client.close();
      await run(['user', 'remove', ...name]);
    },
    patience,
  );

  describeWith(['openssh'], 'OpenSSH', () => {
    test(
      'mup user add --authorized-key lets in who holds the key',
      async () => {
        const key = join(directory, 'id_ed25519');
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
        await run(['user', 'add', 'bert', '--authorized-key', `${key}.pub`, '--state-dir', bridge.stateDir]);
        const ssh = new Program('ssh', [
          ...['-F', 'none', '-i', key, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
          ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
          ...['-p', String(bridge.port), 'bert@127.0.0.1', '-s', 'netconf'],
        ]);
        const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
        const capability = '<capability>urn:ietf:params:netconf:base:1.0</capability>';
        ssh.write(`<hello xmlns="${base}"><capabilities>${capability}</capabilities></hello>]]>]]>`);
        ssh.endInput(`<rpc xmlns="${base}" message-id="1"><close-session/></rpc>]]>]]>\n`);
        expect([await ssh.exited, ssh.lines.map(({ text }) => text).join('\n')]).toEqual([
          0,
          expect.stringMatching(/<hello[\s\S]*<ok\/>/),
        ]);
        expect((await stat(join(bridge.stateDir, 'datastore', 'startup.xml'))).mode & 0o777).toBe(0o600);
      },
      patience,
    );
  });

  test(
    'mup image add shows in <get> at once, and mup image remove takes it away',
    async () => {
      const file = await makeImage(directory, { size: 2000, version: 2, vendorKey });
      const client = await login(bridge.port, operator.username, operator.password);
      const added: { digest: string } = JSON.parse(
        await run(['image', 'add', file, '--state-dir', bridge.stateDir, '--json']),
      );
      const image = digest(added.digest);
      expect(hasImage(await client.rpc(getImage(image)), image)).toBe(true);
      await run(['image', 'remove', image, '--state-dir', bridge.stateDir]);
      expect(hasImage(await client.rpc(getImage(image)), image)).toBe(false);
      await client.close();
    },
    patience,
  );

  test(
    'mup device ends with 0 on SIGTERM',
    async () => {
      const device = await startDeviceProcess({
        uuid: 'COMMANDS-1',
        mqttUrl: bridge.mqttUrl,
        stateDir: join(directory, 'device'),
      });
      expect(device.stderr).toContain('refuses every update');
      expect(await device.stop()).toBe(0);
    },
    patience,
  );

  test(
    'mup device ends with 0 on SIGTERM while there is no broker',
    async () => {
      const device = mup([
        ...['device', '--description', join(root, 'ontologies', 'examples', 'relay.jsonld'), '--json'],
        ...['--uuid', 'COMMANDS-2', '--mqtt-url', 'mqtt://127.0.0.1:1', '--state-dir', join(directory, 'd2')],
      ]);
      await device.json({ event: 'started' });
      expect(await device.stop()).toBe(0);
    },
    patience,
  );
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
