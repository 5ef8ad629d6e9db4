import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leafOf, Ncclient, rpcXml } from '../support/ncclient.ts';
import { describeWith } from '../support/peers.ts';
import { Site } from '../support/site.ts';
import { operator } from '../support/system.ts';
import { yangdump, yanglint } from '../support/yang-tools.ts';

const uuid = 'MODULES-0001';
const bridgeModule = 'urn:mup:yang:mup-bridge';

/** What yanglint says of data; empty: it is valid. */
function lintData(type: 'data' | 'get', folder: string, modules: readonly string[], file: string): string {
  const { status, stdout, stderr } = spawnSync(
    'yanglint',
    ['-D', '-t', type, '-p', folder, ...modules, file],
    { encoding: 'utf8', timeout: 60_000 },
  );
  return status === 0 ? `${stdout}${stderr}`.trim() : `exit ${status}: ${stdout}${stderr}`;
}

describeWith(['ncclient', 'yanglint', 'yangdump'], 'what a client learns of a running bridge', () => {
  let site: Site;
  let client: Ncclient;
  /** Children of `<data>` in the reply to `<get>`. */
  let data = '';
  /** Text by `name@revision`. */
  const modules: Record<string, string> = {};
  let capabilities: readonly string[] = [];

  beforeAll(async () => {
    site = await Site.start();
    await site.startDevice(uuid);
    await site.addImage(2, 3000);
    client = await Ncclient.connect({ port: site.bridge.port, ...operator });
    await update();
    ({ capabilities = [] } = await client.perform({ op: 'capabilities' }));
    // The device measures all the time; the bridge has what it measured, and what it runs now, a moment later.
    while (!data.includes('<telemetry xmlns=') || leafOf(data, 'firmware-version') !== '2') {
      const { reply = '' } = await client.perform({ op: 'get' });
      data = /<data>(.*)<\/data>/s.exec(reply)?.[1] ?? '';
    }
    for (const [, name = '', revision = ''] of data.matchAll(
      /<schema><identifier>([^<]+)<\/identifier><version>([^<]+)<\/version>/g,
    ))
      modules[`${name}@${revision}`] = (await client.perform({ op: 'get_schema', name })).schema ?? '';
  }, 120_000);

  afterAll(async () => {
    await client?.stop();
    await site?.stop();
  });

  async function update(): Promise<void> {
    const { reply: list } = await client.perform({
      op: 'get',
      filter: `<firmware xmlns="${bridgeModule}"/>`,
    });
    const digest = leafOf(list, 'digest') ?? '';
    const device = site.device(uuid);
    const from = device.lines.length;
    await client.dispatch(rpcXml(bridgeModule, 'update-firmware', { device: uuid, digest }));
    await device.json({ event: 'restarted', version: 2 }, from);
    await device.json({ event: 'registered' }, from);
  }

  const announced = (): string[][] =>
    capabilities.flatMap((uri) => {
      const [, name, revision] = /\?module=([^&]+)&revision=([0-9-]+)(?:&features=.*)?$/.exec(uri) ?? [];
      return name === undefined || revision === undefined ? [] : [[name, revision]];
    });

  /** Names of modules in a part of the data, sorted. */
  const namesIn = (part: RegExp): string[] =>
    [...(part.exec(data)?.[0] ?? '').matchAll(/module><name>([^<]+)</g)].map(([, name = '']) => name).sort();

  test('hello has no white space and lists each module once (RFC 6020 section 5.6.4)', () => {
    expect(capabilities.filter((uri) => /\s/.test(uri))).toEqual([]);
    expect(new Set(capabilities).size).toBe(capabilities.length);
    const names = announced().map(([name]) => name);
    expect(names.toSorted()).toEqual([
      'ietf-netconf',
      'ietf-netconf-acm',
      'ietf-netconf-monitoring',
      'ietf-netconf-notifications',
      'ietf-netconf-with-defaults',
      'mqtt-demo-board',
      'mup-bridge',
      'nc-notifications',
      'notifications',
    ]);
  });

  test('every announced module is listed, and every listed one served (RFC 6022)', () => {
    expect(Object.keys(modules)).toEqual(
      expect.arrayContaining(announced().map(([name, revision]) => `${name}@${revision}`)),
    );
    for (const [id, text] of Object.entries(modules)) {
      const [name, revision] = id.split('@');
      expect(text).toMatch(new RegExp(`^(?:\\s|//.*\n|/\\*[^]*?\\*/)*module ${name} \\{`));
      expect(text).toMatch(new RegExp(`revision "?${revision}"?`));
    }
  });

  test('the YANG library has them all, and those of YANG 1.1 (RFC 8525, RFC 7895)', () => {
    const library = namesIn(/<yang-library .*<\/yang-library>/s);
    const imported = ['ietf-datastores', 'ietf-inet-types', 'ietf-origin', 'ietf-yang-metadata'];
    const unannounced = [...imported, 'ietf-yang-types', 'ietf-netconf-nmda', 'ietf-yang-library'];
    expect(library).toEqual([...announced().map(([name = '']) => name), ...unannounced].sort());
    expect(namesIn(/<modules-state .*<\/modules-state>/s)).toEqual(library);
    const [, contentId] = /<content-id>(\w+)</.exec(data) ?? [];
    expect(capabilities).toContain(
      `urn:ietf:params:netconf:capability:yang-library:1.1?revision=2019-01-04&content-id=${contentId}`,
    );
  });

  test('the announced modules are of YANG 1, as hello demands (RFC 7950 section 5.6.4)', () => {
    for (const [name, revision] of announced())
      expect(modules[`${name}@${revision}`]).not.toMatch(/yang-version\s+"?1\.1/);
  });

  test('all of them pass yanglint, importing nothing but each other', () => {
    expect(yanglint(modules)).toBe('');
  });

  test('all of them pass yangdump, importing nothing but each other', () => {
    expect(yangdump(modules)).toBe('');
  });

  test('the answer to get is valid against them', async () => {
    const folder = join(site.directory, 'modules');
    await mkdir(folder);
    const files = await Promise.all(
      Object.entries(modules).map(async ([id, text]) => {
        const file = join(folder, `${id}.yang`);
        await writeFile(file, text);
        return file;
      }),
    );
    for (const part of [
      'devices',
      'firmware',
      'update-jobs',
      'statistics',
      'netconf-state',
      'yang-library',
      'modules-state',
      'netconf',
    ])
      expect(data).toContain(`<${part} xmlns=`);
    expect(leafOf(data, 'firmware-version')).toBe('2');
    const file = join(folder, 'get.xml');
    await writeFile(file, data);
    expect(lintData('get', folder, files, file)).toBe('');
    expect(lintData('data', folder, files, file)).toBe('');
    // The check would find a fault: a value outside its type, an element that no module has.
    await writeFile(file, data.replace('<presence>online<', '<presence>asleep<'));
    expect(lintData('get', folder, files, file)).toContain('asleep');
    await writeFile(file, data.replace('<statistics ', '<gossip ').replace('</statistics>', '</gossip>'));
    expect(lintData('get', folder, files, file)).not.toBe('');
  });

  test('ncclient had nothing to complain about', () => {
    expect(client.complaints).toBe('');
  });
});
