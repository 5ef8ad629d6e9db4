import { afterEach, describe, expect, test } from '@jest/globals';
import type ssh2 from 'ssh2';
import type { RunningSshServer } from '../../../src/netconf/adapters/ssh-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  closed,
  connectAlice,
  openChannel,
  ScriptedServer,
  startTestServer,
  type TestServerOptions,
  until,
} from './ssh-fixture.ts';

const running: RunningSshServer[] = [];
const clients: ssh2.Client[] = [];
const hour = 3_600_000;

afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  await Promise.all(running.splice(0).map((server) => server.close()));
});

interface Connected {
  readonly ssh: RunningSshServer;
  readonly server: ScriptedServer;
  readonly clock: ManualClock;
  readonly client: ssh2.Client;
  readonly channel: ssh2.ClientChannel;
  /** Key exchanges that the client has seen. */
  exchanges(): number;
  /** Octets of the server's session that the client has received. */
  received(): number;
}

async function start(options: TestServerOptions = {}): Promise<Connected> {
  const server = new ScriptedServer();
  const clock = new ManualClock();
  const ssh = await startTestServer({ server, clock, ...options });
  running.push(ssh);
  const client = await connectAlice(ssh.port);
  client.on('error', () => {});
  clients.push(client);
  let exchanges = 0;
  client.on('handshake', () => {
    exchanges += 1;
  });
  const channel = await openChannel(client);
  let received = 0;
  channel.on('data', (bytes: Uint8Array) => {
    received += bytes.length;
  });
  await until(() => server.sessions.length === 1);
  return { ssh, server, clock, client, channel, exchanges: () => exchanges, received: () => received };
}

/** ssh2's client, opened up so that it breaks the rules. */
interface Breakable {
  readonly _sock: { pause(): void; resume(): void };
  readonly _protocol: { rekey(): void };
}
const breakable = (client: ssh2.Client): Breakable => client as unknown as Breakable;

describe('RFC 4253 section 9: keys are exchanged anew', () => {
  test('after an hour, and after each further one', async () => {
    const { clock, exchanges } = await start();
    for (const expected of [1, 2, 3]) {
      clock.advance(hour - 1);
      expect(exchanges()).toBe(expected - 1);
      clock.advance(1);
      await until(() => exchanges() === expected);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('after so many octets, whoever sends them, and what is on its way then arrives', async () => {
    const { server, channel, exchanges, received } = await start({ rekey: { bytes: 1_000_000, ms: hour } });
    const [session] = server.sessions;
    for (let i = 0; i < 40; i += 1) channel.write(Buffer.alloc(50_000, i));
    await until(() => session?.received.length === 2_000_000);
    await until(() => exchanges() >= 1);
    // Comes with the new keys, so that the server has them too.
    channel.write(Buffer.of(40));
    await until(() => session?.received.length === 2_000_001);
    const before = exchanges();
    for (let i = 0; i < 40; i += 1) session?.port.write(Buffer.alloc(50_000, i));
    await until(() => received() === 2_000_000);
    expect(session?.received.filter((octet, at) => octet !== Math.floor(at / 50_000))).toHaveLength(0);
    channel.write('x');
    await until(() => exchanges() > before);
  });

  test('a client may ask for it too', async () => {
    const { client, server, channel, exchanges } = await start();
    breakable(client)._protocol.rekey();
    channel.write('x');
    await until(() => exchanges() === 1 && server.sessions[0]?.received.length === 1);
  });
});

describe('while keys are exchanged', () => {
  test('sessions wait with what they have to send, and go on afterwards', async () => {
    const { server, clock, client, exchanges, received } = await start();
    const [session] = server.sessions;
    breakable(client)._sock.pause();
    clock.advance(hour);
    expect(session?.port.write(Buffer.alloc(10))).toBe(false);
    expect(session?.drains).toBe(0);
    breakable(client)._sock.resume();
    await until(() => exchanges() === 1 && received() === 10 && session?.drains === 1);
    expect(session?.port.write(Buffer.alloc(10))).toBe(true);
  });

  test('a client that does not answer is cut off', async () => {
    const { ssh, server, clock, client } = await start();
    breakable(client)._sock.pause();
    clock.advance(hour);
    clock.advance(29_999);
    expect(ssh.connections).toBe(1);
    clock.advance(1);
    await until(() => ssh.connections === 0 && server.open === 0);
  });

  test('a client that begins and does not finish is cut off', async () => {
    const { ssh, clock, client } = await start();
    const pending = clock.pending;
    breakable(client)._sock.pause();
    breakable(client)._protocol.rekey();
    await until(() => clock.pending > pending);
    clock.advance(30_000);
    await until(() => ssh.connections === 0);
  });
});

test('a client that asks for exchanges again and again is cut off', async () => {
  const { ssh, client, exchanges } = await start();
  const gone = closed(client);
  client.on('handshake', () => setImmediate(() => breakable(client)._protocol.rekey()));
  breakable(client)._protocol.rekey();
  await gone;
  expect(exchanges()).toBeLessThan(20);
  await until(() => ssh.connections === 0);
});

test('a client that asks now and then is not', async () => {
  const { clock, client, channel, server, exchanges } = await start();
  for (let i = 1; i <= 30; i += 1) {
    clock.advance(10_000);
    breakable(client)._protocol.rekey();
    await until(() => exchanges() === i);
    await new Promise((resolve) => setImmediate(resolve));
  }
  channel.write('x');
  await until(() => server.sessions[0]?.received.length === 1);
});
