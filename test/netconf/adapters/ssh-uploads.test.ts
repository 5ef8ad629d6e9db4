import { afterEach, describe, expect, test } from '@jest/globals';
import type ssh2 from 'ssh2';
import type { NetconfConfig } from '../../../src/base/config.ts';
import type { RunningSshServer } from '../../../src/netconf/adapters/ssh-server.ts';
import { connectAlice, MemoryDrop, startTestServer } from './ssh-fixture.ts';

const running: RunningSshServer[] = [];
const clients: ssh2.Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(config: Partial<NetconfConfig>): Promise<RunningSshServer> {
  const server = await startTestServer({ fileDrop: new MemoryDrop(), config });
  running.push(server);
  return server;
}

async function connection({ port }: RunningSshServer): Promise<ssh2.Client> {
  const client = await connectAlice(port);
  clients.push(client);
  return client;
}

function sftp(client: ssh2.Client): Promise<ssh2.SFTPWrapper> {
  return new Promise((resolve, reject) =>
    client.sftp((error, channel) => (error === undefined ? resolve(channel) : reject(error))),
  );
}

function opened(channel: ssh2.SFTPWrapper, name: string): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    channel.open(name, 'w', (error, handle) => (error === undefined ? resolve(handle) : reject(error))),
  );
}

/** What a write is answered with: nothing, or why it is refused. */
function written(channel: ssh2.SFTPWrapper, handle: Buffer, octets: number): Promise<string> {
  return new Promise((resolve) =>
    channel.write(handle, Buffer.alloc(octets), 0, octets, 0, (error) => resolve(error?.message ?? '')),
  );
}

describe('what uploads may take', () => {
  test('netconf.maxUploadBytes bounds those of all connections together, until they end', async () => {
    const server = await start({ maxUploadBytes: 100_000 });
    const [first, second] = [await sftp(await connection(server)), await sftp(await connection(server))];
    const held = await opened(first, 'a.bin');
    expect(await written(first, held, 30_000)).toBe('');
    const refused = await opened(second, 'b.bin');
    expect(await written(second, refused, 30_000)).toMatch(/too many uploads are under way/);
    await new Promise<void>((resolve) => first.close(held, () => resolve()));
    expect(await written(second, await opened(second, 'b.bin'), 30_000)).toBe('');
  });

  test('netconf.maxSftpChannels bounds the channels of a connection', async () => {
    const client = await connection(await start({ maxSftpChannels: 2 }));
    await sftp(client);
    await sftp(client);
    await expect(sftp(client)).rejects.toBeDefined();
  });
});
