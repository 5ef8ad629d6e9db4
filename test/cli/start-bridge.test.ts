import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { type Config, defaultConfig } from '../../src/base/config.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { readyLines } from '../../src/cli/adapters/serve.ts';
import { startBridge } from '../../src/cli/adapters/start-bridge.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('starting a bridge', () => {
  test('a first start that fails does not use up the password of the first user', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const stateDir = await temporaryDirectory();
    const config = (port: number): Config => ({
      ...defaultConfig,
      stateDir,
      netconf: { ...defaultConfig.netconf, port },
      mqtt: { ...defaultConfig.mqtt, embedded: { ...defaultConfig.mqtt.embedded, port: 0 } },
    });
    const start = (port: number) => startBridge(config(port), silentLogger, new AbortController().signal);
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
