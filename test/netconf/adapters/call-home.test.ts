import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import ssh2 from 'ssh2';
import { systemClock } from '../../../src/base/adapters/node-runtime.ts';
import { callHomeDialer } from '../../../src/netconf/adapters/call-home-dialer.ts';
import type { RunningSshServer } from '../../../src/netconf/adapters/ssh-server.ts';
import type { Call } from '../../../src/netconf/call-home/call-home-client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  closed,
  openChannel,
  ScriptedServer,
  startTestServer,
  type TestServerOptions,
  until,
} from './ssh-fixture.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A client that waits to be called. */
async function waiting(): Promise<{ port: number; sockets: Socket[]; server: Server }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, sockets, server };
}

async function bridge(options: TestServerOptions = {}): Promise<RunningSshServer> {
  const ssh = await startTestServer(options);
  closers.push(() => ssh.close());
  return ssh;
}

interface Outcome {
  readonly call: Call;
  logins: number;
  ends: string[];
}

function dial(ssh: RunningSshServer, port: number, clock = systemClock): Outcome {
  const target = { name: 'x', address: '127.0.0.1', port, reconnectMinMs: 1, reconnectMaxMs: 1 };
  const ends: string[] = [];
  const outcome = { logins: 0, ends };
  const call = callHomeDialer(ssh, clock)(target, {
    loggedIn() {
      outcome.logins += 1;
    },
    ended: (reason) => ends.push(reason),
  });
  return Object.assign(outcome, { call });
}

/** The client's side: the SSH client on a connection that it has accepted (RFC 8071 section 3). */
function login(socket: Socket | undefined): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.once('ready', () => resolve(client));
    if (socket === undefined) reject(new RangeError('nobody has called'));
    else client.connect({ sock: socket, username: 'alice', password: 'wonderland' });
  });
}

describe('RFC 8071 section 2: the bridge connects and is the SSH server', () => {
  test('a session over a connection that the bridge has made', async () => {
    const server = new ScriptedServer();
    const ssh = await bridge({ server });
    const { port, sockets } = await waiting();
    const outcome = dial(ssh, port);
    await until(() => sockets.length === 1);
    const client = await login(sockets[0]);
    await until(() => outcome.logins === 1);
    const channel = await openChannel(client);
    await until(() => server.sessions.length === 1);
    expect(server.sessions[0]).toMatchObject({ username: 'alice', sourceHost: '127.0.0.1' });
    channel.write('x');
    await until(() => server.sessions[0]?.received.length === 1);
    expect(ssh.connections).toBe(1);
    const gone = closed(client);
    outcome.call.hangUp();
    await gone;
    await until(() => outcome.ends.length === 1 && ssh.connections === 0 && server.open === 0);
  });

  test('two calls to one address are two connections', async () => {
    const server = new ScriptedServer();
    const ssh = await bridge({ server });
    const { port, sockets } = await waiting();
    const outcomes = [dial(ssh, port), dial(ssh, port)];
    await until(() => sockets.length === 2);
    for (const client of await Promise.all(sockets.map(login))) await openChannel(client);
    await until(() => server.open === 2);
    expect(outcomes.map(({ logins }) => logins)).toEqual([1, 1]);
  });

  test('a client that does not wait', async () => {
    const ssh = await bridge();
    const { port, server } = await waiting();
    await new Promise((resolve) => server.close(resolve));
    const { ends } = dial(ssh, port);
    await until(() => ends.length === 1);
    expect(ends[0]).toContain('ECONNREFUSED');
  });

  test('a client that speaks no SSH is left', async () => {
    const ssh = await bridge();
    const { port, sockets } = await waiting();
    const { ends, ...outcome } = dial(ssh, port);
    await until(() => sockets.length === 1);
    sockets[0]?.resume().write('HTTP/1.1 400 Bad Request\r\n\r\n');
    await until(() => ends.length === 1);
    expect(outcome.logins).toBe(0);
  });

  test('a client that says nothing is left after loginTimeoutMs', async () => {
    const clock = new ManualClock();
    const ssh = await bridge({ clock, config: { loginTimeoutMs: 1000 } });
    const { port, sockets } = await waiting();
    const { ends } = dial(ssh, port, clock);
    await until(() => sockets.length === 1 && ssh.connections === 1);
    clock.advance(1000);
    await until(() => ends.length === 1);
  });

  test('the cap on connections holds for calls too', async () => {
    const ssh = await bridge({ config: { maxConnections: 1 } });
    const { port, sockets } = await waiting();
    dial(ssh, port);
    await until(() => sockets.length === 1);
    await login(sockets[0]);
    const { ends } = dial(ssh, port);
    await until(() => ends.length === 1);
    expect(ends).toEqual(['too many connections']);
  });

  test('close ends calls as it ends all connections', async () => {
    const ssh = await bridge();
    const { port, sockets } = await waiting();
    const { ends } = dial(ssh, port);
    await until(() => sockets.length === 1);
    await login(sockets[0]);
    await ssh.close();
    expect(ssh.connections).toBe(0);
    await until(() => ends.length === 1);
  });
});
