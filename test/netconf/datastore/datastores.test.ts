import { describe, expect, test } from '@jest/globals';
import { deferred } from '../../../src/base/deferred.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { PrepareConfig } from '../../../src/netconf/datastore/datastores.ts';
import { Datastores } from '../../../src/netconf/datastore/datastores.ts';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import { element } from '../../../src/xml/element.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { config, shown, testModule, testNamespace } from '../config-fixture.ts';
import { settled } from '../protocol-fixture.ts';
import { fault, MemoryStore, merge, named, open, running, startup, user } from './datastores-fixture.ts';

describe('running and startup (RFC 6241 §8.7)', () => {
  test('running begins as startup', async () => {
    const fixture = await open(named('a'));
    expect(running(fixture)).toBe('<top><name>a</name></top>');
    expect(startup(fixture)).toBe(running(fixture));
    expect(fixture.datastores.hasStartup).toBe(true);
  });

  test('without startup both are empty', async () => {
    const fixture = await open();
    expect(running(fixture)).toBe('');
    expect(fixture.datastores.hasStartup).toBe(false);
  });

  test.each([
    ['what is no XML', '<config', 'line 1'],
    ['another element', '<data/>', '<data>'],
    [
      'an unknown node',
      `<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><nix xmlns="${testNamespace}"/></config>`,
      '<nix>',
    ],
    [
      'an entry without what is mandatory',
      `<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><top xmlns="${testNamespace}"><rule><name>r</name></rule></top></config>`,
      "t:rule[t:name='r']/t:action",
    ],
  ])('a startup that cannot be used stops the start: %s', async (_, text, shownReason) => {
    const opening = Datastores.open({
      schemas: [testModule],
      store: new MemoryStore(text),
      clock: new ManualClock(),
      logger: silentLogger,
      maxConfigBytes: 1000,
    });
    await expect(opening).rejects.toMatchObject({
      code: 'startup-unusable',
      message: expect.stringContaining(shownReason),
    });
  });

  test('an edit of running leaves startup alone, and copy-config saves it (§7.3)', async () => {
    const fixture = await open(named('a'));
    await fixture.datastores.edit(merge('<top><name>b</name></top>'));
    expect(startup(fixture)).toContain('>a<');
    expect(fixture.store.saves).toBe(0);
    await fixture.datastores.copy('running', 'startup');
    expect(startup(fixture)).toContain('>b<');
    expect(fixture.store.text).toContain('<name>b</name>');
  });

  test('startup may be edited by itself', async () => {
    const fixture = await open(named('a'));
    await fixture.datastores.edit({ target: 'startup', config: config('<top><name>s</name></top>') });
    expect(running(fixture)).toContain('>a<');
    expect(fixture.store.text).toContain('<name>s</name>');
  });

  test('copy-config of a whole configuration replaces running', async () => {
    const fixture = await open(named('a'));
    await fixture.datastores.copy(config('<top><size>1</size></top>'), 'running');
    expect(running(fixture)).toBe('<top><size>1</size></top>');
    await fixture.datastores.copy('startup', 'running');
    expect(running(fixture)).toBe('<top><name>a</name></top>');
  });

  test('delete-config deletes startup, and running goes on (§7.4)', async () => {
    const fixture = await open(named('a'));
    await fixture.datastores.deleteStartup();
    expect(fixture.store.text).toBeUndefined();
    expect(fixture.datastores.hasStartup).toBe(false);
    expect(startup(fixture)).toBe('');
    expect(running(fixture)).toContain('>a<');
    expect(await fault(fixture.datastores.copy('startup', 'running'))).toBe('application/data-missing');
  });

  test('copy-config copies what with-defaults asks for (RFC 6243 §4.5.1)', async () => {
    const fixture = await open(named('a'));
    await fixture.datastores.copy('running', 'startup', undefined, 'report-all');
    expect(startup(fixture)).toBe('<top><name>a</name><size>7</size><inner><depth>1</depth></inner></top>');
    await fixture.datastores.copy('running', 'startup', undefined, 'report-all-tagged');
    expect(startup(fixture)).toBe('<top><name>a</name></top>');
  });

  test('what is not saved is said in the log at the end, once', async () => {
    const fixture = await open(named('a'));
    await fixture.datastores.edit(merge('<top><name>b</name></top>'));
    await fixture.datastores.close();
    expect(
      fixture.logger.lines.filter(({ message }) => message.includes('end with the process')),
    ).toHaveLength(1);
    const saved = await open(named('a'));
    await saved.datastores.close();
    expect(saved.logger.lines).toEqual([]);
  });
});

describe('a change is whole or not at all', () => {
  test('test-only changes nothing (RFC 6241 §8.6.4.2)', async () => {
    const fixture = await open(named('a'));
    await fixture.datastores.edit({ ...merge('<top><name>b</name></top>'), testOption: 'test-only' });
    expect(running(fixture)).toContain('>a<');
    const bad = { ...merge('<top><rule><name>r</name></rule></top>'), testOption: 'test-only' } as const;
    expect(await fault(fixture.datastores.edit(bad))).toContain('data-missing');
  });

  test.each(['test-then-set', 'set'] as const)(
    '%s commits nothing that is not valid (§8.6)',
    async (testOption) => {
      const fixture = await open(named('a'));
      const edit = fixture.datastores.edit({
        ...merge('<top><name>b</name><rule><name>r</name></rule></top>'),
        testOption,
      });
      expect(await fault(edit)).toBe("application/data-missing /t:top/t:rule[t:name='r']/t:action");
      expect(running(fixture)).toContain('>a<');
    },
  );

  test.each(['stop-on-error', 'rollback-on-error'] as const)(
    '%s leaves all as it was (§8.5)',
    async (errorOption) => {
      const fixture = await open(named('a'));
      const edit = fixture.datastores.edit({
        ...merge('<top><name>b</name><size>999</size></top>'),
        errorOption,
      });
      expect(await fault(edit)).toContain('invalid-value');
      expect(running(fixture)).toContain('>a<');
      expect(fixture.changes).toEqual([]);
    },
  );

  test('continue-on-error commits what did not fail, and tells what did (§7.2)', async () => {
    const fixture = await open(named('a'));
    const edit = fixture.datastores.edit({
      ...merge('<nix/><top><name>b</name><size>999</size></top>'),
      errorOption: 'continue-on-error',
    });
    await expect(edit).rejects.toMatchObject({
      tag: 'unknown-element',
      fields: { further: [{ tag: 'invalid-value' }] },
    });
    expect(running(fixture)).toBe('<top><name>b</name></top>');
  });

  test('a disk that fails changes neither memory nor disk', async () => {
    const fixture = await open(named('a'));
    fixture.store.fails = true;
    const edit = fixture.datastores.edit({ target: 'startup', config: config('<top><name>b</name></top>') });
    expect(await fault(edit)).toBe('application/operation-failed');
    expect(await fault(fixture.datastores.deleteStartup())).toBe('application/operation-failed');
    expect(startup(fixture)).toContain('>a<');
    expect(fixture.datastores.hasStartup).toBe(true);
    expect(fixture.changes).toEqual([]);
    expect(fixture.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  test('a datastore is bounded', async () => {
    const fixture = await open(named('a'), { maxConfigBytes: 100 });
    expect(await fault(fixture.datastores.edit(merge(`<top><name>${'x'.repeat(200)}</name></top>`)))).toBe(
      'application/too-big',
    );
  });

  test('changes happen one at a time, in their order', async () => {
    const gate = deferred();
    let first = true;
    const fixture = await open('', {
      prepare: async (after) => {
        if (first) {
          first = false;
          await gate.promise;
        }
        return after;
      },
    });
    const slow = fixture.datastores.edit(merge('<top><name nc:operation="create">1</name></top>'));
    const next = fault(fixture.datastores.edit(merge('<top><name nc:operation="create">2</name></top>')));
    const lock = fixture.datastores.lock('running', user(3));
    await settled();
    expect(fixture.datastores.locks()).toEqual([]);
    gate.resolve();
    await Promise.all([slow, lock]);
    expect(await next).toBe('application/data-exists /t:top/t:name');
    expect(running(fixture)).toBe('<top><name>1</name></top>');
  });

  test('what a session has asked that is gone is not done', async () => {
    const fixture = await open(named('a'));
    const gone = user(1);
    const edit = fault(fixture.datastores.edit(merge('<top><name>b</name></top>'), gone));
    const lock = fault(fixture.datastores.lock('running', gone));
    gone.end();
    expect(await edit).toContain('AbortError');
    expect(await lock).toContain('AbortError');
    expect(running(fixture)).toContain('>a<');
    expect(fixture.datastores.locks()).toEqual([]);
  });
});

describe('what is prepared before it is committed', () => {
  const hashed: PrepareConfig = (after) =>
    after.map((top) => ({ ...top, children: [element(testNamespace, 'name', 'hashed')] }));

  test('no clear text reaches memory or disk', async () => {
    const fixture = await open('', { prepare: hashed });
    await fixture.datastores.edit({ target: 'startup', config: config('<top><name>clear</name></top>') });
    expect(startup(fixture)).toContain('>hashed<');
    expect(fixture.store.text).not.toContain('clear');
  });

  test('it may be refused, by validate too (RFC 6241 §8.6.4.1)', async () => {
    const prepare: PrepareConfig = () => {
      throw new RpcError('application', 'invalid-value', 'no');
    };
    const { datastores } = await open('', { prepare });
    expect(await fault(datastores.edit(merge('<top/>')))).toBe('application/invalid-value');
    expect(await fault(datastores.validate(config('<top/>')))).toBe('application/invalid-value');
    expect(await fault(datastores.validate('running'))).toBe('no error');
  });

  test('validate prepares only what the user may read: others make the server hash nothing', async () => {
    const prepared: string[] = [];
    const prepare: PrepareConfig = (after) => {
      prepared.push(shown(after));
      return after;
    };
    const { datastores } = await open('', { prepare });
    await datastores.validate(config('<top><name>a</name></top>'), user(1, { readable: () => [] }));
    await datastores.validate(config('<top><name>a</name></top>'), user(2));
    expect(prepared).toEqual(['', '<top><name>a</name></top>']);
  });
});
