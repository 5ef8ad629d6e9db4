import { describe, expect, test } from '@jest/globals';
import type { ConfigChange } from '../../../src/netconf/datastore/config-change.ts';
import { configChanges, sessionEnd } from '../../../src/netconf/events/base-events.ts';
import { writeXml } from '../../../src/xml/xml-writer.ts';
import { connect, ScriptedClient, startServer } from '../protocol-fixture.ts';

const open = '<netconf-session-start xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-notifications">';
const create =
  '<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"></create-subscription>';

/** What a watcher is told while something happens. */
async function watch(
  happens: (fixture: ReturnType<typeof startServer>) => Promise<void> | void,
  overrides: Parameters<typeof startServer>[0] = {},
): Promise<string[]> {
  const fixture = startServer(overrides);
  const watcher = connect(fixture.server, 'chunked', 'watcher');
  await watcher.call(create);
  await happens(fixture);
  fixture.clock.advance(0);
  return watcher
    .takeMessages()
    .map((message) => message.replace(/^.*<\/eventTime>|<\/notification>$/g, ''))
    .map((content) => content.replace(' xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"', ''));
}

const parameters = (id: number, user = 'anna'): string =>
  `<username>${user}</username><session-id>${id}</session-id><source-host>192.0.2.7</source-host>`;
const started = (id: number): string => `<netconf-session-start>${parameters(id)}</netconf-session-start>`;
const ended = (id: number, reason: string, killedBy = ''): string =>
  `<netconf-session-end>${parameters(id)}${killedBy}<termination-reason>${reason}</termination-reason></netconf-session-end>`;

describe('events of sessions (RFC 6470 §2.2)', () => {
  test('a session that begins and is closed', async () => {
    const happens = async ({ server }: ReturnType<typeof startServer>): Promise<void> => {
      await connect(server).call('<close-session/>');
    };
    expect(await watch(happens)).toEqual([started(2), ended(2, 'closed')]);
  });

  test('a session that another one kills names it', async () => {
    const happens = async ({ server }: ReturnType<typeof startServer>): Promise<void> => {
      connect(server);
      await connect(server).call('<kill-session><session-id>2</session-id></kill-session>');
    };
    const killed = ended(2, 'killed', '<killed-by>3</killed-by>');
    expect(await watch(happens)).toEqual([started(2), started(3), killed]);
  });

  test('a session whose channel breaks', async () => {
    expect(await watch(({ server }) => connect(server).handle.closed())).toEqual([
      started(2),
      ended(2, 'dropped'),
    ]);
  });

  test('a session whose hello is none', async () => {
    const happens = ({ server }: ReturnType<typeof startServer>): void =>
      new ScriptedClient(server).raw('<hello/>]]>]]>');
    expect(await watch(happens)).toEqual([started(2), ended(2, 'bad-hello')]);
  });

  test('a session that is idle for too long', async () => {
    const happens = ({ server, clock }: ReturnType<typeof startServer>): void => {
      connect(server);
      clock.advance(1000);
    };
    expect(await watch(happens, { idleTimeoutMs: 1000 })).toEqual([started(2), ended(2, 'timeout')]);
  });

  test('a client without an address is shown without source-host', () => {
    const session = { id: 7, username: 'anna', sourceHost: 'unknown', loginTime: 0 };
    expect(writeXml(sessionEnd(session, 'other').content)).toBe(
      `${open.replace('start', 'end')}<username>anna</username><session-id>7</session-id>` +
        '<termination-reason>other</termination-reason></netconf-session-end>',
    );
  });
});

describe('netconf-config-change (RFC 6470 §2.2)', () => {
  const prefixOf = (namespace: string): string | undefined => (namespace === 'urn:n' ? 'nacm' : undefined);
  const by = { id: 7, username: 'anna', sourceHost: '2001:db8::1', loginTime: 0 };
  const target = [
    { namespace: 'urn:n', name: 'nacm' },
    { namespace: 'urn:n', name: 'group', keys: { name: "o'group" } },
  ];

  const texts = (change: ConfigChange): string[] =>
    configChanges(change, prefixOf).map(({ content }) => writeXml(content));

  test('tells who has changed which nodes of which datastore', () => {
    const change = { datastore: 'startup', by, edits: [{ target, operation: 'create' }] } as const;
    expect(texts(change)).toEqual([
      '<netconf-config-change xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"><changed-by>' +
        '<username>anna</username><session-id>7</session-id><source-host>2001:db8::1</source-host></changed-by>' +
        '<datastore>startup</datastore><edit><target xmlns:nacm="urn:n">/nacm:nacm/nacm:group[nacm:name="o\'group"]' +
        '</target><operation>create</operation></edit></netconf-config-change>',
    ]);
  });

  test('follows each commit that changed something, and no other', async () => {
    const lamps = '<lamps xmlns="urn:mup:yang:mqtt-lamp"><lamp><id>7</id></lamp></lamps>';
    const edit = `<edit-config><target><running/></target><config>${lamps}</config></edit-config>`;
    const happens = async ({ server }: ReturnType<typeof startServer>): Promise<void> => {
      const client = connect(server);
      for (const id of ['1', '2']) expect(await client.call(edit, id)).toContain('<ok/>');
    };
    const [begun, changed, ...others] = await watch(happens);
    expect([begun, others]).toEqual([started(2), []]);
    expect(changed).toContain(
      `<changed-by>${parameters(2)}</changed-by><datastore>running</datastore><edit>`,
    );
    expect(changed).toContain('<target xmlns:lamp="urn:mup:yang:mqtt-lamp">/lamp:lamps');
  });

  test('names the server where no session asked for it', () => {
    expect(texts({ datastore: 'running', edits: [{ target, operation: 'merge' }] })[0]).toContain(
      '<changed-by><server/></changed-by><datastore>running</datastore><edit>',
    );
  });

  test('is one event a top-level node and a list entry, each about what holds all of its changes', () => {
    const step = (name: string, keys?: Record<string, string>) => ({
      namespace: 'urn:n',
      name,
      ...(keys === undefined ? {} : { keys }),
    });
    const paths = [
      [step('a'), step('b', { k: '1' }), step('c')],
      [step('d'), step('e')],
      [step('a'), step('b', { k: '1' }), step('d')],
      [step('a'), step('b', { k: '2' })],
      [step('a'), step('f')],
      [step('d'), step('e')],
    ];
    const edits = paths.map((path) => ({ target: path, operation: 'delete' as const }));
    const events = configChanges({ datastore: 'running', edits }, prefixOf);
    expect(events.map(({ about }) => about)).toEqual([
      [step('a'), step('b', { k: '1' })],
      [step('d'), step('e')],
      [step('a'), step('b', { k: '2' })],
      [step('a'), step('f')],
    ]);
    expect(events.map(({ content }) => content.children.length)).toEqual([2 + 2, 2 + 2, 2 + 1, 2 + 1]);
  });
});
