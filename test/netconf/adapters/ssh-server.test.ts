import { afterEach, describe, expect, test } from '@jest/globals';
import ssh2 from 'ssh2';
import type { RunningSshServer } from '../../../src/netconf/adapters/ssh-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  aliceAuthenticator,
  closed,
  connectAlice,
  connectClient,
  newEd25519,
  openChannel,
  publicBlob,
  ScriptedServer,
  startTestServer,
  type TestServerOptions,
  testHostKey,
  until,
} from './ssh-fixture.ts';

const running: RunningSshServer[] = [];
const clients: ssh2.Client[] = [];

async function start(options: TestServerOptions = {}): Promise<RunningSshServer> {
  const server = await startTestServer(options);
  running.push(server);
  return server;
}

async function alice(port: number, options: ssh2.ConnectConfig = {}): Promise<ssh2.Client> {
  const client = await connectAlice(port, options);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  await Promise.all(running.splice(0).map((server) => server.close()));
});

describe('logging in (RFC 4252)', () => {
  test('by password', async () => {
    const { port } = await start();
    await expect(alice(port)).resolves.toBeDefined();
  });

  test('by keyboard-interactive, which libnetconf2 tries first (RFC 4256)', async () => {
    const { port } = await start();
    const client = new ssh2.Client();
    clients.push(client);
    const prompts: string[] = [];
    client.on('keyboard-interactive', (_name, _instructions, _language, asked, finish) => {
      prompts.push(...asked.map(({ prompt }) => prompt));
      finish(['wonderland']);
    });
    const ready = new Promise<void>((resolve, reject) => {
      client.on('error', reject);
      client.once('ready', () => resolve());
    });
    client.connect({
      host: '127.0.0.1',
      port,
      username: 'alice',
      tryKeyboard: true,
      authHandler: ['none', 'keyboard-interactive'],
    });
    await ready;
    expect(prompts).toEqual(['Password: ']);
  });

  test.each([
    ['ed25519', newEd25519()],
    ['ecdsa on nistp256', ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })],
    ['ecdsa on nistp521', ssh2.utils.generateKeyPairSync('ecdsa', { bits: 521 })],
    ['rsa', ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 })],
  ])('by public key of type %s', async (_type, pair) => {
    const { port } = await start({ authenticator: aliceAuthenticator(publicBlob(pair.public)) });
    const client = await connectClient({ port, username: 'alice', privateKey: pair.private });
    clients.push(client);
    expect(client).toBeDefined();
  });

  test('a key that is not authorized, a wrong password and an unknown user are refused', async () => {
    const pair = newEd25519();
    const { port } = await start();
    const logins = [
      { username: 'alice', privateKey: pair.private },
      { username: 'alice', password: 'looking-glass' },
      { username: 'mallory', password: 'wonderland' },
    ];
    for (const login of logins)
      await expect(connectClient({ port, ...login })).rejects.toMatchObject({
        level: 'client-authentication',
      });
  });

  test('an authorized key without a signature of its own lets nobody in', async () => {
    const authorized = newEd25519();
    const other = newEd25519();
    const { port } = await start({ authenticator: aliceAuthenticator(publicBlob(authorized.public)) });
    const thief = ssh2.utils.parseKey(other.private);
    const victim = ssh2.utils.parseKey(authorized.public);
    if (thief instanceof Error || victim instanceof Error) throw new TypeError('keys do not parse');
    class Thief extends ssh2.BaseAgent<ssh2.ParsedKey> {
      getIdentities(done: (error: undefined, keys: ssh2.ParsedKey[]) => void): void {
        done(undefined, [victim as ssh2.ParsedKey]);
      }
      sign(_key: unknown, data: Buffer, ...rest: unknown[]): void {
        const done = rest.at(-1) as (error: undefined, signature: Buffer) => void;
        done(undefined, (thief as ssh2.ParsedKey).sign(data));
      }
    }
    const agent = new Thief();
    await expect(connectClient({ port, username: 'alice', agent })).rejects.toMatchObject({
      level: 'client-authentication',
    });
  });

  test('after maxAuthAttempts failures the connection is closed', async () => {
    let asked = 0;
    const authenticator = {
      checkPassword: async () => {
        asked += 1;
        return false;
      },
      mayUseKey: async () => false,
    };
    const { port } = await start({ authenticator, config: { maxAuthAttempts: 2 } });
    const client = new ssh2.Client();
    const gone = closed(client);
    client.on('error', () => {});
    const again = { type: 'password' as const, username: 'alice', password: 'guess' };
    client.connect({
      host: '127.0.0.1',
      port,
      username: 'alice',
      authHandler: (_left, _partial, next) => next(again),
    });
    await gone;
    expect(asked).toBe(2);
  });

  test('an authenticator that fails lets nobody in', async () => {
    const authenticator = {
      checkPassword: async () => {
        throw new TypeError('broken');
      },
      mayUseKey: async () => false,
    };
    const { port } = await start({ authenticator });
    await expect(connectAlice(port)).rejects.toMatchObject({ level: 'client-authentication' });
  });
});

describe('the host key', () => {
  test('is shown as OpenSSH shows it and is the one that clients get', async () => {
    const { port, fingerprints } = await start();
    expect(fingerprints).toEqual([{ type: 'ssh-ed25519', sha256: testHostKey.fingerprint }]);
    const seen: string[] = [];
    const hostVerifier = (hash: string): boolean => seen.push(hash) > 0;
    await alice(port, { hostHash: 'sha256', hostVerifier });
    const hex = Buffer.from(testHostKey.fingerprint.slice('SHA256:'.length), 'base64').toString('hex');
    expect(seen).toEqual([hex]);
  });
});

describe('what is refused', () => {
  test('a shell, a command, a terminal, forwarding, unknown subsystems, SFTP without a drop', async () => {
    const { port } = await start();
    const client = await alice(port);
    const asked = [
      (done: (error?: Error | null) => void) => client.shell(done),
      (done: (error?: Error | null) => void) => client.exec('id', done),
      (done: (error?: Error | null) => void) => client.exec('id', { pty: true }, done),
      (done: (error?: Error | null) => void) => client.forwardOut('127.0.0.1', 1, '127.0.0.1', port, done),
      (done: (error?: Error | null) => void) => client.forwardIn('127.0.0.1', 0, done),
      (done: (error?: Error | null) => void) => client.subsys('netconf2', done),
      (done: (error?: Error | null) => void) => client.sftp(done),
    ];
    for (const ask of asked) {
      const error = await new Promise((resolve) => ask(resolve));
      expect(error).toBeTruthy();
    }
  });

  test('more channels than a user may have sessions', async () => {
    const { port } = await start({ config: { maxSessionsPerUser: 2 } });
    const client = await alice(port);
    await openChannel(client);
    const second = await openChannel(client);
    await expect(openChannel(client)).rejects.toBeDefined();
    const gone = closed(second);
    second.resume();
    second.close();
    await gone;
    await expect(openChannel(client)).resolves.toBeDefined();
  });
});

describe('sessions (RFC 6242 section 3)', () => {
  test('each channel of a connection is a session of its own, of the user who logged in', async () => {
    const server = new ScriptedServer();
    server.onReceive = (session, bytes) => session.port.write(bytes);
    const { port } = await start({ server });
    const client = await alice(port);
    const channels = await Promise.all([openChannel(client), openChannel(client), openChannel(client)]);
    const echoes = channels.map(
      (channel, i) =>
        new Promise((resolve) => {
          channel.once('data', (bytes: Buffer) => resolve(bytes.toString()));
          channel.write(`hello ${i}`);
        }),
    );
    expect(await Promise.all(echoes)).toEqual(['hello 0', 'hello 1', 'hello 2']);
    expect(server.sessions.map(({ username, sourceHost }) => [username, sourceHost])).toEqual(
      Array.from({ length: 3 }, () => ['alice', '127.0.0.1']),
    );
  });

  test('the end of a session flushes, reports exit status 0, sends EOF and closes', async () => {
    const server = new ScriptedServer();
    const big = Buffer.alloc(5 * 1024 * 1024, 'x');
    server.onOpen = ({ port }) => {
      port.write(big);
      port.end();
    };
    const { port } = await start({ server });
    const channel = await openChannel(await alice(port));
    let received = 0;
    const events: unknown[] = [];
    channel.on('data', (bytes: Buffer) => {
      received += bytes.length;
    });
    channel.on('exit', (code: number) => events.push(code));
    channel.on('end', () => events.push('end'));
    await closed(channel);
    expect(received).toBe(big.length);
    expect(events).toEqual([0, 'end']);
    await until(() => server.open === 0);
  });

  test('a session that was killed is closed at once, without what it had to send', async () => {
    const server = new ScriptedServer();
    server.onReceive = ({ port }) => port.abort();
    const { port } = await start({ server });
    const channel = await openChannel(await alice(port));
    channel.resume();
    channel.write('kill me');
    await closed(channel);
    await until(() => server.open === 0);
  });

  test('a client that has sent EOF still gets its answer; the session ends at the latest in helloTimeoutMs', async () => {
    const server = new ScriptedServer();
    const clock = new ManualClock();
    const { port } = await start({ server, clock, config: { helloTimeoutMs: 5000 } });
    const channel = await openChannel(await alice(port));
    const answer = new Promise((resolve) =>
      channel.once('data', (bytes: Buffer) => resolve(bytes.toString())),
    );
    channel.end('last words');
    await until(() => server.sessions[0]?.received.toString() === 'last words');
    server.sessions[0]?.port.write(Buffer.from('answer'));
    expect(await answer).toBe('answer');
    const gone = closed(channel);
    channel.resume();
    await until(() => clock.pending > 0);
    clock.advance(5000);
    await gone;
    await until(() => server.open === 0);
  });

  test('nothing is read from a channel between pause and resume, and its close is noticed all the same', async () => {
    const server = new ScriptedServer();
    server.onReceive = ({ port }) => port.pause();
    const { port } = await start({ server });
    const client = await alice(port);
    const [channel, other] = await Promise.all([openChannel(client), openChannel(client)]);
    channel.write('first');
    await until(() => server.sessions[0]?.received.toString() === 'first');
    channel.write('second');
    // The other channel's bytes come after them, on the same connection.
    other.write('third');
    await until(() => server.sessions[1]?.received.toString() === 'third');
    expect(server.sessions[0]?.received.toString()).toBe('first');
    server.sessions[0]?.port.resume();
    await until(() => server.sessions[0]?.received.toString() === 'firstsecond');
    channel.write('fourth');
    channel.close();
    await until(() => server.sessions[0]?.closed === true);
  });

  test('closing the server ends every session in order and then the connections', async () => {
    const server = new ScriptedServer();
    const ssh = await startTestServer({ server });
    const client = await connectAlice(ssh.port);
    const channel = await openChannel(client);
    const exit = new Promise((resolve) => channel.once('exit', resolve));
    channel.resume();
    const gone = closed(client);
    await ssh.close();
    await gone;
    expect(await exit).toBe(0);
    expect(server.open).toBe(0);
    expect(ssh.connections).toBe(0);
    await expect(connectAlice(ssh.port)).rejects.toBeDefined();
  });
});

describe('starting', () => {
  test('an address that is taken is named, with what to do', async () => {
    const { port } = await start();
    await expect(start({ config: { port } })).rejects.toMatchObject({
      code: 'netconf-port-in-use',
      where: `127.0.0.1:${port}`,
      hint: expect.stringContaining('netconf.port'),
    });
  });
});
