import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { utf8 } from '../../src/base/bytes.ts';
import { base10, base11 } from '../../src/netconf/hello.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import {
  clientHello,
  connect,
  idOf,
  lampNamespace,
  reset,
  ScriptedClient,
  settled,
  startServer,
} from './protocol-fixture.ts';

const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';

describe('logs', () => {
  test('an unforeseen failure is logged with its reason, a refused request is not', async () => {
    const logger = new RecordingLogger();
    const { server, backend } = startServer({}, { logger });
    backend.answer = () => {
      throw new TypeError('the reason');
    };
    const client = connect(server);
    await client.call(reset);
    await client.call('<nothing/>');
    expect(logger.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields)).toEqual([
      { session: 1, operation: 'reset', error: 'the reason' },
    ]);
  });

  test('a request that fails because its session is gone is not logged as a failure', async () => {
    const logger = new RecordingLogger();
    const { server, backend } = startServer({}, { logger });
    backend.answer = ({ context: { signal } }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const client = connect(server);
    client.sendRpc(reset);
    await settled();
    client.handle.closed();
    await settled();
    expect(logger.lines.map(({ level }) => level)).toEqual(['info', 'info']);
  });

  test('a bug that strikes while an answer is sent ends that session, with its reason, and nothing else', async () => {
    const logger = new RecordingLogger();
    const { server } = startServer({}, { logger });
    const client = new ScriptedClient(server).greet();
    client.port.write = () => {
      throw new TypeError('a bug');
    };
    client.sendRpc('<get/>');
    await settled();
    expect(client.port.aborts).toBe(1);
    expect(server.sessions()).toEqual([]);
    expect(logger.lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toContain(
      'a NETCONF session broke',
    );
    const other = new ScriptedClient(server).greet();
    other.sendRpc('<get/>');
    await settled();
    expect(other.takeMessages().at(-1)).toContain('<data>');
  });

  test('the wire trace shows every message, shortened, in both directions', async () => {
    const trace = new RecordingLogger();
    const { server } = startServer({}, { trace });
    const client = connect(server);
    await client.call(`<get><filter>${' '.repeat(10_000)}</filter></get>`);
    client.send('<rpc>');
    await settled();
    expect(trace.lines.map(({ message }) => message)).toEqual([
      'netconf out',
      'netconf in',
      'netconf in',
      'netconf out',
      'netconf in',
      'netconf out',
    ]);
    expect(String(trace.lines[2]?.fields['message'])).toHaveLength(4096);
    expect(trace.lines[2]?.fields['octets']).toBeGreaterThan(10_000);
  });
});

describe('hostile input', () => {
  const piece = fc.constantFrom(
    '\n#5\n',
    '\n##\n',
    '\n#',
    '##',
    ']]>]]>',
    ']]>',
    '<rpc',
    '</rpc>',
    '>',
    ` xmlns="${base}"`,
    ' message-id="1"',
    '<get/>',
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '&b;',
    '<?xml version="1.0"?>',
    '<![CDATA[',
    '\0',
    '\u{1F600}',
    'a',
    clientHello(base10, base11),
  );
  const bytes = fc.oneof(
    fc.array(piece, { maxLength: 20 }).map((pieces) => utf8(pieces.join(''))),
    fc.uint8Array({ maxLength: 200 }),
  );

  test('raw octets, before and after the hello, harm nobody else', async () => {
    const { server } = startServer({ maxMessageBytes: 2000 });
    const witness = connect(server);
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.boolean(),
        fc.array(bytes, { maxLength: 4 }),
        async (greets, newer, all) => {
          const client = new ScriptedClient(server, newer ? 'chunked' : 'end-of-message');
          if (greets) client.greet();
          for (const one of all) client.raw(one);
          await settled();
          client.handle.closed();
          expect(server.sessions()).toHaveLength(1);
        },
      ),
    );
    expect(await witness.call('<get><filter/></get>')).toContain('<data/>');
  });

  const name = fc.constantFrom(
    'get',
    'get-config',
    'get-schema',
    'kill-session',
    'filter',
    'source',
    'setLamp',
    'x',
  );
  const namespace = fc.constantFrom(base, '', lampNamespace, 'urn:x', `${base}#`);
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc
      .tuple(
        name,
        namespace,
        fc.oneof(
          { maxDepth: 4 },
          fc.string({ maxLength: 5 }).map((one) => one.replace(/[^a-z0-9 ]/g, '')),
          fc.array(tie('tree') as fc.Arbitrary<string>, { maxLength: 3 }).map((all) => all.join('')),
        ),
      )
      .map(([local, uri, content]) => `<${local} xmlns="${uri}">${content}</${local}>`),
  }));

  test('every well-framed request, in whatever namespaces, gets exactly one reply', async () => {
    const client = connect(startServer().server);
    await fc.assert(
      fc.asyncProperty(tree, async (operation) => {
        const reply = await client.call(operation);
        expect(reply).toMatch(/^<rpc-reply xmlns="[^"]+" message-id="1">.*<\/rpc-reply>$/s);
        expect(client.takeMessages()).toEqual([]);
      }),
    );
    expect(await client.call('<get><filter/></get>')).toContain('<data/>');
  });

  test('a request cut into single octets is a request like others', async () => {
    const client = connect(startServer().server);
    const stream = utf8(`\n#50\n${`<rpc xmlns="${base}" message-id="7"><get/></rpc>`.slice(0, 50)}`);
    const rest = `<rpc xmlns="${base}" message-id="7"><get/></rpc>`.slice(50);
    for (const byte of stream) client.raw(Uint8Array.of(byte));
    for (const byte of utf8(`\n#${rest.length}\n${rest}\n##\n`)) client.raw(Uint8Array.of(byte));
    expect(idOf(await client.reply())).toBe('7');
  });
});
