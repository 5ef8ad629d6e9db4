import { describe, expect, test } from '@jest/globals';
import { deferred } from '../../../src/base/deferred.ts';
import { UnavailableError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { type UserAccess, unrestricted } from '../../../src/netconf/access/user-access.ts';
import type { ConfigChange } from '../../../src/netconf/datastore/config-change.ts';
import type {
  ConfigRequester,
  DatastoreStore,
  PrepareConfig,
} from '../../../src/netconf/datastore/datastores.ts';
import { Datastores } from '../../../src/netconf/datastore/datastores.ts';
import { RpcError } from '../../../src/netconf/rpc-error.ts';
import { element } from '../../../src/xml/element.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { config, faultText, shown, testModule, testNamespace } from '../config-fixture.ts';
import { settled } from '../protocol-fixture.ts';

/** A disk that fails when it is told to. */
class MemoryStore implements DatastoreStore {
  text: string | undefined;
  fails = false;
  saves = 0;

  constructor(text?: string) {
    this.text = text;
  }

  async load(): Promise<string | undefined> {
    return this.text;
  }

  async save(text: string | undefined): Promise<void> {
    if (this.fails) throw new UnavailableError('disk-full', 'no space left on device');
    this.saves += 1;
    this.text = text;
  }
}

interface Fixture {
  readonly datastores: Datastores;
  readonly store: MemoryStore;
  readonly logger: RecordingLogger;
  readonly changes: ConfigChange[];
}

async function open(
  startup?: string,
  more: { readonly prepare?: PrepareConfig; readonly maxConfigBytes?: number } = {},
): Promise<Fixture> {
  const text =
    startup === undefined
      ? undefined
      : `<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">${startup}</config>`;
  const store = new MemoryStore(text);
  const logger = new RecordingLogger();
  const datastores = await Datastores.open({
    schemas: [testModule],
    store,
    clock: new ManualClock(),
    logger,
    maxConfigBytes: 10_000,
    ...more,
  });
  const changes: ConfigChange[] = [];
  datastores.onCommitted((change) => changes.push(change));
  return { datastores, store, logger, changes };
}

const named = (name: string): string => `<top xmlns="${testNamespace}"><name>${name}</name></top>`;
const running = ({ datastores }: Fixture): string => shown(datastores.running());
const startup = ({ datastores }: Fixture): string => shown(datastores.read('startup'));
const merge = (content: string) => ({ target: 'running', config: config(content) }) as const;

function user(id: number, access: Partial<UserAccess> = {}): ConfigRequester & { end(): void } {
  const aborter = new AbortController();
  return {
    session: { id, username: `user${id}`, sourceHost: '192.0.2.1', loginTime: 0 },
    signal: aborter.signal,
    access: { ...unrestricted, ...access },
    end: () => aborter.abort(),
  };
}

async function fault(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return 'no error';
  } catch (error) {
    return error instanceof RpcError ? faultText(error) : String(error);
  }
}

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
