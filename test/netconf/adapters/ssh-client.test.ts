import { afterEach, describe, expect, test } from '@jest/globals';
import { connectNetconf, type NetconfClientOptions } from '../../../src/netconf/adapters/ssh-client.ts';
import type { RunningSshServer } from '../../../src/netconf/adapters/ssh-server.ts';
import { type NetconfClient, RpcReplyError } from '../../../src/netconf/client.ts';
import { element } from '../../../src/xml/element.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  aliceAuthenticator,
  connectRaw,
  MemoryDrop,
  newEd25519,
  publicBlob,
  ScriptedServer,
  startTestServer,
  type TestServerOptions,
  testHostKey,
  until,
} from './ssh-fixture.ts';

const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const hello = (version: string): string =>
  `<hello xmlns="${base}"><capabilities><capability>urn:ietf:params:netconf:base:${version}</capability>` +
  '</capabilities><session-id>7</session-id></hello>]]>]]>';
const get = element(base, 'get');

const running: RunningSshServer[] = [];
const clients: NetconfClient[] = [];

async function start(options: TestServerOptions = {}): Promise<RunningSshServer> {
  const server = await startTestServer(options);
  running.push(server);
  return server;
}

async function connect(port: number, options: Partial<NetconfClientOptions> = {}): Promise<NetconfClient> {
  const client = await connectNetconf({
    host: '127.0.0.1',
    port,
    username: 'alice',
    password: 'wonderland',
    hostKeyFingerprint: testHostKey.fingerprint,
    ...options,
  });
  clients.push(client);
  return client;
}

/** A server of base:1.0 that answers every request with what `answer` makes of its message-id. */
function answering(answer: (id: string, request: string) => string | undefined): ScriptedServer {
  const server = new ScriptedServer();
  server.onOpen = ({ port }) => port.write(Buffer.from(hello('1.0')));
  server.onReceive = (session) => {
    const messages = session.received.toString().split(']]>]]>');
    session.received = Buffer.from(messages.pop() ?? '');
    for (const message of messages) {
      const id = /message-id="([^"]*)"/.exec(message)?.[1];
      if (id === undefined) continue;
      if (message.includes('<close-session')) return session.port.end();
      const reply = answer(id, message);
      if (reply !== undefined) session.port.write(Buffer.from(`${reply}]]>]]>`));
    }
  };
  return server;
}

const ok = (id: string): string => `<rpc-reply xmlns="${base}" message-id="${id}"><ok/></rpc-reply>`;

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(running.splice(0).map((server) => server.close()));
});

describe('connecting', () => {
  test('by password and by key', async () => {
    const pair = newEd25519();
    const authenticator = aliceAuthenticator(publicBlob(pair.public));
    const { port } = await start({ server: answering(ok), authenticator });
    expect((await connect(port)).sessionId).toBe(7);
    const { password: _, ...byKey } = { privateKey: pair.private, password: '' };
    const client = await connectNetconf({
      host: '127.0.0.1',
      port,
      username: 'alice',
      ...byKey,
      hostKeyFingerprint: testHostKey.fingerprint,
    });
    clients.push(client);
    expect(client.serverCapabilities).toEqual(['urn:ietf:params:netconf:base:1.0']);
  });

  test('the host key is checked before the password is given away', async () => {
    let asked = 0;
    const authenticator = {
      checkPassword: async () => {
        asked += 1;
        return true;
      },
      mayUseKey: async () => false,
    };
    const { port } = await start({ authenticator });
    const other = `SHA256:${'A'.repeat(43)}`;
    await expect(connect(port, { hostKeyFingerprint: other })).rejects.toMatchObject({
      code: 'host-key-mismatch',
    });
    expect(asked).toBe(0);
  });

  test('without a fingerprint the caller decides; without either nothing is sent', async () => {
    const { port } = await start({ server: answering(ok) });
    const options = { host: '127.0.0.1', port, username: 'alice', password: 'wonderland' };
    await expect(connectNetconf(options)).rejects.toMatchObject({ code: 'host-key-unchecked' });
    await expect(connectNetconf({ ...options, acceptHostKey: () => false })).rejects.toMatchObject({
      code: 'host-key-mismatch',
    });
    const shown: unknown[] = [];
    const acceptHostKey = async (key: unknown): Promise<boolean> => shown.push(key) > 0;
    clients.push(await connectNetconf({ ...options, acceptHostKey }));
    expect(shown).toEqual([{ type: 'ssh-ed25519', sha256: testHostKey.fingerprint }]);
  });

  test('what goes wrong has a name', async () => {
    const { port } = await start({ server: answering(ok) });
    await expect(connect(port, { password: 'wrong' })).rejects.toMatchObject({ code: 'login-refused' });
    await expect(connect(port, { privateKey: 'no key' })).rejects.toMatchObject({ code: 'bad-private-key' });
    const gone = await startTestServer();
    await gone.close();
    await expect(connect(gone.port)).rejects.toMatchObject({ code: 'netconf-unreachable' });
  });

  test('a server that sends no hello, or garbage, or leaves', async () => {
    const silent = new ScriptedServer();
    const clock = new ManualClock();
    const waiting = connect((await start({ server: silent })).port, { clock, connectTimeoutMs: 20_000 });
    const failed = expect(waiting).rejects.toMatchObject({ code: 'netconf-timeout' });
    await until(() => silent.sessions.length === 1 && clock.pending === 1);
    clock.advance(20_000);
    await failed;
    const garbage = new ScriptedServer();
    garbage.onOpen = ({ port }) => port.write(Buffer.from('<oops>]]>]]>'));
    await expect(connect((await start({ server: garbage })).port)).rejects.toMatchObject({
      code: 'xml-malformed',
    });
    const leaving = new ScriptedServer();
    leaving.onOpen = ({ port }) => port.end();
    await expect(connect((await start({ server: leaving })).port)).rejects.toMatchObject({
      code: 'netconf-closed',
    });
  });
});

describe('requests', () => {
  test('each gets its own reply, whatever the order', async () => {
    const server = new ScriptedServer();
    const waiting: string[] = [];
    const scripted = answering((id) => {
      waiting.push(id);
      return undefined;
    });
    server.onOpen = scripted.onOpen;
    server.onReceive = scripted.onReceive;
    const client = await connect((await start({ server })).port);
    const replies = Promise.all([client.rpc(get), client.rpc(get), client.rpc(get)]);
    await until(() => waiting.length === 3);
    for (const id of waiting.reverse()) server.sessions[0]?.port.write(Buffer.from(`${ok(id)}]]>]]>`));
    const ids = (await replies).map(
      ({ attributes }) => attributes.find(({ name }) => name === 'message-id')?.value,
    );
    expect(ids).toEqual(['1', '2', '3']);
  });

  test('an error of the server carries all that it says (RFC 6241 section 4.3)', async () => {
    const server = answering(
      (id) =>
        `<rpc-reply xmlns="${base}" message-id="${id}"><rpc-error><error-type>application</error-type>` +
        '<error-tag>operation-failed</error-tag><error-severity>error</error-severity>' +
        '<error-app-tag>device-timeout</error-app-tag><error-path>/x</error-path>' +
        '<error-message xml:lang="en">the device did not answer</error-message>' +
        '<error-info><a xmlns="urn:a">1</a></error-info></rpc-error></rpc-reply>',
    );
    const client = await connect((await start({ server })).port);
    const failure = await client.rpc(get).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RpcReplyError);
    expect(failure).toMatchObject({
      code: 'device-timeout',
      message: 'the device did not answer',
      where: '/x',
      errors: [
        {
          type: 'application',
          tag: 'operation-failed',
          severity: 'error',
          appTag: 'device-timeout',
          path: '/x',
          message: 'the device did not answer',
          info: [{ name: 'a', namespace: 'urn:a', children: ['1'] }],
        },
      ],
    });
  });

  test('a warning is no failure', async () => {
    const server = answering(
      (id) =>
        `<rpc-reply xmlns="${base}" message-id="${id}"><rpc-error><error-type>application</error-type>` +
        '<error-tag>operation-failed</error-tag><error-severity>warning</error-severity></rpc-error><ok/></rpc-reply>',
    );
    const client = await connect((await start({ server })).port);
    await expect(client.rpc(get)).resolves.toMatchObject({ name: 'rpc-reply' });
  });

  test('a reply that does not come, comes late, or is not wanted any more', async () => {
    const asked: string[] = [];
    const server = answering((id) => {
      asked.push(id);
      return id === '3' ? `${ok('1')}]]>]]>${ok('2')}]]>]]>${ok('3')}` : undefined;
    });
    const client = await connect((await start({ server })).port);
    await expect(client.rpc(get, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'netconf-timeout' });
    const controller = new AbortController();
    const unwanted = client.rpc(get, { signal: controller.signal });
    await until(() => asked.length === 2);
    controller.abort();
    await expect(unwanted).rejects.toMatchObject({ code: 'netconf-aborted' });
    await expect(client.rpc(get, { signal: controller.signal })).rejects.toMatchObject({
      code: 'netconf-aborted',
    });
    await expect(client.rpc(get)).resolves.toBeDefined();
  });

  test('when the server goes, what waits fails, and what comes after fails at once', async () => {
    const server = answering(() => undefined);
    const ssh = await startTestServer({ server });
    const client = await connect(ssh.port);
    const waiting = client.rpc(get);
    const failed = expect(waiting).rejects.toMatchObject({ code: 'netconf-closed' });
    await until(() => server.sessions.length === 1);
    await ssh.close();
    await failed;
    await expect(client.rpc(get)).rejects.toMatchObject({ code: 'netconf-closed' });
    await expect(client.newSession()).rejects.toMatchObject({ code: expect.stringMatching(/netconf-/) });
    await expect(client.putFile('a', new Uint8Array(1))).rejects.toMatchObject({ code: 'sftp-refused' });
  });
});

describe('one connection', () => {
  test('carries several sessions, and ends with the last of them', async () => {
    const server = answering(ok);
    const ssh = await start({ server });
    const first = await connect(ssh.port);
    const second = await first.newSession();
    expect(ssh.connections).toBe(1);
    await first.close();
    await until(() => server.open === 1);
    await expect(first.rpc(get)).rejects.toMatchObject({ code: 'netconf-closed' });
    await expect(second.rpc(get)).resolves.toBeDefined();
    await second.close();
    await until(() => ssh.connections === 0);
  });

  test('carries files too, and the words of a refusal', async () => {
    const fileDrop = new MemoryDrop();
    fileDrop.limit = 3 * 1024 * 1024;
    const client = await connect((await start({ server: answering(ok), fileDrop })).port);
    const image = Uint8Array.from({ length: 2_500_001 }, (_, i) => (i * 31) % 251);
    await client.putFile('image.bin', image);
    await client.putFile('empty.json', new Uint8Array());
    expect(Buffer.compare(fileDrop.files.get('image.bin') ?? new Uint8Array(), image)).toBe(0);
    expect(fileDrop.files.get('empty.json')).toHaveLength(0);
    await expect(client.putFile('bad.bin', image)).rejects.toMatchObject({
      code: 'sftp-refused',
      message: expect.stringContaining('does not match its manifest'),
    });
    await expect(client.putFile('virus.exe', image)).rejects.toMatchObject({ code: 'sftp-refused' });
    await expect(client.rpc(get)).resolves.toBeDefined();
  });

  test('no file is taken where there is no drop', async () => {
    const client = await connect((await start({ server: answering(ok) })).port);
    await expect(client.putFile('image.bin', new Uint8Array(1))).rejects.toMatchObject({
      code: 'sftp-refused',
    });
  });

  test('something that does not speak SSH', async () => {
    const { port } = await start();
    const socket = await connectRaw(port);
    socket.destroy();
    await expect(connect(port, { host: '127.0.0.1', port: 1 })).rejects.toMatchObject({
      code: 'netconf-unreachable',
    });
  });
});
