import { describe, expect, test } from '@jest/globals';
import { base10, base11 } from '../../src/netconf/hello.ts';
import { ModuleIndex } from '../../src/netconf/module-catalog.ts';
import { element } from '../../src/xml/element.ts';
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

describe('the hello (RFC 6241 §8.1)', () => {
  test('of the server comes at once, with what is served and nothing else', () => {
    const client = new ScriptedClient(startServer().server);
    expect(client.takeMessages()).toEqual([
      `<hello xmlns="${base}"><capabilities>` +
        new ModuleIndex(startServer().backend.served).capabilities
          .map((uri) => `<capability>${uri.replaceAll('&', '&amp;')}</capability>`)
          .join('') +
        '</capabilities><session-id>1</session-id></hello>',
    ]);
  });

  test.each([
    ['chunked', [base10, base11], '\n#'],
    ['chunked', [base11], '\n#'],
    ['end-of-message', [base10], '<r'],
    ['end-of-message', [base10, 'urn:x', 'urn:ietf:params:netconf:base:1.1x'], '<r'],
  ] as const)('framing is %s after a client hello of %j', async (_, capabilities, begin) => {
    const client = new ScriptedClient(startServer().server);
    client.raw(clientHello(...capabilities));
    client.raw(begin === '<r' ? `<rpc xmlns="${base}" message-id="1"><get/></rpc>]]>]]>` : '\n#0\n');
    await settled();
    expect(Buffer.concat(client.port.written.slice(1)).toString().slice(0, 2)).toBe(begin);
  });

  test('white space around the URI of a client is ignored, as is what stands before its hello', async () => {
    const client = new ScriptedClient(startServer().server);
    client.raw(`\n<?xml version="1.0" encoding="UTF-8"?>${clientHello(`\n ${base11} `)}\n#0\n`);
    await settled();
    expect(client.port.written).toHaveLength(2);
  });

  const hello = (content: string): string => `<hello xmlns="${base}">${content}</hello>`;
  const capabilities = `<capabilities><capability>${base10}</capability></capabilities>`;
  test.each([
    ['no base version in common', hello('<capabilities><capability>urn:x</capability></capabilities>')],
    ['no capabilities', hello('')],
    [
      'capabilities of no namespace',
      hello(capabilities.replace('<capabilities>', '<capabilities xmlns="">')),
    ],
    ['a session-id', hello(`${capabilities}<session-id>1</session-id>`)],
    ['a bad session-id', hello(`${capabilities}<session-id>0</session-id>`)],
    ['no namespace', `<hello>${capabilities}</hello>`],
    ['an rpc instead', `<rpc xmlns="${base}" message-id="1"><get/></rpc>`],
    ['not XML', 'SSH-2.0-x'],
    ['a DOCTYPE', `<!DOCTYPE hello>${hello(capabilities)}`],
    ['nothing', ''],
    ['over the limit', `<${'x'.repeat(5000)}`],
  ])('refused without a word, and the session ended: %s', async (_, document) => {
    const { server } = startServer({ maxMessageBytes: 4000 });
    const client = new ScriptedClient(server);
    client.raw(`${document}]]>]]>`);
    client.raw(clientHello(base10));
    await settled();
    expect([client.port.written.length, client.port.aborts, server.sessions()]).toEqual([1, 1, []]);
  });

  test('has a deadline', () => {
    const { server, clock, config } = startServer();
    const [late, inTime] = [new ScriptedClient(server), connect(server)];
    clock.advance(config.helloTimeoutMs);
    expect([late.port.aborts, inTime.port.aborts]).toEqual([1, 0]);
  });
});

describe('session ids', () => {
  test('begin at 1 and are never used again', () => {
    const { server } = startServer();
    const ids = [1, 2, 3].map(() => {
      const client = connect(server);
      client.handle.closed();
      return client.handle.id;
    });
    expect([ids, server.sessions()]).toEqual([[1, 2, 3], []]);
  });
});

describe('caps', () => {
  test('on sessions of a user and of all are kept, and freed when sessions end', () => {
    const { server } = startServer({ maxSessions: 3, maxSessionsPerUser: 2 });
    const open = (user: string): ScriptedClient => new ScriptedClient(server, 'chunked', user);
    const [first] = [open('a'), open('a')];
    const refused = open('a');
    expect([refused.handle.id, refused.port.ends, refused.port.written.length]).toEqual([0, 1, 0]);
    refused.raw(clientHello(base10));
    refused.handle.drained();
    refused.handle.closed();
    expect(open('b').handle.id).not.toBe(0);
    expect(open('c').handle.id).toBe(0);
    first?.handle.closed();
    expect(open('c').handle.id).not.toBe(0);
  });

  test('a closed server ends all sessions and takes no more', () => {
    const { server } = startServer();
    const client = connect(server);
    server.close();
    expect([client.port.aborts, server.sessions()]).toEqual([1, []]);
    expect(new ScriptedClient(server).handle.id).toBe(0);
  });
});

describe('a client that is faster than it is served', () => {
  test('is not read while its queue is half full, and is again when it empties', async () => {
    const { server, backend } = startServer({ maxQueuedRequests: 4 });
    let answer = (): void => {};
    backend.answer = () =>
      new Promise((resolve) => {
        answer = () => resolve([]);
      });
    const client = connect(server);
    client.sendRpc(reset, '0');
    client.sendRpc('<get><filter/></get>', '1');
    expect([client.port.paused, client.handle.paused]).toEqual([false, false]);
    client.sendRpc('<get><filter/></get>', '2');
    expect([client.port.paused, client.handle.paused]).toEqual([true, true]);
    answer();
    await settled();
    expect([client.port.paused, client.takeMessages().map(idOf)]).toEqual([false, ['0', '1', '2']]);
  });

  test('is not read while the octets that wait are over those of one message', async () => {
    const { server, backend } = startServer({ maxMessageBytes: 2000 });
    backend.answer = () => new Promise(() => {});
    const client = connect(server);
    client.sendRpc(reset);
    client.sendRpc(`<get>${' '.repeat(1500)}</get>`);
    expect(client.port.paused).toBe(false);
    client.sendRpc(`<get>${' '.repeat(1500)}</get>`);
    expect(client.port.paused).toBe(true);
  });

  test('is read again when its session ends, so that the end is seen', async () => {
    const { server, backend } = startServer({ maxQueuedRequests: 2 });
    backend.answer = () => new Promise(() => {});
    const client = connect(server);
    for (const id of ['1', '2', '3']) client.sendRpc(reset, id);
    expect(client.port.paused).toBe(true);
    server.close();
    expect(client.port.paused).toBe(false);
  });
});

describe('a client that does not take its replies', () => {
  const big = '<get/>';

  function stuckClient(overrides = {}) {
    const fixture = startServer({ maxUnsentBytes: 1000, ...overrides });
    fixture.backend.data = [element(lampNamespace, 'lamps', 'x'.repeat(200_000))];
    const client = connect(fixture.server);
    client.port.accepts = false;
    return { ...fixture, client };
  }

  test('gets one piece per drain, and costs one reply at most', async () => {
    const { client } = stuckClient();
    client.sendRpc(big, '1');
    client.sendRpc(big, '2');
    await settled();
    const afterHello = client.port.written.length;
    expect([afterHello, client.port.paused]).toEqual([2, true]);
    client.handle.drained();
    await settled();
    expect(client.port.written).toHaveLength(3);
    client.port.accepts = true;
    client.handle.drained();
    await settled();
    expect([client.takeMessages().map(idOf), client.port.paused]).toEqual([['1', '2'], false]);
  });

  test('is cut off when it takes nothing for sendTimeoutMs', async () => {
    const { client, clock, config, server } = stuckClient();
    client.sendRpc(big);
    await settled();
    clock.advance(config.sendTimeoutMs - 1);
    client.handle.drained();
    clock.advance(config.sendTimeoutMs - 1);
    expect([client.port.aborts, server.sessions().length]).toEqual([0, 1]);
    clock.advance(1);
    expect([client.port.aborts, server.sessions().length]).toEqual([1, 0]);
  });

  test('is not cut off when it took all', async () => {
    const { client, clock, config } = stuckClient();
    client.sendRpc('<get><filter/></get>');
    await settled();
    client.handle.drained();
    clock.advance(10 * config.sendTimeoutMs);
    expect(client.port.aborts).toBe(0);
  });

  test('gets the whole reply before close-session ends the session', async () => {
    const { client } = stuckClient();
    client.sendRpc(big);
    client.sendRpc('<close-session/>', '2');
    await settled();
    client.port.accepts = true;
    client.handle.drained();
    await settled();
    expect([client.takeMessages().map(idOf), client.port.ends]).toEqual([['1', '2'], 1]);
  });

  test('is cut off after close-session too', async () => {
    const { client, clock, config } = stuckClient();
    client.sendRpc('<close-session/>');
    await settled();
    expect([client.port.ends, client.port.aborts]).toEqual([1, 0]);
    clock.advance(config.sendTimeoutMs);
    expect(client.port.aborts).toBe(1);
  });

  test('leaves no timer behind once its channel is closed', async () => {
    const { client, clock } = stuckClient();
    client.sendRpc(big);
    await settled();
    client.handle.closed();
    expect(clock.pending).toBe(0);
  });
});

describe('the idle timeout', () => {
  test('ends a session that asks nothing, and none that waits for its answer', async () => {
    const { server, backend, clock } = startServer({ idleTimeoutMs: 1000 });
    backend.answer = () => new Promise(() => {});
    const [idle, waiting, busy] = [connect(server), connect(server), connect(server)];
    waiting.sendRpc(reset);
    clock.advance(900);
    await busy.call('<get><filter/></get>');
    clock.advance(900);
    expect([idle, waiting, busy].map(({ port }) => port.aborts)).toEqual([1, 0, 0]);
    clock.advance(100);
    expect(busy.port.aborts).toBe(1);
  });

  test('runs from the last request, however many there were', async () => {
    const { server, clock } = startServer({ idleTimeoutMs: 1000 });
    const client = connect(server);
    for (let i = 0; i < 3; i += 1) {
      clock.advance(900);
      await client.call('<get><filter/></get>');
    }
    clock.advance(999);
    expect(client.port.aborts).toBe(0);
    clock.advance(1);
    expect(client.port.aborts).toBe(1);
  });

  test('of 0 lets sessions idle forever', () => {
    const { server, clock } = startServer({ idleTimeoutMs: 0 });
    const client = connect(server);
    clock.advance(1e9);
    expect([client.port.aborts, clock.pending]).toEqual([0, 0]);
  });
});
