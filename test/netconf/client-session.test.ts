import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../../src/base/bytes.ts';
import { defaultConfig } from '../../src/base/config.ts';
import { MupError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { ClientSession } from '../../src/netconf/client-session.ts';
import { encodeFrame } from '../../src/netconf/framing.ts';
import { NetconfServer } from '../../src/netconf/server.ts';
import type { SessionHandle } from '../../src/netconf/session-port.ts';
import { childElements, element } from '../../src/xml/element.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { eventStreams } from '../support/memory-event-log.ts';
import { memoryDatastores, permitAll, ScriptedBackend } from './protocol-fixture.ts';

const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const capability = 'urn:ietf:params:netconf:base:1';
const hello = (...versions: string[]): string =>
  `<hello xmlns="${base}"><capabilities>${versions
    .map((version) => `<capability>${capability}.${version}</capability>`)
    .join('')}</capabilities><session-id>4</session-id></hello>]]>]]>`;

class Client {
  readonly clock = new ManualClock();
  readonly hellos: unknown[] = [];
  readonly failures: MupError[] = [];
  written: Uint8Array[] = [];
  ended = 0;
  readonly session = new ClientSession(
    {
      write: (bytes) => {
        this.written.push(bytes);
      },
      end: () => {
        this.ended += 1;
      },
    },
    this.clock,
    (greeting) => this.hellos.push(greeting),
    (error) => this.failures.push(error),
  );

  sent(): string {
    const text = Buffer.from(concatBytes(this.written)).toString();
    this.written = [];
    return text;
  }
}

describe('a client beside our own server', () => {
  test('takes base:1.1, gets data, errors, and the end of its session', async () => {
    const clock = new ManualClock();
    const server = new NetconfServer({
      backend: new ScriptedBackend(),
      datastores: memoryDatastores([], clock),
      access: permitAll,
      events: eventStreams(clock),
      config: defaultConfig.netconf,
      clock,
      logger: silentLogger,
    });
    const failures: MupError[] = [];
    let handle: SessionHandle | undefined;
    const greeted = new Promise((resolve) => {
      const session = new ClientSession(
        { write: (bytes) => handle?.receive(bytes), end: () => handle?.closed() },
        clock,
        () => resolve(session),
        (error) => failures.push(error),
      );
      const port = {
        write: (bytes: Uint8Array): boolean => {
          queueMicrotask(() => session.receive(bytes));
          return true;
        },
        end: () => queueMicrotask(() => session.closed()),
        abort: () => session.closed(),
        pause() {},
        resume() {},
      };
      handle = server.openSession({ username: 'alice', sourceHost: '127.0.0.1', port });
      session.start();
    });
    const session = (await greeted) as ClientSession;
    const reply = await session.rpc(element(base, 'get'));
    expect(childElements(reply).map(({ name }) => name)).toEqual(['data']);
    await expect(session.rpc(element(base, 'nonsense'))).rejects.toMatchObject({
      code: 'operation-not-supported',
    });
    await expect(session.rpc(element(base, 'close-session'))).resolves.toBeDefined();
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures).toMatchObject([{ code: 'netconf-closed' }]);
  });
});

describe('the hello', () => {
  test.each([
    [['0'], `]]>]]>`],
    [['0', '1'], '\n##\n'],
    [['1'], '\n##\n'],
  ])('of base versions 1.%j decides the framing', (versions, end) => {
    const client = new Client();
    client.session.start();
    expect(client.sent()).toMatch(/base:1\.0<.*base:1\.1<.*\]\]>\]\]>$/s);
    client.session.receive(utf8(hello(...versions)));
    expect(client.hellos).toHaveLength(1);
    void client.session.rpc(element(base, 'get')).catch(() => {});
    expect(client.sent().endsWith(end)).toBe(true);
  });

  test.each([
    [
      'no session-id',
      `<hello xmlns="${base}"><capabilities><capability>${capability}.0</capability></capabilities></hello>`,
    ],
    ['no common base', hello('2').replace(']]>]]>', '')],
    ['another root', '<rpc-reply/>'],
    ['another namespace', hello('0').replace(base, 'urn:x').replace(']]>]]>', '')],
    ['a DOCTYPE', `<!DOCTYPE x>${hello('0').replace(']]>]]>', '')}`],
  ])('with %s ends the session', (_what, message) => {
    const client = new Client();
    client.session.receive(utf8(`${message}]]>]]>`));
    expect([client.hellos.length, client.failures.length, client.ended]).toEqual([0, 1, 1]);
  });
});

describe('what comes from the server', () => {
  test('may be cut anywhere', () => {
    const reply = (id: string): string => `<rpc-reply xmlns="${base}" message-id="${id}"><ok/></rpc-reply>`;
    const stream = concatBytes([
      utf8(hello('1')),
      ...encodeFrame(reply('1'), 'chunked'),
      ...encodeFrame(reply('2'), 'chunked'),
    ]);
    return fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: stream.length }), async (size) => {
        const client = new Client();
        const greeting = utf8(hello('1')).length;
        client.session.receive(stream.subarray(0, greeting));
        const replies = [client.session.rpc(element(base, 'get')), client.session.rpc(element(base, 'get'))];
        for (let at = greeting; at < stream.length; at += size)
          client.session.receive(stream.subarray(at, at + size));
        expect(await Promise.all(replies)).toHaveLength(2);
        expect(client.clock.pending).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('can end the session, and nothing else', async () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom('<x/>]]>]]>', '<notification/>]]>]]>', '<rpc-reply/>]]>]]>', ']]>]]>', '<a>').map(utf8),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { maxLength: 8 }), async (pieces) => {
        const client = new Client();
        client.session.receive(utf8(hello('0')));
        const asked = client.session
          .rpc(element(base, 'get'), { timeoutMs: 1000 })
          .catch((error: unknown) => error);
        for (const piece of pieces) client.session.receive(piece);
        client.clock.advance(1000);
        expect(await asked).toBeInstanceOf(MupError);
        expect(client.clock.pending).toBe(0);
      }),
    );
  });

  test('a reply without message-id answers the oldest request (RFC 6241 section 4.2)', async () => {
    const client = new Client();
    client.session.receive(utf8(hello('0')));
    const [first, second] = [element(base, 'get'), element(base, 'get')].map((operation) =>
      client.session.rpc(operation).catch((error: MupError) => error.code),
    );
    client.session.receive(
      utf8(
        `<rpc-reply xmlns="${base}"><rpc-error><error-type>rpc</error-type><error-tag>malformed-message</error-tag>` +
          '<error-severity>error</error-severity></rpc-error></rpc-reply>]]>]]>',
      ),
    );
    expect(await first).toBe('malformed-message');
    client.session.closed();
    expect(await second).toBe('netconf-closed');
  });

  test('notifications are passed over', () => {
    const client = new Client();
    client.session.receive(utf8(`${hello('0')}<notification xmlns="urn:n"/>]]>]]>`));
    expect(client.failures).toEqual([]);
  });
});
