import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { readyLines } from '../../src/cli/adapters/serve.ts';
import { type RunningBridge, startBridge } from '../../src/cli/adapters/start-bridge.ts';
import { groupsOf, usersOf } from '../../src/netconf/users/user-config.ts';
import { defaultCost } from '../../src/netconf/users/users.ts';
import { readXml } from '../../src/xml/adapters/saxes-reader.ts';
import { childElements } from '../../src/xml/element.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const started: RunningBridge[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((bridge) => bridge.close()));
});

/** Starts a bridge on free ports, or on this port for NETCONF. */
async function startFree(stateDir: string, port = 0): Promise<RunningBridge> {
  const config: Config = {
    ...defaultConfig,
    stateDir,
    netconf: { ...defaultConfig.netconf, port },
    mqtt: { ...defaultConfig.mqtt, embedded: { ...defaultConfig.mqtt.embedded, port: 0 } },
  };
  const bridge = await startBridge(config, silentLogger, new AbortController().signal);
  started.push(bridge);
  return bridge;
}

describe('starting a bridge', () => {
  test('a first start that fails does not use up the password of the first user', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const stateDir = await temporaryDirectory();
    const start = (port: number): Promise<RunningBridge> => startFree(stateDir, port);
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(start(port)).rejects.toMatchObject({ code: 'netconf-port-in-use' });
    taken.close();
    const bridge = await start(0);
    expect(bridge.firstPassword).toMatch(/^[a-z2-9-]{23}$/);
    await bridge.close();
    const again = await start(0);
    expect(again.firstPassword).toBeUndefined();
    await again.close();
  }, 60_000);

  test('the first start configures admin and the local user, who may do everything, and saves it', async () => {
    const stateDir = await temporaryDirectory();
    const bridge = await startFree(stateDir);
    await bridge.close();
    const path = join(stateDir, 'datastore', 'startup.xml');
    const startup = await readFile(path, 'utf8');
    expect(startup).not.toContain(bridge.firstPassword);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const limits = { maxBytes: 100_000, maxDepth: 16, maxAttributes: 8 };
    const config = childElements(readXml(Buffer.from(startup), limits));
    expect([...usersOf(config).values()]).toMatchObject([
      { name: 'admin', password: defaultCost, authorizedKeys: [] },
      { name: 'local', authorizedKeys: [expect.stringMatching(/^ssh-ed25519 \S+ local$/)] },
    ]);
    expect(groupsOf(config)).toEqual(new Map([['admin', ['admin', 'local']]]));
  }, 60_000);

  test('whoever has removed all users gets no new one', async () => {
    const stateDir = await temporaryDirectory();
    await (await startFree(stateDir)).close();
    const path = join(stateDir, 'datastore', 'startup.xml');
    await writeFile(path, (await readFile(path, 'utf8')).replace(/<user>[\s\S]*<\/user>/, ''), {
      mode: 0o600,
    });
    const bridge = await startFree(stateDir);
    expect(bridge.firstPassword).toBeUndefined();
    await bridge.close();
  }, 60_000);

  test('a damaged startup stops the start with the place of the fault, and without the password there', async () => {
    const stateDir = await temporaryDirectory();
    await (await startFree(stateDir)).close();
    const path = join(stateDir, 'datastore', 'startup.xml');
    const startup = await readFile(path, 'utf8');
    // The prefix that says it is in the clear forgotten; not valid; not well-formed; elements in it.
    for (const password of [
      'wonderland',
      `$0$${'wonderland'.repeat(200)}`,
      '$0$a<wonderland>',
      '$0$a<wonderland/>',
    ]) {
      const damaged = startup.replace(/<password>[^<]*/, `<password>${password.replaceAll('$', '$$$$')}`);
      expect(damaged).toContain('wonderland');
      await writeFile(path, damaged, { mode: 0o600 });
      const refusal: unknown = await startFree(stateDir).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: 'startup-unusable',
        message: expect.stringMatching(/mup:user\[mup:name='admin'\]\/mup:password|line \d+, column \d+/),
      });
      expect(String(refusal)).not.toContain('wonderland');
    }
  }, 60_000);

  test('the credentials in the URL of the broker are not shown', () => {
    const lines = readyLines({
      netconf: { host: '127.0.0.1', port: 830 },
      mqttUrl: 'mqtts://bridge:s3cr%40t@broker.example:8883',
      hostKeys: [],
      firstPassword: undefined,
      close: async () => {},
    });
    expect(lines).toContain('MQTT: mqtts://broker.example:8883');
    expect(lines.join('\n')).not.toMatch(/s3cr|bridge:/);
  });
});
