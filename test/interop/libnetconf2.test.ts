import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SchemaAwareClient } from '../support/libnetconf2.ts';
import { describeWith } from '../support/peers.ts';
import type { Program } from '../support/program.ts';
import {
  type BridgeProcess,
  operator,
  run,
  startBridgeProcess,
  startDeviceProcess,
} from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const uuid = 'SCHEMA-AWARE-1';
const module = 'urn:mup:yang:mqtt-demo-board';
const bridgeModule = 'urn:mup:yang:mup-bridge';

describeWith(['libnetconf2'], 'a schema-aware client on libnetconf2', () => {
  let bridge: BridgeProcess;
  let device: Program;
  let client: SchemaAwareClient;

  beforeAll(async () => {
    const directory = await temporaryDirectory();
    bridge = await startBridgeProcess(join(directory, 'bridge'));
    await run(
      [
        'user',
        'add',
        operator.username,
        '--password-stdin',
        '--group',
        'admin',
        '--state-dir',
        bridge.stateDir,
      ],
      `${operator.password}\n`,
    );
    device = await startDeviceProcess({
      uuid,
      mqttUrl: bridge.mqttUrl,
      stateDir: join(directory, 'device'),
    });
    client = await SchemaAwareClient.connect({ port: bridge.port, ...operator });
  }, 120_000);

  afterAll(async () => {
    await client?.stop();
    await device?.stop();
    await bridge?.program.stop();
  });

  test('is called by the bridge (RFC 8071), and builds its context on that connection', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    listener.close();
    const callHome = (operation: string): string =>
      `edit <call-home xmlns="${bridgeModule}"><client xmlns:nc="urn:ietf:params:xml:ns:netconf:base:1.0"` +
      ` nc:operation="${operation}"><name>here</name><address>127.0.0.1</address><port>${port}</port></client></call-home>`;
    const called = await SchemaAwareClient.listen({ port, ...operator }, async () => {
      expect(await client.perform(callHome('create'))).toEqual({ ok: '' });
    });
    const { ok } = await called.perform(`get /mup-bridge:devices/device[uuid='${uuid}']/presence`);
    expect(ok).toContain('<presence>online</presence>');
    expect(await called.close()).toBe(0);
    expect(called.complaints).toBe('');
    expect(await client.perform(callHome('delete'))).toEqual({ ok: '' });
  });

  test('builds its context from what the server serves', async () => {
    const { ok } = await client.perform('modules');
    const names = (ok ?? '').trim().split(' ');
    expect(names).toEqual(
      expect.arrayContaining([
        ...['ietf-netconf', 'ietf-netconf-monitoring', 'ietf-netconf-acm', 'ietf-netconf-notifications'],
        'ietf-netconf-nmda',
        ...['ietf-yang-library', 'nc-notifications', 'notifications', 'mup-bridge', 'mqtt-demo-board'],
      ]),
    );
  });

  test('reads all state data by its schemas', async () => {
    const { ok } = await client.perform('get');
    expect(ok).toContain(`<uuid>${uuid}</uuid>`);
    expect(ok).toContain('<netconf-state');
    expect(ok).toContain('<modules-state');
    expect(ok).toContain('<yang-library');
  });

  test('reads by XPath', async () => {
    const { ok } = await client.perform(`get /mup-bridge:devices/device[uuid='${uuid}']/presence`);
    expect(ok).toContain('<presence>online</presence>');
    expect(ok).not.toContain('<category>');
  });

  test('reads and edits the configuration', async () => {
    const settings = `<settings xmlns="${bridgeModule}"><device><uuid>${uuid}</uuid><window>4</window></device></settings>`;
    expect(await client.perform('lock')).toEqual({ ok: '' });
    expect(await client.perform(`edit ${settings}`)).toEqual({ ok: '' });
    expect(await client.perform('unlock')).toEqual({ ok: '' });
    const { ok } = await client.perform(`get-config <settings xmlns="${bridgeModule}"/>`);
    expect(ok).toContain('<window>4</window>');
  });

  test('reads the operational datastore (RFC 8526)', async () => {
    const { ok } = await client.perform('get-data');
    expect(ok).toContain(`<uuid>${uuid}</uuid>`);
    expect(ok).toContain('<modules-state');
    const path = `/mup-bridge:devices/device[uuid='${uuid}']/presence`;
    const { ok: device } = await client.perform(`get-data ${path}`);
    expect(device).toContain('<presence>online</presence>');
    expect(device).not.toContain('<category>');
    const subtree = `<settings xmlns="${bridgeModule}"><device><uuid>${uuid}</uuid></device></settings>`;
    const { ok: settings } = await client.perform(`get-data ${subtree}`);
    expect(settings).toContain('<window>4</window>');
  });

  test('reads datastores of configuration to a depth, and with defaults', async () => {
    const { ok } = await client.perform('get-data-of ietf-datastores:running');
    expect(ok).toContain('<enable-nacm>true<');
    expect(ok).not.toContain('<password');
    expect(await client.perform('get-data-of ietf-datastores:startup')).toHaveProperty('ok');
    expect(await client.perform('get-data-of ietf-datastores:operational')).toHaveProperty('ok');
    const { error } = await client.perform('get-data-of ietf-datastores:candidate');
    expect(error).toContain('invalid-value');
  });

  test('edits by edit-data', async () => {
    const settings = `<settings xmlns="${bridgeModule}"><device><uuid>${uuid}</uuid><window>3</window></device></settings>`;
    expect(await client.perform(`edit-data ${settings}`)).toEqual({ ok: '' });
    const { ok } = await client.perform(`get-data /mup-bridge:settings/device[uuid='${uuid}']/window`);
    expect(ok).toContain('<window>3</window>');
    const wrong = `<settings xmlns="${bridgeModule}"><window>100000</window></settings>`;
    expect((await client.perform(`edit-data ${wrong}`)).error).toContain('invalid-value');
  });

  test('calls a generated RPC, checked against its schema on both sides', async () => {
    const answer = await client.perform(
      `call <relayOn xmlns="${module}"><uuidInput>${uuid}</uuidInput></relayOn>`,
    );
    expect(answer.ok).toContain('<retval');
    const unknown = await client.perform(
      `call <relayOn xmlns="${module}"><uuidInput>NO-SUCH-DEVICE</uuidInput></relayOn>`,
    );
    expect(unknown.error).toContain('data-missing');
  });

  test('subscribes, and its own edit comes as a notification', async () => {
    expect(await client.perform('subscribe NETCONF')).toEqual({ ok: '' });
    const edit = `<settings xmlns="${bridgeModule}"><device><uuid>${uuid}</uuid><window>2</window></device></settings>`;
    expect(await client.perform(`edit ${edit}`)).toEqual({ ok: '' });
    for (;;) {
      const { ok } = await client.perform('notification');
      expect(ok).toBeDefined();
      if (ok?.includes('<netconf-config-change')) {
        expect(ok).toContain(operator.username);
        break;
      }
    }
  });

  test('neither library warned of anything', () => {
    expect(client.complaints).toBe('');
  });

  test('refuses by itself what the schema does not allow', async () => {
    const { failed } = await client.perform(`call <relayOn xmlns="${module}"/>`);
    expect(failed).toContain('uuidInput');
  });
});
