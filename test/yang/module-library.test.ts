import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadModule } from '../../src/yang/adapters/module-library.ts';
import { moduleSchema } from '../../src/yang/module-schema.ts';
import { parseModule } from '../../src/yang/parser.ts';
import { printModule } from '../../src/yang/printer.ts';
import type { Statement } from '../../src/yang/statement.ts';
import { describeWith, root } from '../support/peers.ts';
import { yangdump, yanglint } from '../support/yang-tools.ts';

const own = [
  ['ietf-datastores', '2018-02-14'],
  ['ietf-inet-types', '2013-07-15'],
  ['ietf-netconf', '2011-06-01'],
  ['ietf-netconf-acm', '2018-02-14'],
  ['ietf-netconf-monitoring', '2010-10-04'],
  ['ietf-netconf-nmda', '2019-01-07'],
  ['ietf-netconf-notifications', '2012-02-06'],
  ['ietf-netconf-with-defaults', '2011-06-01'],
  ['ietf-origin', '2018-02-14'],
  ['ietf-yang-library', '2019-01-04'],
  ['ietf-yang-metadata', '2016-08-05'],
  ['ietf-yang-types', '2013-07-15'],
  ['mup-bridge', '2026-11-22'],
  ['nc-notifications', '2008-07-14'],
  ['notifications', '2008-07-14'],
] as const;

async function ownStatements(): Promise<Map<string, Statement>> {
  const loaded = await Promise.all(own.map(([name, revision]) => loadModule(name, revision, [])));
  return new Map(loaded.map(({ statement }) => [statement.argument ?? '', statement]));
}

describe('the module library', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mup-library-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (
    path: string,
    name: string,
    revision: string,
    text = `module ${name} { revision ${revision}; }`,
  ) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };

  test.each(own)('has a rendition of %s@%s', async (name, revision) => {
    const { statement, text } = await loadModule(name, revision, []);
    expect(parseModule(text)).toEqual(statement);
    expect(await loadModule(name, undefined, [join(folder, 'missing')])).toEqual({ statement, text });
  });

  test('an official file in a folder of the search path, or one level below, is served instead', async () => {
    put(
      'a/b/ietf-netconf@2011-06-01.yang',
      'ietf-netconf',
      '2011-06-01',
      'module ietf-netconf { revision 2011-06-01; // deep\n}',
    );
    put(
      'c/ietf-netconf.yang',
      'ietf-netconf',
      '2011-06-01',
      'module ietf-netconf { revision 2011-06-01; // found\n}',
    );
    expect((await loadModule('ietf-netconf', '2011-06-01', [folder])).text).toContain('found');
  });

  test('without a revision, the newest is served; with one, that', async () => {
    put('x@2020-01-01.yang', 'x', '2020-01-01');
    put('x@2021-01-01.yang', 'x', '2021-01-01');
    expect((await loadModule('x', undefined, [folder])).text).toContain('2021');
    expect((await loadModule('x', '2020-01-01', [folder])).text).toContain('2020');
    await expect(loadModule('x', '2019-01-01', [folder])).rejects.toMatchObject({ code: 'module-not-found' });
  });

  test('a file of another revision or with another module is passed over', async () => {
    put('ietf-netconf.yang', 'ietf-netconf', '2013-09-29');
    put('ietf-netconf@2011-06-01.yang', 'evil', '2011-06-01');
    const { text } = await loadModule('ietf-netconf', '2011-06-01', [folder]);
    expect(text).toContain('Written for mup-bridge');
  });

  test('a file of our own modules is never taken from elsewhere', async () => {
    put('mup-bridge.yang', 'mup-bridge', '2030-01-01');
    expect((await loadModule('mup-bridge', undefined, [folder])).text).not.toContain('2030');
  });

  test('a file that is not YANG is named with the line', async () => {
    put('ietf-netconf@2011-06-01.yang', '', '', 'module ietf-netconf {\n  "');
    await expect(loadModule('ietf-netconf', '2011-06-01', [folder])).rejects.toMatchObject({
      code: 'module-unreadable',
      where: `${folder}/ietf-netconf@2011-06-01.yang, line 2`,
    });
  });

  test.each(['../mup-bridge', 'a/b', '', 'x\u0000', '.'])('%j is not looked for', async (name) => {
    await expect(loadModule(name, undefined, [folder])).rejects.toMatchObject({ code: 'module-not-found' });
  });
});

describe('our own modules', () => {
  test('each file of yang/ is loaded by a test', () => {
    const files = own.map(([name, revision]) =>
      name === 'mup-bridge' ? 'mup-bridge.yang' : `${name}@${revision}.yang`,
    );
    expect(readdirSync(join(root, 'yang')).sort()).toEqual(files.sort());
  });

  test('mup-bridge has the RPCs and state of the design', async () => {
    const statements = await ownStatements();
    const module = statements.get('mup-bridge');
    if (module === undefined) throw new Error('mup-bridge is missing');
    const schema = moduleSchema(module, (name) => statements.get(name));
    expect(schema).toMatchObject({
      namespace: 'urn:mup:yang:mup-bridge',
      prefix: 'mup',
      revision: '2026-11-22',
    });
    expect([...schema.rpcs.keys()]).toEqual([
      'update-firmware',
      'cancel-update',
      'add-device',
      'accept-device',
      'remove-device',
      'prepare-server-key',
      'activate-server-key',
      'retire-server-key',
    ]);
    expect(schema.data.filter(({ config }) => config === false).map(({ name }) => name)).toEqual([
      'devices',
      'firmware',
      'update-jobs',
      'update-server',
      'statistics',
    ]);
    expect(schema.data.filter(({ config }) => config !== false).map(({ name }) => name)).toEqual([
      'settings',
      'users',
      'call-home',
    ]);
    expect(schema.data.find(({ name }) => name === 'users')?.access).toBe('deny-all');
    expect(schema.rpcs.get('update-firmware')?.input).toMatchObject([
      { kind: 'leaf', name: 'device', mandatory: true },
      {
        kind: 'choice',
        mandatory: true,
        cases: [[{ name: 'digest' }], [{ name: 'image' }, { name: 'manifest' }]],
      },
    ]);
  });

  test('all resolve to schemas', async () => {
    const statements = await ownStatements();
    for (const module of statements.values())
      expect(moduleSchema(module, (name) => statements.get(name)).name).toBe(module.argument);
  });
});

describeWith(['yanglint', 'yangdump'], 'our own modules and other compilers', () => {
  test('have nothing to complain about', async () => {
    const folder = join(root, 'yang');
    const texts = Object.fromEntries(
      await Promise.all(
        own.map(async ([name, revision]) => [name, (await loadModule(name, revision, [])).text] as const),
      ),
    );
    expect(yanglint(texts, folder)).toBe('');
    expect(yangdump(texts, folder)).toBe('');
    const printed = Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, printModule(parseModule(text))]),
    );
    expect(yanglint(printed, folder)).toBe('');
    expect(yangdump(printed, folder)).toBe('');
  });

  test('the official modules of Debian have the same nodes and types as ours', async () => {
    const ours = await ownStatements();
    const theirs = new Map<string, Statement>();
    const official = own.filter(([name]) => name.startsWith('ietf-') || name === 'nc-notifications');
    for (const [name, revision] of official)
      theirs.set(
        name,
        (await loadModule(name, revision, ['/usr/share/yuma/modules', '/usr/share/yang/modules'])).statement,
      );
    const notifications = ours.get('notifications');
    if (notifications !== undefined) theirs.set('notifications', notifications);
    for (const [name] of official) expect([name, shapeOf(ours, name)]).toEqual([name, shapeOf(theirs, name)]);
  });

  test('every module of Debian is read', async () => {
    const folder = '/usr/share/yuma/modules/ietf';
    for (const file of readdirSync(folder)) {
      const { statement } = await loadModule(file.replace(/@.*/, ''), undefined, [folder]);
      expect(parseModule(printModule(statement))).toEqual(statement);
    }
  });
});

/** What a module defines: data, operations, notifications, and the names of all else. */
function shapeOf(modules: ReadonlyMap<string, Statement>, name: string): unknown {
  const module = modules.get(name) ?? { keyword: 'module', substatements: [] };
  const definitions = ['typedef', 'identity', 'feature', 'extension', 'augment'];
  const names = module.substatements
    .filter(({ keyword }) => definitions.includes(keyword))
    .map(({ keyword, argument }) => `${keyword} ${argument}`);
  const schema = moduleSchema(module, (one) => modules.get(one));
  return { names: names.sort(), schema: withoutPatterns(schema) };
}

/** Patterns are written differently; what they accept is tested below. */
function withoutPatterns(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value instanceof Map ? [...value] : value, (key, inner) =>
      key === 'patterns' ? undefined : inner instanceof Map ? [...inner] : inner,
    ),
  );
}
