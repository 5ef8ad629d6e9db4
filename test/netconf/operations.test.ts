import { describe, expect, test } from '@jest/globals';
import { element } from '../../src/xml/element.ts';
import {
  connect,
  imported,
  lampModule,
  lampNamespace,
  lampSchema,
  parse,
  settled,
  startServer,
} from './protocol-fixture.ts';

const monitoring = 'urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring';
const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const tagOf = (reply: string): string | undefined => /<error-tag>([a-z-]+)</.exec(reply)?.[1];

describe('get-schema (RFC 6022 §3.1)', () => {
  const ask = async (content: string): Promise<string> =>
    connect(startServer().server).call(`<get-schema xmlns="${monitoring}">${content}</get-schema>`);

  test('answers the text of one module, ASCII only', async () => {
    expect(await ask('<identifier> mqtt-lamp </identifier>')).toBe(
      `<rpc-reply xmlns="${base}" message-id="1"><data xmlns="${monitoring}">` +
        'module mqtt-lamp { description "&#228;"; }</data></rpc-reply>',
    );
  });

  test('version and format narrow it down; the format may have a prefix', async () => {
    const both = '<identifier>twice</identifier><version>2026-01-02</version>';
    expect(await ask(`${both}<format>yang</format>`)).toContain('revision 2026-01-02;');
    expect(await ask(`${both}<format xmlns:m="${monitoring}">m:yang</format>`)).toContain(
      'revision 2026-01-02;',
    );
  });

  test.each([
    ['<identifier>none</identifier>'],
    ['<identifier>mqtt-lamp</identifier><version>2020-01-01</version>'],
    ['<identifier>mqtt-lamp</identifier><version/>'],
    ['<identifier>mqtt-lamp</identifier><format>yin</format>'],
    ['<identifier>mqtt-lamp</identifier><format xmlns:m="urn:x">m:yang</format>'],
    ['<identifier>../../etc/passwd</identifier>'],
  ])('invalid-value: %s', async (content) => {
    expect(tagOf(await ask(content))).toBe('invalid-value');
  });

  test('several revisions and none named: operation-failed, data-not-unique', async () => {
    expect(await ask('<identifier>twice</identifier>')).toMatch(
      /operation-failed<.*<error-app-tag>data-not-unique</,
    );
  });

  test('needs an identifier', async () => {
    expect(tagOf(await ask(''))).toBe('missing-element');
  });
});

describe('RPCs of modules', () => {
  test('reach the backend with checked input, and their output is in the module namespace', async () => {
    const { server, backend } = startServer();
    backend.answer = () => [element(lampNamespace, 'retval', '10_OK')];
    const reply = await connect(server).call(
      `<l:setLamp xmlns:l="${lampNamespace}"><l:uuidInput>A-1</l:uuidInput></l:setLamp>`,
    );
    expect(reply).toBe(
      `<rpc-reply xmlns="${base}" message-id="1"><retval xmlns="${lampNamespace}">10_OK</retval></rpc-reply>`,
    );
    expect(backend.calls.map(({ name, input }) => [name, input])).toEqual([
      ['setLamp', { uuidInput: 'A-1', mode: 'steady', colour: { red: '0' } }],
    ]);
    expect(backend.calls[0]?.context.session).toMatchObject({ username: 'anna', sourceHost: '192.0.2.7' });
  });

  test('without output answer ok', async () => {
    const { server } = startServer();
    expect(await connect(server).call(`<reset xmlns="${lampNamespace}"/>`)).toBe(
      `<rpc-reply xmlns="${base}" message-id="1"><ok/></rpc-reply>`,
    );
  });

  test('of a module that is only imported, or gone, are not served', async () => {
    const { server, backend } = startServer();
    const client = connect(server);
    backend.served = [{ ...lampModule, conformance: 'import' }];
    expect(tagOf(await client.call(`<reset xmlns="${lampNamespace}"/>`))).toBe('operation-not-supported');
    backend.served = [lampModule];
    expect(await client.call(`<reset xmlns="${lampNamespace}"/>`)).toContain('<ok/>');
  });

  test('never shadow an operation of the protocol', async () => {
    const { server, backend } = startServer();
    const rpcs = new Map([...lampSchema.rpcs, ['commit', { name: 'commit', input: [], output: [] }]]);
    backend.served = [{ ...lampModule, schema: { ...lampSchema, namespace: base, rpcs } }];
    expect(tagOf(await connect(server).call('<commit/>'))).toBe('operation-not-supported');
    expect(backend.calls).toEqual([]);
  });
});

describe('close-session and kill-session (RFC 6241 §7.8, §7.9)', () => {
  test('close-session answers, then ends the session and drops what waits behind it', async () => {
    const { server, backend } = startServer();
    const client = connect(server);
    client.sendRpc('<close-session/>', '1');
    client.sendRpc(`<reset xmlns="${lampNamespace}"/>`, '2');
    expect(await client.reply()).toContain('<ok/>');
    expect(await client.reply()).toBe('(nothing)');
    expect([client.port.ends, client.port.aborts, server.sessions().length]).toEqual([1, 0, 0]);
    expect(backend.calls).toEqual([]);
  });

  test('kill-session ends the other session at once and aborts its request', async () => {
    const { server, backend } = startServer();
    backend.answer = () => new Promise(() => {});
    const [killer, victim] = [connect(server), connect(server)];
    victim.sendRpc(`<reset xmlns="${lampNamespace}"/>`);
    await settled();
    const id = victim.handle.id;
    expect(await killer.call(`<kill-session><session-id>${id}</session-id></kill-session>`)).toContain(
      '<ok/>',
    );
    expect([victim.port.aborts, backend.calls[0]?.context.signal.aborted]).toEqual([1, true]);
    expect(server.sessions().map((session) => session.id)).toEqual([killer.handle.id]);
    expect(tagOf(await killer.call(`<kill-session><session-id>${id}</session-id></kill-session>`))).toBe(
      'invalid-value',
    );
  });

  test.each(['1', '99', '0', '-1', '', 'x', '1e0', '99999999999999999999'])(
    'kill-session of %j, which is no other session, is invalid-value',
    async (id) => {
      const client = connect(startServer().server);
      expect(tagOf(await client.call(`<kill-session><session-id>${id}</session-id></kill-session>`))).toBe(
        'invalid-value',
      );
    },
  );

  test('kill-session needs a session-id', async () => {
    expect(tagOf(await connect(startServer().server).call('<kill-session/>'))).toBe('missing-element');
  });
});

describe('the reply', () => {
  test('echoes all attributes of the rpc, namespace-correct, and its prefixes (RFC 6241 §4.1)', async () => {
    const client = connect(startServer().server);
    client.send(
      `<nc:rpc xmlns:nc="${base}" xmlns:e="urn:e" message-id="&lt;ä &quot;" e:a="1" nc:b="2"><nc:close-session/></nc:rpc>`,
    );
    const reply = await client.reply();
    expect(reply).toBe(
      `<rpc-reply xmlns="${base}" xmlns:nc="${base}" xmlns:e="urn:e" message-id="&lt;&#228; &quot;" e:a="1" nc:b="2"><ok/></rpc-reply>`,
    );
    expect(parse(reply).attributes).toContainEqual({ name: 'a', namespace: 'urn:e', value: '1' });
  });

  test('a long one is sent in chunks, and read back whole', async () => {
    const { server, backend } = startServer();
    backend.data = [element(lampNamespace, 'lamps', 'x'.repeat(300_000))];
    const client = connect(server);
    const before = client.port.written.length;
    expect((await client.call('<get/>')).length).toBeGreaterThan(300_000);
    expect(client.port.written.length - before).toBeGreaterThan(4);
  });
});

describe('ietf-netconf-monitoring (RFC 6022 §2.1)', () => {
  const ask = (content: string): string =>
    `<get><filter><netconf-state xmlns="${monitoring}">${content}</netconf-state></filter></get>`;

  test('schemas lists every module revision that get-schema answers', async () => {
    const { server, backend } = startServer();
    backend.served = [lampModule, imported('twice', '2026-01-01')];
    expect(await connect(server).call(ask('<schemas/>'))).toContain(
      `<netconf-state xmlns="${monitoring}"><schemas>` +
        `<schema><identifier>mqtt-lamp</identifier><version>2026-01-02</version><format>yang</format>` +
        `<namespace>${lampNamespace}</namespace><location>NETCONF</location></schema>` +
        '<schema><identifier>twice</identifier><version>2026-01-01</version><format>yang</format>' +
        '<namespace>urn:twice</namespace><location>NETCONF</location></schema>' +
        '</schemas></netconf-state>',
    );
  });

  test('capabilities are those of hello, and the datastores are running and startup', async () => {
    const client = connect(startServer().server);
    const reply = await client.call(ask('<capabilities/><datastores/>'));
    expect(reply).toContain(
      `<capability>${lampNamespace}?module=mqtt-lamp&amp;revision=2026-01-02</capability>`,
    );
    expect(reply).toContain(
      '<datastores><datastore><name>running</name></datastore><datastore><name>startup</name></datastore></datastores>',
    );
  });

  test('a datastore shows who has locked it, since when', async () => {
    const { server, clock } = startServer();
    const client = connect(server);
    clock.advance(1000);
    expect(await client.call('<lock><target><startup/></target></lock>')).toContain('<ok/>');
    const locked =
      '<datastore><name>running</name></datastore><datastore><name>startup</name><locks><global-lock>' +
      '<locked-by-session>1</locked-by-session><locked-time>2026-01-01T00:00:01.000Z</locked-time>' +
      '</global-lock></locks></datastore>';
    expect(await connect(server).call(ask('<datastores/>'))).toContain(locked);
    client.handle.closed();
    expect(await connect(server).call(ask('<datastores/>'))).not.toContain('<locks>');
  });

  test('sessions and statistics count truly', async () => {
    const { server, clock } = startServer();
    const client = connect(server);
    clock.advance(1000);
    const other = connect(server, 'end-of-message', 'bob');
    connect(server, 'end-of-message').raw('x]]>]]>');
    other.sendRpc('<nothing/>');
    client.send('<rpc>');
    client.sendRpc('<get><filter/></get>');
    await settled();
    client.takeMessages();
    await settled();
    const reply = parse(await client.call(ask('<sessions/><statistics/>')));
    expect(texts(reply)).toEqual([
      ['session-id=1', 'transport=netconf-ssh', 'username=anna', 'source-host=192.0.2.7'],
      ['login-time=2026-01-01T00:00:00.000Z', 'in-rpcs=2', 'in-bad-rpcs=1', 'out-rpc-errors=1'],
      ['out-notifications=0', 'session-id=2', 'transport=netconf-ssh', 'username=bob'],
      ['source-host=192.0.2.7', 'login-time=2026-01-01T00:00:01.000Z', 'in-rpcs=1', 'in-bad-rpcs=0'],
      [
        'out-rpc-errors=1',
        'out-notifications=0',
        'netconf-start-time=2026-01-01T00:00:00.000Z',
        'in-bad-hellos=0',
      ],
      ['in-sessions=3', 'dropped-sessions=1', 'in-rpcs=3', 'in-bad-rpcs=2'],
      ['out-rpc-errors=2', 'out-notifications=0'],
    ]);
  });

  test('hellos that are refused are counted', async () => {
    const { server } = startServer();
    const client = connect(server);
    const bad = connect(server);
    bad.handle.closed();
    server.openSession({ username: 'x', sourceHost: 'y', port: bad.port }).receive(Buffer.from('x]]>]]>'));
    const reply = await client.call(ask('<statistics><in-bad-hellos/><dropped-sessions/></statistics>'));
    expect(reply).toContain('<in-bad-hellos>1</in-bad-hellos><dropped-sessions>1</dropped-sessions>');
  });

  test('the keys of its lists come along', async () => {
    const reply = await connect(startServer().server).call(
      ask('<sessions><session><username/></session></sessions>'),
    );
    expect(reply).toContain('<session><session-id>1</session-id><username>anna</username></session>');
  });

  /** All leaves, four to a line. */
  function texts(node: ReturnType<typeof parse>): string[][] {
    const flat: string[] = [];
    const walk = (one: ReturnType<typeof parse>): void => {
      for (const child of one.children)
        if (typeof child === 'string') flat.push(`${one.name}=${child}`);
        else walk(child);
    };
    walk(node);
    return Array.from({ length: Math.ceil(flat.length / 4) }, (_, i) => flat.slice(4 * i, 4 * i + 4));
  }
});
