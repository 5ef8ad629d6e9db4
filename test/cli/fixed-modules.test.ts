import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadFixedModules } from '../../src/cli/adapters/fixed-modules.ts';

describe('the modules that no device brings', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mup-fixed-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('are those that clients ask for, and all that these import', async () => {
    const { modules, imports } = await loadFixedModules([]);
    for (const { schema, text } of modules)
      for (const [, name = ''] of (await text()).matchAll(/^ *import ([\w-]+)/gm))
        expect([schema.name, imports(name)?.argument]).toEqual([schema.name, name]);
    const shown = modules.map(
      ({ schema, conformance }) => `${schema.name}@${schema.revision} ${conformance}`,
    );
    expect(shown).toContain('ietf-netconf@2011-06-01 implement');
    expect(shown).toContain('notifications@2008-07-14 implement');
    expect(shown).toContain('nc-notifications@2008-07-14 implement');
    expect(shown).toContain('ietf-yang-types@2013-07-15 import');
  });

  test('RFC 6020 §5.6.4: the features are those that ietf-netconf has, and no more than hello announces', async () => {
    const { modules } = await loadFixedModules([]);
    const netconf = modules.find(({ schema }) => schema.name === 'ietf-netconf');
    const defined = [...((await netconf?.text()) ?? '').matchAll(/^ *feature ([\w-]+)/gm)].map(
      ([, one]) => one,
    );
    expect(defined).toEqual(expect.arrayContaining([...(netconf?.features ?? ['none'])]));
    expect(netconf?.features).not.toContain('candidate');
  });

  test('one whose configuration demands what nobody would enforce is refused, with what to do', async () => {
    writeFileSync(
      join(folder, 'ietf-netconf-acm.yang'),
      `module ietf-netconf-acm { namespace "urn:x"; prefix nacm; revision 2018-02-14;
         container nacm { must "false()"; } }`,
    );
    await expect(loadFixedModules([folder])).rejects.toMatchObject({
      code: 'module-unusable',
      message: expect.stringContaining('"must" on configuration is not supported'),
      hint: expect.stringContaining('yang.searchPath'),
    });
  });

  test('where the files that go round make clients warn, ours are served', async () => {
    writeFileSync(
      join(folder, 'notifications.yang'),
      'module notifications { namespace "urn:x"; prefix n; import yuma-ncx { prefix ncx; } revision 2008-07-14; }',
    );
    const { modules } = await loadFixedModules([folder]);
    const notifications = modules.find(({ schema }) => schema.name === 'notifications');
    expect(await notifications?.text()).not.toContain('yuma-ncx');
  });
});
