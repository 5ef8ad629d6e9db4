import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, uint32ToBytes } from '../../../src/base/bytes.ts';
import { PeerError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { request, SftpDecoder, status } from '../../../src/netconf/sftp/sftp-packets.ts';
import { SftpSession } from '../../../src/netconf/sftp/sftp-session.ts';
import { UploadBudget } from '../../../src/netconf/sftp/upload.ts';
import { SshReader, sshString, sshUint64 } from '../../../src/netconf/ssh-data.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { MemoryDrop } from '../adapters/ssh-fixture.ts';

const write = 2;
const createAndTruncate = 8 | 16;

class Client {
  readonly drop = new MemoryDrop();
  readonly budget = new UploadBudget(4 * 1024 * 1024);
  readonly complaints: string[] = [];
  readonly session = new SftpSession({
    username: 'alice',
    sourceHost: '192.0.2.1',
    drop: this.drop,
    budget: this.budget,
    clock: new ManualClock(),
    logger: silentLogger,
    complain: (text) => this.complaints.push(text),
  });
  #id = 0;

  async init(): Promise<this> {
    expect(await this.session.answer(Uint8Array.of(request.init, 0, 0, 0, 3))).toEqual(
      Uint8Array.of(0, 0, 0, 5, 2, 0, 0, 0, 3),
    );
    return this;
  }

  /** Sends a request; returns the response's type and a reader behind its id. */
  async ask(type: number, ...parts: Uint8Array[]): Promise<{ type: number | undefined; reader: SshReader }> {
    this.#id += 1;
    const answer = await this.session.answer(
      concatBytes([Uint8Array.of(type), uint32ToBytes(this.#id), ...parts]),
    );
    const reader = new SshReader(new SshReader(answer).bytes() ?? new Uint8Array());
    const kind = reader.byte();
    expect(reader.uint32()).toBe(this.#id);
    return { type: kind, reader };
  }

  /** The status that a request is answered with. */
  async status(
    type: number,
    ...parts: Uint8Array[]
  ): Promise<{ code: number | undefined; text: string | undefined }> {
    const { type: kind, reader } = await this.ask(type, ...parts);
    expect(kind).toBe(101);
    return { code: reader.uint32(), text: reader.text() };
  }

  async open(name: string, flags = write | createAndTruncate): Promise<Uint8Array> {
    const { type, reader } = await this.ask(
      request.open,
      sshString(name),
      uint32ToBytes(flags),
      uint32ToBytes(0),
    );
    expect(type).toBe(102);
    return reader.bytes() ?? new Uint8Array();
  }

  write(handle: Uint8Array, offset: number, bytes: Uint8Array): ReturnType<Client['status']> {
    return this.status(request.write, sshString(handle), sshUint64(offset), sshString(bytes));
  }

  close(handle: Uint8Array): ReturnType<Client['status']> {
    return this.status(request.close, sshString(handle));
  }
}

const newClient = (): Promise<Client> => new Client().init();

describe('putting a file', () => {
  test('it arrives as it was written, in whatever order', async () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });
    await fc.assert(
      fc.asyncProperty(order, fc.uint8Array({ minLength: 5, maxLength: 500 }), async (pieces, content) => {
        const client = await newClient();
        const handle = await client.open('image.bin');
        const size = Math.ceil(content.length / 5);
        for (const piece of pieces) {
          const bytes = content.subarray(piece * size, (piece + 1) * size);
          expect(await client.write(handle, piece * size, bytes)).toMatchObject({ code: status.ok });
        }
        expect(await client.close(handle)).toMatchObject({ code: status.ok });
        expect(client.drop.files.get('image.bin')).toEqual(content);
        expect(client.budget.left).toBe(4 * 1024 * 1024);
      }),
      { numRuns: 30 },
    );
  });

  test('the words of the refusal reach the client, as a status and for the person', async () => {
    const client = await newClient();
    const handle = await client.open('bad.bin');
    await client.write(handle, 0, Uint8Array.of(1));
    const text = 'bad.bin: the image does not match its manifest';
    expect(await client.close(handle)).toEqual({ code: status.failure, text });
    expect(client.complaints).toEqual([text]);
  });

  test('more than maxBytes is refused, and the file with it', async () => {
    const client = await newClient();
    client.drop.limit = 100;
    const handle = await client.open('image.bin');
    expect(await client.write(handle, 0, new Uint8Array(100))).toMatchObject({ code: status.ok });
    expect(await client.write(handle, 100, Uint8Array.of(1))).toMatchObject({ code: status.failure });
    expect(await client.write(handle, 0, Uint8Array.of(1))).toMatchObject({ code: status.failure });
    expect(await client.close(handle)).toMatchObject({ code: status.failure });
    expect(client.complaints).toEqual(['image.bin: image.bin may have 100 octets at most']);
    expect(client.drop.files.size).toBe(0);
    expect(client.budget.left).toBe(4 * 1024 * 1024);
  });

  test('an offset of 2^64-1 is too big, not a wrap around', async () => {
    const client = await newClient();
    const handle = await client.open('image.bin');
    const offset = new Uint8Array(8).fill(0xff);
    const refused = await client.status(
      request.write,
      sshString(handle),
      offset,
      sshString(Uint8Array.of(1, 2)),
    );
    expect(refused.code).toBe(status.failure);
  });

  test('all uploads together stay within the budget', async () => {
    const client = await newClient();
    const refused: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const handle = await client.open(`image${i}.bin`);
      const { code } = await client.write(handle, 1024 * 1024 - 1, Uint8Array.of(1));
      if (code !== status.ok) refused.push(i);
    }
    expect(refused).toEqual([4, 5, 6, 7]);
    client.session.close();
    expect(client.budget.left).toBe(4 * 1024 * 1024);
  });

  test('an upload that the client does not finish is dropped', async () => {
    const client = await newClient();
    await client.write(await client.open('image.bin'), 0, Uint8Array.of(1));
    client.session.close();
    expect(client.drop.files.size).toBe(0);
    expect(client.budget.left).toBe(4 * 1024 * 1024);
  });

  test('a channel has a bounded number of files open', async () => {
    const client = await newClient();
    for (let i = 0; i < 16; i += 1) await client.open('image.bin');
    const one = [sshString('image.bin'), uint32ToBytes(write), uint32ToBytes(0)];
    expect(await client.status(request.open, ...one)).toMatchObject({ code: status.failure });
  });

  test.each([
    ['a folder', 'sub/image.bin'],
    ['a dot file', '.ssh'],
    ['no name', ''],
    ['a control character', 'a\u001b[2J'],
    ['a space', 'a b'],
    ['an option', '-rf'],
    ['a long name', 'x'.repeat(129)],
    ['a name that the drop does not take', 'virus.exe'],
    ['what is no UTF-8', '\u{fffd}'],
  ])('is refused for %s', async (_what, name) => {
    const client = await newClient();
    const { code, text } = await client.status(
      request.open,
      sshString(name),
      uint32ToBytes(write),
      uint32ToBytes(0),
    );
    expect([status.failure, status.noSuchFile]).toContain(code);
    expect(text).toMatch(/^[\x20-\x7e\u{fffd}]+$/u);
  });

  test.each(['/image.bin', './image.bin', '/x/../image.bin', '../../image.bin', '//image.bin'])(
    '%s is a name in the one directory',
    async (path) => {
      const client = await newClient();
      await client.close(await client.open(path));
      expect([...client.drop.files.keys()]).toEqual(['image.bin']);
    },
  );

  test.each([
    ['reading', 1],
    ['reading and writing', 3],
    ['appending', write | 4],
  ])('%s is refused', async (_what, flags) => {
    const client = await newClient();
    const one = [sshString('image.bin'), uint32ToBytes(flags), uint32ToBytes(0)];
    expect((await client.status(request.open, ...one)).code).not.toBe(status.ok);
  });
});

describe('looking around', () => {
  async function names(client: Client, handle: Uint8Array): Promise<string[]> {
    const { type, reader } = await client.ask(request.readdir, sshString(handle));
    if (type !== 104) return [];
    const count = reader.uint32() ?? 0;
    return Array.from({ length: count }, () => {
      const name = reader.text() ?? '';
      reader.text();
      for (let i = 0; i < 6; i += 1) reader.uint32();
      return name;
    });
  }

  test('the directory lists its files, some at a time, then its end', async () => {
    const client = await newClient();
    for (let i = 0; i < 150; i += 1) client.drop.files.set(`image${i}.bin`, new Uint8Array(i));
    const { reader } = await client.ask(request.opendir, sshString('/'));
    const handle = reader.bytes() ?? new Uint8Array();
    expect(await names(client, handle)).toHaveLength(100);
    expect(await names(client, handle)).toHaveLength(50);
    expect(await client.status(request.readdir, sshString(handle))).toMatchObject({ code: status.endOfFile });
    expect(await client.close(handle)).toMatchObject({ code: status.ok });
  });

  test('a file that was put has its size, even where the drop lists it under another name', async () => {
    const client = await newClient();
    const handle = await client.open('image.bin');
    await client.write(handle, 0, new Uint8Array(77));
    await client.close(handle);
    client.drop.files.clear();
    const { type, reader } = await client.ask(request.stat, sshString('/image.bin'));
    expect([type, reader.uint32(), reader.uint64()]).toEqual([105, 13, 77n]);
  });

  test('what is not there is not there', async () => {
    const client = await newClient();
    for (const path of ['/etc/passwd', 'nothing'])
      expect(await client.status(request.stat, sshString(path))).toMatchObject({ code: status.noSuchFile });
    expect(await client.status(request.opendir, sshString('/etc'))).toMatchObject({
      code: status.noSuchFile,
    });
  });

  test('the real path of anything is below the root', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('..', '.', '', 'a', 'b'), { maxLength: 10 }),
        async (segments) => {
          const client = await newClient();
          const { reader } = await client.ask(request.realpath, sshString(segments.join('/')));
          expect(reader.uint32()).toBe(1);
          expect(reader.text()).toMatch(/^\/(?:[ab](?:\/[ab])*)?$/);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('setting attributes is accepted and does nothing; everything else is unsupported', async () => {
    const client = await newClient();
    for (const type of [request.setstat, request.fsetstat])
      expect(await client.status(type, sshString('image.bin'), uint32ToBytes(0))).toMatchObject({
        code: status.ok,
      });
    for (const type of [0, 2, 13, 14, 15, 18, 19, 20, 100, 200, 201, 255])
      expect(await client.status(type, sshString('a'), sshString('b'))).toMatchObject({
        code: status.unsupported,
      });
  });
});

describe('hostile packets', () => {
  test('nothing but an error of the protocol ever comes of them', async () => {
    const packet = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.uint8Array({ maxLength: 60 }));
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { maxLength: 20 }), async (packets) => {
        const client = await newClient();
        for (const [type, rest] of packets)
          try {
            await client.session.answer(Uint8Array.of(type, ...rest));
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad-sftp' });
          }
      }),
    );
  });

  test('what comes before INIT ends the session', async () => {
    await expect(new Client().session.answer(Uint8Array.of(request.open))).rejects.toBeInstanceOf(PeerError);
  });

  test('an error of ours is not shown to the client', async () => {
    const client = await newClient();
    client.drop.put = () => Promise.reject(new TypeError('secret path /root/x'));
    const { code, text } = await client.close(await client.open('image.bin'));
    expect(code).toBe(status.failure);
    expect(text).not.toContain('secret');
  });
});

describe('cutting the stream into packets', () => {
  test('does not depend on how the stream is cut', () => {
    const packets = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 10 });
    fc.assert(
      fc.property(packets, fc.integer({ min: 1, max: 50 }), (expected, size) => {
        const decoder = new SftpDecoder();
        const stream = concatBytes(expected.map((packet) => sshString(packet)));
        const found: Uint8Array[] = [];
        for (let at = 0; at < stream.length; at += size)
          found.push(...decoder.push(stream.subarray(at, at + size)));
        expect(found.map((packet) => [...packet])).toEqual(expected.map((packet) => [...packet]));
      }),
    );
  });

  test.each([0, 256 * 1024 + 1, 0xffff_ffff])('a packet of %i octets ends the session', (length) => {
    expect(() => new SftpDecoder().push(uint32ToBytes(length))).toThrow(
      expect.objectContaining({ code: 'bad-sftp' }),
    );
  });
});
