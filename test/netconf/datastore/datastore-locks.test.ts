import { describe, expect, test } from '@jest/globals';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import { config, shown, testNamespace } from '../config-fixture.ts';
import { fault, merge, named, open, running, startup, user } from './datastores-fixture.ts';

describe('locks (RFC 6241 §7.5, §7.6)', () => {
  test('only the holder changes a locked datastore; others and the server itself are told in-use', async () => {
    const { datastores } = await open(named('a'));
    await datastores.lock('running', user(1));
    const edit = merge('<top><name>b</name></top>');
    expect(await fault(datastores.edit(edit, user(2)))).toBe('protocol/in-use');
    expect(await fault(datastores.edit(edit))).toBe('protocol/in-use');
    expect(await fault(datastores.copy('startup', 'running', user(2)))).toBe('protocol/in-use');
    expect(await fault(datastores.edit(edit, user(1)))).toBe('no error');
    expect(await fault(datastores.edit({ ...edit, target: 'startup' }, user(2)))).toBe('no error');
  });

  test('a locked startup is not deleted by others', async () => {
    const { datastores } = await open(named('a'));
    await datastores.lock('startup', user(1));
    expect(await fault(datastores.deleteStartup(user(2)))).toBe('protocol/in-use');
    expect(await fault(datastores.copy('running', 'startup', user(2)))).toBe('protocol/in-use');
  });

  test('lock-denied names the owner, who may be the session itself', async () => {
    const { datastores } = await open();
    await datastores.lock('running', user(4));
    for (const id of [4, 5])
      await expect(datastores.lock('running', user(id))).rejects.toMatchObject({
        type: 'protocol',
        tag: 'lock-denied',
        fields: { info: [{ name: 'session-id', children: ['4'] }] },
      });
    await expect(datastores.lock('startup', user(5))).resolves.toBeUndefined();
    expect(datastores.locks()).toMatchObject([
      { datastore: 'running', sessionId: 4 },
      { datastore: 'startup', sessionId: 5 },
    ]);
  });

  test('unlock takes one away that the session holds', async () => {
    const { datastores } = await open();
    await datastores.lock('running', user(4));
    expect(await fault((async () => datastores.unlock('running', 5))())).toBe('protocol/lock-denied');
    expect(await fault((async () => datastores.unlock('startup', 4))())).toBe('protocol/operation-failed');
    datastores.unlock('running', 4);
    expect(datastores.locks()).toEqual([]);
  });

  test('the end of a session releases its locks, and no others', async () => {
    const { datastores } = await open();
    await datastores.lock('running', user(4));
    await datastores.lock('startup', user(5));
    datastores.releaseLocks(4);
    expect(datastores.locks().map(({ sessionId }) => sessionId)).toEqual([5]);
  });
});

describe('who hears of a commit (RFC 6470 §2.2)', () => {
  test('edits name the topmost node that changed, and who changed it', async () => {
    const { datastores, changes } = await open(
      '<top xmlns="urn:test:config"><name>a</name><item><id>1</id></item><step>1</step><step>2</step></top>',
    );
    const edit = `<top><name>b</name><tag>x</tag><item nc:operation="delete"><id>1</id></item>
      <item><id>2</id><note>n</note></item><step yang:insert="first">2</step></top>`;
    await datastores.edit(merge(edit), user(7));
    expect(changes).toHaveLength(1);
    expect(changes[0]?.by?.id).toBe(7);
    expect(
      changes[0]?.edits.map(({ target, operation }) => [operation, target.at(-1)?.name, target.at(-1)?.keys]),
    ).toEqual([
      ['delete', 'item', { id: '1' }],
      ['replace', 'name', undefined],
      ['create', 'tag', { '.': 'x' }],
      ['create', 'item', { id: '2' }],
      ['merge', 'step', { '.': '2' }],
      ['merge', 'step', { '.': '1' }],
    ]);
  });

  test('many edits are told as their top-level node', async () => {
    const { datastores, changes } = await open();
    const items = Array.from({ length: 150 }, (_, i) => `<item><id>${i}</id></item>`).join('');
    await datastores.edit(merge('<top><name>x</name></top>'));
    await datastores.edit(merge(`<top>${items}</top>`));
    expect(changes[1]?.edits).toMatchObject([{ operation: 'merge', target: [{ name: 'top' }] }]);
  });

  test('an edit that changes nothing is no commit', async () => {
    const { datastores, changes } = await open(named('a'));
    await datastores.edit(merge('<top><name>a</name></top>'));
    await datastores.copy('startup', 'running');
    expect(changes).toEqual([]);
  });

  test('running alone is a view; a listener that fails keeps no other one from hearing', async () => {
    const { datastores, logger } = await open(named('a'));
    const heard: string[] = [];
    datastores.onChanged(() => {
      throw new RpcError('application', 'operation-failed', 'broken listener');
    });
    const stop = datastores.onChanged((after, before) => heard.push(shown(before), shown(after)));
    await datastores.edit(merge('<top><name>b</name></top>'));
    await datastores.copy('running', 'startup');
    stop();
    await datastores.edit(merge('<top><name>c</name></top>'));
    expect(heard).toEqual(['<top><name>a</name></top>', '<top><name>b</name></top>']);
    expect(
      logger.lines.some(({ level, fields }) => level === 'error' && fields['reason'] === 'broken listener'),
    ).toBe(true);
  });
});

describe('access control (RFC 8341 §3.2.6, §3.4.5)', () => {
  const refusing = { refusedWrite: () => [{ namespace: testNamespace, name: 'top' }] };

  test('a write that is refused is access-denied with its path, and nothing is committed', async () => {
    const fixture = await open(named('a'));
    const edit = fixture.datastores.edit(merge('<top><name>b</name></top>'), user(1, refusing));
    expect(await fault(edit)).toBe('protocol/access-denied /t:top');
    expect(running(fixture)).toContain('>a<');
  });

  test('its path ends where the user may not read on', async () => {
    const fixture = await open(named('a'));
    for (const [depth, path] of [
      [1, '/t:top'],
      [0, '/nc:rpc'],
    ] as const) {
      const access = {
        mayRead: (to: readonly unknown[]) => to.length <= depth,
        refusedWrite: () => [
          { namespace: testNamespace, name: 'top' },
          { namespace: testNamespace, name: 'name' },
        ],
      };
      const copy = fixture.datastores.copy(config(''), 'running', user(1, access));
      expect(await fault(copy)).toBe(`protocol/access-denied ${path}`);
    }
  });

  test('running is copied to startup by whoever may call copy-config', async () => {
    const blind = user(1, { ...refusing, readable: () => [] });
    const fixture = await open(named('a'));
    await fixture.datastores.edit(merge('<top><name>b</name></top>'));
    await fixture.datastores.copy('running', 'startup', blind);
    expect(startup(fixture)).toContain('>b<');
  });

  test('another copy takes what the user may read, and needs leave to write', async () => {
    const fixture = await open(named('a'));
    await fixture.datastores.edit(merge('<top><size>1</size></top>'));
    expect(await fault(fixture.datastores.copy('startup', 'running', user(1, refusing)))).toContain(
      'access-denied',
    );
    await fixture.datastores.copy('startup', 'running', user(1, { readable: () => [] }));
    expect(running(fixture)).toBe('');
  });
});
