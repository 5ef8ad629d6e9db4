import { afterEach, describe, expect, test } from '@jest/globals';
import type ssh2 from 'ssh2';
import type { RunningSshServer } from '../../../src/netconf/adapters/ssh-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  closed,
  connectAlice,
  connectRaw,
  MemoryDrop,
  openChannel,
  ScriptedServer,
  startTestServer,
  type TestServerOptions,
  until,
} from './ssh-fixture.ts';

const running: RunningSshServer[] = [];
const clients: ssh2.Client[] = [];

async function start(options: TestServerOptions = {}): Promise<RunningSshServer> {
  const server = await startTestServer(options);
  running.push(server);
  return server;
}

async function alice(port: number): Promise<ssh2.Client> {
  const client = await connectAlice(port);
  // The server cuts some of these connections; that is the point.
  client.on('error', () => {});
  clients.push(client);
  return client;
}

/** ssh2's client, opened up so that it breaks the rules. */
interface Breakable {
  readonly _sock: { pause(): void; resetAndDestroy(): void; write(bytes: Uint8Array): boolean };
  readonly _protocol: {
    channelWindowAdjust(channel: number, bytes: number): void;
    channelClose(channel: number): void;
    session(channel: number, window: number, packetBytes: number): void;
  };
}
interface BreakableChannel {
  readonly outgoing: { id: number; window: number };
}
const breakable = (client: ssh2.Client): Breakable => client as unknown as Breakable;
const windowOf = (channel: ssh2.ClientChannel): BreakableChannel['outgoing'] =>
  (channel as unknown as BreakableChannel).outgoing;

afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function stillServes({ port }: RunningSshServer): Promise<void> {
  await expect(alice(port)).resolves.toBeDefined();
}

describe('before anybody has logged in', () => {
  test.each([
    ['an HTTP request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an endless line', 'A'.repeat(100_000)],
    ['binary noise', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256))],
    ['a greeting, which clients may not send', 'hello\r\nSSH-2.0-x\r\n'],
    ['SSH 1', 'SSH-1.5-old\r\n'],
    [
      'noise behind the identification',
      Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(4096, 0xff)]),
    ],
    ['a packet of no length', Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(64)])],
  ])('%s is cut off', async (_what, bytes) => {
    const server = await start();
    const socket = await connectRaw(server.port);
    socket.on('error', () => {});
    socket.resume();
    const gone = closed(socket);
    socket.write(bytes);
    await gone;
    await until(() => server.connections === 0);
    await stillServes(server);
  });

  test('a client that says nothing is cut off after loginTimeoutMs', async () => {
    const clock = new ManualClock();
    const server = await start({ clock, config: { loginTimeoutMs: 1000 } });
    const silent = await connectRaw(server.port);
    const half = await connectRaw(server.port);
    half.resume();
    half.write('SSH-2.0-slow\r\n');
    silent.resume();
    const gone = Promise.all([closed(silent), closed(half)]);
    await until(() => server.connections === 2);
    clock.advance(1000);
    await gone;
    await until(() => server.connections === 0);
  });

  test('a user who has logged in in time stays', async () => {
    const clock = new ManualClock();
    const server = await start({ clock, config: { loginTimeoutMs: 1000 } });
    const client = await alice(server.port);
    clock.advance(1000);
    await expect(openChannel(client)).resolves.toBeDefined();
  });

  test('a flood beyond maxConnections is bounded and keeps nobody out', async () => {
    const server = await start({ config: { maxConnections: 10 } });
    const user = await alice(server.port);
    const sockets = await Promise.all(Array.from({ length: 100 }, () => connectRaw(server.port)));
    for (const socket of sockets) socket.on('error', () => {}).resume();
    await until(() => sockets.filter(({ closed: gone }) => gone).length >= 91);
    expect(server.connections).toBeLessThanOrEqual(10);
    await stillServes(server);
    await expect(openChannel(user)).resolves.toBeDefined();
    for (const socket of sockets) socket.destroy();
  });

  test('users who are logged in are not thrown out for more', async () => {
    const server = await start({ config: { maxConnections: 2 } });
    const users = [await alice(server.port), await alice(server.port)];
    await expect(connectAlice(server.port)).rejects.toBeDefined();
    for (const user of users) await expect(openChannel(user)).resolves.toBeDefined();
  });
});

describe('a user who is logged in', () => {
  test('has no more connections than may have a session each, and so leaves some to others', async () => {
    const server = await start({ config: { maxConnections: 10, maxSessionsPerUser: 2 } });
    const users = [await alice(server.port), await alice(server.port)];
    const third = await alice(server.port);
    await closed(third);
    for (const user of users) await expect(openChannel(user)).resolves.toBeDefined();
    users[0]?.end();
    await until(() => server.connections === 1);
    await expect(openChannel(await alice(server.port))).resolves.toBeDefined();
  });
});

describe('clients that do not read', () => {
  test('whoever answers no question of the connection is cut off, and whoever does stays', async () => {
    const scripted = new ScriptedServer();
    const server = await start({ server: scripted, config: { keepaliveMs: 200, keepaliveCount: 2 } });
    const [lost, idle] = [await alice(server.port), await alice(server.port)];
    await openChannel(lost);
    await openChannel(idle);
    breakable(lost)._sock.pause();
    await until(() => server.connections === 1);
    // Its session is over, too; the other has been asked as often.
    expect(scripted.sessions.map(({ closed: gone }) => gone)).toEqual([true, false]);
    await expect(openChannel(idle)).resolves.toBeDefined();
  });

  /** Writes until the port asks to wait; returns the octets taken. */
  function fill(server: ScriptedServer): number {
    const chunk = Buffer.alloc(32 * 1024);
    for (let taken = chunk.length; ; taken += chunk.length)
      if (server.sessions[0]?.port.write(chunk) !== true || taken > 64 * 1024 * 1024) return taken;
  }

  test('a channel whose window is used up asks the session to wait, and says when to go on', async () => {
    const server = new ScriptedServer();
    const { port } = await start({ server });
    const channel = await openChannel(await alice(port));
    await until(() => server.sessions.length === 1);
    expect(fill(server)).toBeLessThanOrEqual(6 * 1024 * 1024);
    expect(server.sessions[0]?.drains).toBe(0);
    channel.resume();
    await until(() => server.sessions[0]?.drains === 1);
  });

  test('a client that announces a huge window and does not read does not fill the memory', async () => {
    const server = new ScriptedServer();
    const { port } = await start({ server });
    const client = await alice(port);
    const channel = await openChannel(client);
    await until(() => server.sessions.length === 1);
    breakable(client)._protocol.channelWindowAdjust(windowOf(channel).id, 0x7fff_ffff);
    channel.write('x');
    await until(() => server.sessions[0]?.received.length === 1);
    breakable(client)._sock.pause();
    // The kernel's buffers take some megabytes before ours do.
    for (let taken = 0; ; ) {
      taken += fill(server);
      expect(taken).toBeLessThan(64 * 1024 * 1024);
      const drains = server.sessions[0]?.drains;
      await new Promise((resolve) => setImmediate(resolve));
      if (server.sessions[0]?.drains === drains) break;
    }
    server.sessions[0]?.port.abort();
    await until(() => server.sessions[0]?.closed === true);
  });

  test.each(['netconf', 'sftp'])(
    'a client that takes less than 1024 octets in a packet is cut off: %s',
    async (subsystem) => {
      const server = await start({ fileDrop: new MemoryDrop() });
      const opened = async (packetBytes: number): Promise<ssh2.Client> => {
        const client = await alice(server.port);
        const protocol = breakable(client)._protocol;
        const { session } = protocol;
        protocol.session = (channel, window) => session.call(protocol, channel, window, packetBytes);
        client.subsys(subsystem, () => {});
        return client;
      };
      // What is written to the first one of these would be written for ever.
      for (const packetBytes of [0, 1, 1023]) await closed(await opened(packetBytes));
      await opened(1024);
      await stillServes(server);
      expect(server.connections).toBe(2);
    },
  );

  test('a client that sends more than its window is cut off', async () => {
    const server = new ScriptedServer();
    server.onOpen = ({ port }) => port.pause();
    const ssh = await start({ server });
    const client = await alice(ssh.port);
    const channel = await openChannel(client);
    const gone = closed(client);
    windowOf(channel).window = 1e9;
    // ssh2 drops data at a window of exactly 0, which writes of an odd length step over.
    for (let i = 0; i < 1000; i += 1) channel.write(Buffer.alloc(10_007));
    await gone;
    await until(() => server.open === 0 && ssh.connections === 0);
  });
});

describe('clients that come and go', () => {
  test('channels opened and dropped leave nothing behind', async () => {
    const server = new ScriptedServer();
    const { port } = await start({ server, config: { maxSessionsPerUser: 20 } });
    const client = await alice(port);
    for (let round = 0; round < 20; round += 1) {
      const channels = await Promise.all(Array.from({ length: 10 }, () => openChannel(client)));
      for (const channel of channels) channel.close();
      await until(() => server.open === 0);
    }
    expect(server.sessions).toHaveLength(200);
  });

  test('a channel that is closed twice makes room for one other', async () => {
    const { port } = await start({ config: { maxSessionsPerUser: 1 } });
    const client = await alice(port);
    await new Promise<void>((resolve) => client.exec('sh', () => resolve()));
    for (let n = 0; n < 2; n += 1) breakable(client)._protocol.channelClose(0);
    await openChannel(client);
    await expect(openChannel(client)).rejects.toBeDefined();
  });

  test('a client that opens channels and never uses them is cut off, for ssh2 keeps something of each', async () => {
    const server = await start();
    const client = await alice(server.port);
    let opened = 0;
    let gone = false;
    const left = closed(client).then(() => {
      gone = true;
    });
    const { _protocol: protocol } = breakable(client);
    // A shell is refused; what is left of it is a channel.
    const shell = (): Promise<void> => new Promise((resolve) => client.exec('sh', () => resolve()));
    while (!gone) {
      await Promise.race([left, Promise.all(Array.from({ length: 50 }, shell))]);
      for (const end = opened + 50; opened < end && !gone; opened += 1) protocol.channelClose(opened);
    }
    expect(opened).toBeGreaterThan(1000);
    await until(() => server.connections === 0);
    await stillServes(server);
  });

  test('1,000 abrupt disconnects, at every stage, leave nothing behind', async () => {
    const server = new ScriptedServer();
    const ssh = await start({ server });
    for (let round = 0; round < 18; round += 1)
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const socket = await connectRaw(ssh.port);
          socket.on('error', () => {});
          if (i % 3 === 1) socket.write('SSH-2.0-gone\r\n');
          if (i % 3 === 2) socket.once('data', () => socket.resetAndDestroy());
          else socket.resetAndDestroy();
          await closed(socket);
        }),
      );
    for (let round = 0; round < 10; round += 1)
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          const client = await connectAlice(ssh.port);
          client.on('error', () => {});
          await openChannel(client);
          const gone = closed(client);
          breakable(client)._sock.resetAndDestroy();
          await gone;
        }),
      );
    await until(() => ssh.connections === 0 && server.open === 0);
    expect(server.sessions).toHaveLength(100);
  });
});
