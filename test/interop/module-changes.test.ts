import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SchemaAwareClient } from '../support/libnetconf2.ts';
import { describeWith } from '../support/peers.ts';
import type { Program } from '../support/program.ts';
import { type BridgeProcess, operator, startBridgeProcess, startDeviceProcess } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describeWith(['libnetconf2'], 'a module that comes while a schema-aware client is connected', () => {
  let bridge: BridgeProcess;
  let device: Program | undefined;
  let early: SchemaAwareClient;
  let late: SchemaAwareClient | undefined;
  const told: Record<string, string> = {};

  beforeAll(async () => {
    const directory = await temporaryDirectory();
    bridge = await startBridgeProcess(join(directory, 'bridge'));
    early = await SchemaAwareClient.connect({ port: bridge.port, ...operator });
    expect(await early.perform('subscribe NETCONF')).toEqual({ ok: '' });
    device = await startDeviceProcess({
      uuid: 'NEWCOMER-1',
      mqttUrl: bridge.mqttUrl,
      stateDir: join(directory, 'device'),
    });
    // The last of the three that follow one another.
    while (told['yang-library-change'] === undefined) {
      const { ok = '' } = await early.perform('notification');
      told[/^<([\w-]+)/.exec(ok)?.[1] ?? ''] = ok;
    }
    late = await SchemaAwareClient.connect({ port: bridge.port, ...operator });
  }, 120_000);

  afterAll(async () => {
    await late?.stop();
    await early?.stop();
    await device?.stop();
    await bridge?.program.stop();
  });

  test('RFC 6470 section 2.2: the client is told which capability came, and which has other parameters', () => {
    const change = told['netconf-capability-change'];
    expect(change).toContain('<server/>');
    expect(change).toContain('<added-capability>urn:mup:yang:mqtt-demo-board?module=mqtt-demo-board&amp;');
    expect(change).toContain('<modified-capability>urn:ietf:params:netconf:capability:yang-library:1.1?');
  });

  test('RFC 8525, RFC 7895: it is told the content-id that the library has now', async () => {
    const [, contentId] = /<content-id>(\w+)</.exec(told['yang-library-update'] ?? '') ?? [];
    expect(told['yang-library-change']).toContain(`<module-set-id>${contentId}</module-set-id>`);
    const { ok } = await early.perform('get /ietf-yang-library:yang-library/content-id');
    expect(ok).toContain(`<content-id>${contentId}</content-id>`);
  });

  test('whoever connects now has the module', async () => {
    const { ok } = (await late?.perform('modules')) ?? {};
    expect(ok?.split(' ')).toContain('mqtt-demo-board');
    expect(late?.complaints).toBe('');
  });
});
