import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UserBudget } from '../../src/netconf/user-budget.ts';
import { element } from '../../src/xml/element.ts';
import { connect, lampNamespace, reset, ScriptedClient, settled, startServer } from './protocol-fixture.ts';

/** The first chunk of a request, of so many octets, whose end is still to come. */
function half(octets: number): string {
  return `\n#${octets}\n${'x'.repeat(octets)}`;
}

async function answers(client: ScriptedClient): Promise<boolean> {
  return (await client.call(reset)).includes('<ok/>');
}

describe('requests of all sessions of a user', () => {
  test('over maxUserBytes, the session that brings the last octet is told and ended; others go on', async () => {
    const { server } = startServer({ maxUserBytes: 10_000 });
    const [first, second, other] = [
      connect(server),
      connect(server),
      connect(server, 'chunked', 'bert'),
    ] as const;
    first.raw(half(9_000));
    expect(await answers(second)).toBe(true);
    second.raw(half(2_000));
    const reply = await second.reply();
    expect(reply).toContain('<error-tag>resource-denied</error-tag>');
    expect(second.port.ends).toBe(1);
    expect(server.sessions().map(({ id }) => id)).toEqual([first.handle.id, other.handle.id]);
    other.raw(half(9_000));
    expect(await answers(connect(server, 'chunked', 'carl'))).toBe(true);
    expect(first.port.ends + other.port.ends).toBe(0);
  });

  test('what a session held is free again when it ends, however it ends', async () => {
    const { server } = startServer({ maxUserBytes: 10_000 });
    const witness = connect(server);
    for (let i = 0; i < 50; i += 1) {
      const client = connect(server);
      client.raw(half(8_000));
      if (i % 3 === 0) client.handle.closed();
      else if (i % 3 === 1) client.raw(half(4_000));
      else
        expect(
          await witness.call(`<kill-session><session-id>${client.handle.id}</session-id></kill-session>`),
        ).toContain('<ok/>');
      await settled();
    }
    witness.raw(half(9_000));
    expect(witness.port.ends).toBe(0);
    expect(server.sessions()).toHaveLength(1);
  });

  test('requests that wait behind a slow one count', async () => {
    const { server, backend } = startServer({ maxUserBytes: 10_000 });
    backend.answer = () => new Promise(() => {});
    const client = connect(server);
    client.sendRpc(reset);
    await settled();
    for (let i = 0; i < 4; i += 1) client.sendRpc(`<get><!--${'x'.repeat(3_000)}--></get>`);
    const other = connect(server);
    other.raw(half(10));
    await settled();
    expect([client.port.ends, other.port.ends]).toEqual([0, 1]);
  });

  test('a hello counts, too', () => {
    const { server } = startServer({ maxUserBytes: 10_000 });
    connect(server).raw(half(9_000));
    const late = new ScriptedClient(server);
    late.raw(' '.repeat(2_000));
    expect(late.port.aborts).toBe(1);
  });
});

describe('replies to all sessions of a user', () => {
  test('over maxUserBytes not taken, requests wait until they are', async () => {
    const { server, backend } = startServer({ maxUserBytes: 10_000 });
    backend.data = [element(lampNamespace, 'lamps', 'x'.repeat(100_000))];
    const [slow, quick] = [connect(server), connect(server)];
    const stranger = connect(server, 'chunked', 'bert');
    slow.port.accepts = false;
    slow.sendRpc('<get/>');
    await settled();
    quick.sendRpc(reset);
    await settled();
    expect(quick.takeMessages()).toEqual([]);
    expect(await answers(stranger)).toBe(true);
    slow.port.accepts = true;
    slow.handle.drained();
    expect(await quick.reply()).toContain('<ok/>');
  });

  test('what a session that has ended is still sending counts, though the user had no other session', async () => {
    const { server, backend } = startServer({ maxUserBytes: 100_000 });
    backend.data = [element(lampNamespace, 'lamps', 'x'.repeat(100_000))];
    const ended = connect(server);
    ended.port.accepts = false;
    ended.sendRpc('<get/>');
    ended.sendRpc('<close-session/>', '2');
    await settled();
    expect(server.sessions()).toEqual([]);
    const [slow, quick] = [connect(server), connect(server)];
    slow.port.accepts = false;
    slow.sendRpc('<get/>');
    await settled();
    quick.sendRpc(reset);
    await settled();
    expect(quick.takeMessages()).toEqual([]);
    ended.handle.closed();
    expect(await quick.reply()).toContain('<ok/>');
  });

  test('a client that takes nothing keeps the others waiting for sendTimeoutMs and no longer', async () => {
    const { server, backend, clock } = startServer({ maxUserBytes: 10_000, sendTimeoutMs: 1000 });
    backend.data = [element(lampNamespace, 'lamps', 'x'.repeat(100_000))];
    const [stuck, quick] = [connect(server), connect(server)];
    stuck.port.accepts = false;
    stuck.sendRpc('<get/>');
    stuck.sendRpc('<close-session/>', '2');
    await settled();
    quick.sendRpc(reset);
    clock.advance(1000);
    expect(await quick.reply()).toContain('<ok/>');
    expect(stuck.port.aborts).toBe(1);
  });
});

test('whatever is taken and given back, a budget is full only while too much is held', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1000), { maxLength: 50 }), async (sizes) => {
      const budget = new UserBudget(2_000);
      let held = 0;
      let woken = 0;
      for (const size of sizes) {
        budget.change(size, size);
        held += size;
        expect([budget.exceeded, budget.full]).toEqual([held > 2_000, held > 2_000]);
        budget.ready().then(() => {
          woken += 1;
        });
      }
      for (const size of sizes) budget.change(-size, -size);
      await settled();
      expect([woken, budget.full, budget.exceeded]).toEqual([sizes.length, false, false]);
    }),
  );
});
