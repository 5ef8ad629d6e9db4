import { afterEach, describe, expect, test } from '@jest/globals';
import type ssh2 from 'ssh2';
import type { NetconfConfig } from '../../../src/base/config.ts';
import { deferred } from '../../../src/base/deferred.ts';
import { PeerError } from '../../../src/base/errors.ts';
import type { RunningSshServer } from '../../../src/netconf/adapters/ssh-server.ts';
import { closed, connectAlice, MemoryDrop, openChannel, startTestServer } from './ssh-fixture.ts';

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

describe('a client that sends all requests at once and then no more', () => {
  const uint32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer).swap32();
  const text = (value: string): Buffer => Buffer.concat([uint32(value.length), Buffer.from(value)]);
  const packet = (type: number, ...parts: readonly Buffer[]): Buffer => {
    const body = Buffer.concat([Buffer.of(type), ...parts]);
    return Buffer.concat([uint32(body.length), body]);
  };

  /** Write, create, truncate. */
  const writing = uint32(0x2 | 0x8 | 0x10);

  /** Opens channels with a window of no octets. */
  function takesNothing(client: ssh2.Client): void {
    const { _protocol: protocol } = client as unknown as {
      readonly _protocol: { session(channel: number, window: number, packetBytes: number): void };
    };
    const { session } = protocol;
    protocol.session = (channel, _, packetBytes) => session.call(protocol, channel, 0, packetBytes);
  }

  test('has its file taken, and all of its answers', async () => {
    const drop = new (class extends MemoryDrop {
      /** As a disk does it: not at once. */
      override async put(...file: Parameters<MemoryDrop['put']>): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve));
        await super.put(...file);
      }
    })();
    const server = await startTestServer({ fileDrop: drop });
    running.push(server);
    const channel = await openChannel(await connection(server), 'sftp');
    const answers: Buffer[] = [];
    channel.on('data', (bytes: Buffer) => answers.push(bytes));
    const handle = text('1');
    channel.write(packet(1, uint32(3)));
    channel.write(packet(3, uint32(1), text('a.bin'), writing, uint32(0)));
    channel.write(packet(6, uint32(2), handle, Buffer.alloc(8), text('octets')));
    channel.end(packet(4, uint32(3), handle));
    await closed(channel);
    expect([...drop.files.keys()]).toEqual(['a.bin']);
    const status = (id: number): Buffer => Buffer.concat([Buffer.of(101), uint32(id), uint32(0)]);
    expect(Buffer.concat(answers).includes(status(3))).toBe(true);
  });

  test('and is gone, with words on their way that it never took, when its file is refused: the server goes on', async () => {
    const putting = deferred();
    const refusal = deferred();
    const drop = new (class extends MemoryDrop {
      override put(): Promise<void> {
        putting.resolve();
        return refusal.promise;
      }
    })();
    const server = await startTestServer({ fileDrop: drop });
    running.push(server);
    const client = await connection(server);
    takesNothing(client);
    const channel = await openChannel(client, 'sftp');
    channel.write(packet(1, uint32(3)));
    channel.write(packet(3, uint32(1), text('a.bin'), writing, uint32(0)));
    channel.write(packet(3, uint32(2), text('a.exe'), writing, uint32(0)));
    channel.write(packet(4, uint32(3), text('1')));
    await putting.promise;
    channel.resume().close();
    await closed(channel);
    refusal.reject(new PeerError('bad-image', 'the image does not match its manifest'));
    await expect(sftp(await connection(server))).resolves.toBeDefined();
  });
});
