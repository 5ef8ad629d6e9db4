import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { leafOf, type Ncclient, type NcclientAnswer, NcclientSessions } from '../support/ncclient.ts';
import { describeWith } from '../support/peers.ts';
import { mup } from '../support/program.ts';
import { type BridgeProcess, operator, startBridgeProcess } from '../support/system.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const bridgeModule = 'urn:mup:yang:mup-bridge';
const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';

/** Settings of the bridge, in a `<config>`. */
const config = (content: string): string =>
  `<nc:config xmlns:nc="${base}"><settings xmlns="${bridgeModule}">${content}</settings></nc:config>`;

const category = (name: string, content: string, attributes = ''): string =>
  `<category ${attributes}><name>${name}</name>${content}</category>`;

const settings = `<settings xmlns="${bridgeModule}"/>`;

describeWith(['ncclient'], 'configuration, as ncclient edits it (RFC 6241 §7)', () => {
  let directory: string;
  let bridge: BridgeProcess;
  const sessions = new NcclientSessions();

  beforeAll(async () => {
    directory = await temporaryDirectory();
    bridge = await startBridgeProcess(join(directory, 'bridge'));
  }, 60_000);

  afterEach(async () => {
    for (const complaints of await sessions.stop()) expect(complaints).toBe('');
  });

  afterAll(() => bridge?.program.stop());

  const login = (): Promise<Ncclient> => sessions.login({ port: bridge.port, ...operator });

  const edit = (client: Ncclient, content: string, more: Readonly<Record<string, string>> = {}) =>
    client.perform({ op: 'edit_config', config: config(content), ...more });

  const expectOk = (answer: NcclientAnswer): void => expect(answer.reply).toContain('<ok/>');

  async function windowOf(client: Ncclient, source: string): Promise<string | undefined> {
    const { reply } = await client.perform({ op: 'get_config', source, filter: settings });
    return leafOf(reply, 'window');
  }

  test('hello announces what is served', async () => {
    const client = await login();
    const { capabilities } = await client.perform({ op: 'capabilities' });
    expect(capabilities).toEqual(
      expect.arrayContaining(
        ['writable-running:1.0', 'startup:1.0', 'validate:1.1', 'rollback-on-error:1.0'].map(
          (name) => `urn:ietf:params:netconf:capability:${name}`,
        ),
      ),
    );
  });

  test('edit_config, get_config, and every option', async () => {
    const client = await login();
    expectOk(await edit(client, category('lamp', '<window>4</window>')));
    expect(await windowOf(client, 'running')).toBe('4');
    expectOk(await edit(client, category('lamp', '<window>5</window>'), { test_option: 'test-only' }));
    expect(await windowOf(client, 'running')).toBe('4');
    expectOk(
      await edit(client, category('lamp', '<window>6</window>'), {
        default_operation: 'merge',
        test_option: 'test-then-set',
        error_option: 'rollback-on-error',
      }),
    );
    expect(await windowOf(client, 'running')).toBe('6');
    expectOk(
      await edit(client, category('lamp', '', 'nc:operation="delete"'), { default_operation: 'none' }),
    );
    expect(await windowOf(client, 'running')).toBeUndefined();
  });

  test('errors carry tag and path', async () => {
    const client = await login();
    const gone = await edit(client, category('none', '', 'nc:operation="delete"'));
    expect(gone.error).toMatchObject({
      tag: 'data-missing',
      path: "/mup:settings/mup:category[mup:name='none']",
    });
    const bad = await edit(client, category('lamp', '<window>0</window>'));
    expect(bad.error).toMatchObject({ tag: 'invalid-value', type: 'application' });
  });

  test('m.locked() holds the lock for the edit; another session is denied it meanwhile', async () => {
    const [client, other] = [await login(), await login()];
    expectOk(
      await client.perform({ op: 'locked_edit', config: config(category('lamp', '<window>7</window>')) }),
    );
    expectOk(await client.perform({ op: 'lock', target: 'running' }));
    const { sessionId } = await client.perform({ op: 'capabilities' });
    const denied = await other.perform({ op: 'lock', target: 'running' });
    expect(denied.error).toMatchObject({ tag: 'lock-denied', type: 'protocol' });
    expect(denied.error?.info).toContain(`<session-id>${sessionId}</session-id>`);
    expect((await edit(other, category('lamp', '<window>8</window>'))).error?.tag).toBe('in-use');
    const state = `<netconf-state xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><datastores/></netconf-state>`;
    expect(leafOf((await other.perform({ op: 'get', filter: state })).reply, 'locked-by-session')).toBe(
      sessionId,
    );
    await client.close();
    expectOk(await other.perform({ op: 'lock', target: 'running' }));
    expectOk(await other.perform({ op: 'unlock', target: 'running' }));
    expect(await windowOf(other, 'running')).toBe('7');
  });

  test('validate and copy_config of a whole configuration', async () => {
    const client = await login();
    expectOk(await client.perform({ op: 'validate', source: 'running' }));
    expectOk(await client.perform({ op: 'validate', source: config(category('x', '<window>2</window>')) }));
    const wrong = await client.perform({ op: 'validate', source: config('<category/>') });
    expect(wrong.error?.tag).toBe('missing-element');
  });

  test('with-defaults (RFC 6243)', async () => {
    const client = await login();
    const callHome = `<call-home xmlns="${bridgeModule}"><client><name>m</name><address>192.0.2.1</address><enabled>false</enabled></client></call-home>`;
    const whole = `<nc:config xmlns:nc="${base}">${callHome}</nc:config>`;
    expectOk(await client.perform({ op: 'edit_config', config: whole }));
    const filter = `<call-home xmlns="${bridgeModule}"/>`;
    const read = async (withDefaults?: string): Promise<string> => {
      const mode = withDefaults === undefined ? {} : { withDefaults };
      return (await client.perform({ op: 'get_config', filter, ...mode })).reply ?? '';
    };
    expect(await read()).not.toContain('<port>');
    expect(leafOf(await read('report-all'), 'port')).toBe('4334');
    expect(await read('report-all-tagged')).toMatch(/<port [^>]*:default="true">4334</);
    expectOk(
      await client.perform({
        op: 'edit_config',
        config: whole.replace('</enabled>', '</enabled><port>4334</port>'),
      }),
    );
    expect(leafOf(await read('explicit'), 'port')).toBe('4334');
    expect(await read('trim')).not.toContain('<port>');
    const remove = whole.replace('<call-home ', '<call-home nc:operation="remove" ');
    expectOk(await client.perform({ op: 'edit_config', config: remove }));
  });

  test('startup is what the bridge begins with; running alone ends with the process', async () => {
    const client = await login();
    expectOk(await edit(client, category('lamp', '<window>11</window>')));
    expectOk(await client.perform({ op: 'copy_config', source: 'running', target: 'startup' }));
    const file = join(bridge.stateDir, 'datastore', 'startup.xml');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toContain('<window>11</window>');
    expectOk(await edit(client, category('lamp', '<window>12</window>')));
    await client.close();
    await bridge.program.stop();
    expect(bridge.program.stderr).toContain('changes of the running configuration end with the process');

    const ports = ['--netconf-port', '0', '--mqtt-embedded-port', '0'];
    const program = mup([
      'serve',
      '--state-dir',
      bridge.stateDir,
      ...ports,
      '--ready-json',
      '--log-format',
      'json',
    ]);
    const { netconf } = (await program.json({ netconf: undefined })) as { netconf: { port: number } };
    bridge = { ...bridge, program, port: netconf.port };
    const next = await login();
    expect(await windowOf(next, 'running')).toBe('11');
    expectOk(await next.perform({ op: 'delete_config', target: 'startup' }));
    expect(await windowOf(next, 'startup')).toBeUndefined();
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
    expectOk(await next.perform({ op: 'copy_config', source: 'running', target: 'startup' }));
  }, 60_000);
});
