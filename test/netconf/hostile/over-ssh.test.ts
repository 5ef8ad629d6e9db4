import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import type ssh2 from 'ssh2';
import { base10, base11 } from '../../../src/netconf/hello.ts';
import { baseNamespace } from '../../../src/netconf/namespaces.ts';
import type { NetconfServer } from '../../../src/netconf/server.ts';
import { eventStreams, MemoryEventLog } from '../../support/memory-event-log.ts';
import { closed, connectAlice, openChannel, startTestServer, until } from '../adapters/ssh-fixture.ts';
import { clientHello, startServer } from '../protocol-fixture.ts';
import { ended, type HostileCase, maxMessageBytes } from './cases.ts';
import { corpus } from './corpus.ts';

/** Sends one input on a channel of its own; waits for what it brings, then drops the channel. */
async function send(client: ssh2.Client, server: NetconfServer, one: HostileCase): Promise<void> {
  const channel = await openChannel(client);
  let received = '';
  let over = false;
  channel.on('error', () => {});
  channel.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
  });
  channel.on('close', () => {
    over = true;
  });
  if (one.stage === 'chunked') channel.write(clientHello(base10, base11));
  if (one.stage === 'end-of-message') channel.write(clientHello(base10));
  await until(() => received.includes(']]>]]>'));
  const greeted = received.length;
  channel.write(Buffer.from(one.octets));
  if (one.outcome.endsWith(ended)) await until(() => over);
  else if (one.outcome !== 'waits') await until(() => received.length > greeted);
  channel.close();
  await until(() => server.sessions().length === 0);
}

/** A session like any other. */
async function works(client: ssh2.Client, server: NetconfServer): Promise<void> {
  const one: HostileCase = {
    name: 'a good session',
    stage: 'end-of-message',
    octets: Buffer.from(`<rpc xmlns="${baseNamespace}" message-id="1"><close-session/></rpc>]]>]]>`),
    outcome: ended,
  };
  await send(client, server, one);
}

function collectGarbage(): number {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc === 'function') for (let i = 0; i < 4; i += 1) gc();
  return process.memoryUsage().heapUsed;
}

test('all of the corpus over SSH: the server serves on and keeps no session, handle or memory', async () => {
  // Events are kept for replay; here they would look like a leak.
  const forgetful = Object.assign(new MemoryEventLog(), { append() {} });
  const limits = { maxEvents: 10, maxBytes: 100_000 };
  const { server } = startServer(
    { maxMessageBytes },
    { events: (clock) => eventStreams(clock, { log: forgetful, limits }) },
  );
  const ssh = await startTestServer({ server });
  const handles = process.getActiveResourcesInfo().length;
  const heap: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const client = await connectAlice(ssh.port);
    client.on('error', () => {});
    client.setNoDelay(true);
    for (const one of corpus.filter((_, at) => round === 0 || at % 4 === 0)) await send(client, server, one);
    await works(client, server);
    expect(server.sessions()).toEqual([]);
    const gone = closed(client);
    client.end();
    await gone;
    await until(() => ssh.connections === 0);
    heap.push(collectGarbage());
  }
  expect((heap[3] ?? 0) - (heap[2] ?? 0)).toBeLessThan(4 * 1024 * 1024);
  await until(() => process.getActiveResourcesInfo().length <= handles);
  await ssh.close();
  server.close();
}, 120_000);
