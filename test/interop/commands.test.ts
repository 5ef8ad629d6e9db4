import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { digest } from '../../src/base/ids.ts';
import { editConfig, runningConfig } from '../../src/cli/config-access.ts';
import { getImage, hasImage } from '../../src/cli/device-entry.ts';
import { bridgeNamespace } from '../../src/netconf/namespaces.ts';
import { userRemoval } from '../../src/netconf/users/user-edits.ts';
import { element, type XmlElement } from '../../src/xml/element.ts';
import { login } from '../support/netconf-login.ts';
import { describeWith, root } from '../support/peers.ts';
import { mup, Program } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { type BridgeProcess, operator, run, startDeviceProcess } from '../support/system.ts';

const patience = 120_000;

/** The running and the startup configuration, as `mup config show` prints them. */
async function shown({ stateDir }: BridgeProcess): Promise<[running: string, startup: string]> {
  const show = ['config', 'show', '--state-dir', stateDir];
  return [await run(show), await run([...show, '--startup'])];
}

describe('commands beside a running bridge', () => {
  let site: Site;
  let bridge: BridgeProcess;

  beforeAll(async () => {
    site = await Site.start();
    ({ bridge } = site);
  }, patience);
  afterAll(() => site?.stop());

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
        const key = site.path('id_ed25519');
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
      const file = await site.image(2, 2000);
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
        stateDir: site.path('device'),
      });
      await device.logged('refuses every update');
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
        ...['--uuid', 'COMMANDS-2', '--mqtt-url', 'mqtt://127.0.0.1:1', '--state-dir', site.path('d2')],
      ]);
      await device.json({ event: 'started' });
      expect(await device.stop()).toBe(0);
    },
    patience,
  );
});
