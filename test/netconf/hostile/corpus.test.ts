import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NetconfServer } from '../../../src/netconf/server.ts';
import { connect, lampNamespace, ScriptedClient, settled, startServer } from '../protocol-fixture.ts';
import { ended, type HostileCase, maxMessageBytes } from './cases.ts';
import { corpus } from './corpus.ts';

/** A session at the stage of a case. */
function sessionAt(server: NetconfServer, stage: HostileCase['stage']): ScriptedClient {
  if (stage !== 'hello') return connect(server, stage);
  const client = new ScriptedClient(server);
  client.takeMessages();
  return client;
}

/** What the messages of a session, and its end, come to. */
function outcomeOf(messages: readonly string[], over: boolean): string {
  const answers = messages.map((message) =>
    message.includes('<rpc-error>') ? (/<error-tag>([a-z-]+)</.exec(message)?.[1] ?? '?') : 'ok',
  );
  const end = over ? ended : '';
  if (answers.length === 0 && !over) return 'waits';
  if (answers.length > 0 && over && messages.at(-1)?.includes('<rpc-error>') !== true)
    return `${answers.join('+')}+${end}`;
  return `${answers.join('+')}${end}`;
}

async function act(server: NetconfServer, { stage, octets }: HostileCase, step: number): Promise<string> {
  const client = sessionAt(server, stage);
  for (let at = 0; at < octets.length; at += step) client.raw(octets.subarray(at, at + step));
  if (stage === 'hello') client.expectFraming();
  await settled();
  await settled();
  const outcome = outcomeOf(client.takeMessages(), client.port.ends + client.port.aborts > 0);
  client.handle.closed();
  return outcome;
}

describe('the hostile corpus', () => {
  let server: NetconfServer;
  let witness: ScriptedClient;
  beforeAll(() => {
    server = startServer({ maxMessageBytes }).server;
    witness = connect(server, 'chunked', 'witness');
  });
  afterAll(() => server.close());

  test('has at least 200 inputs, no two of one name at one stage', () => {
    const names = corpus.map(({ name, stage }) => `${stage}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(200);
  });

  test.each(corpus.map((one) => [one.stage, one.name, one.outcome, one] as const))(
    '%s: %s → %s',
    async (_stage, _name, outcome, one) => {
      expect(await act(server, one, Number.POSITIVE_INFINITY)).toBe(outcome);
      expect(server.sessions()).toHaveLength(1);
      expect(await witness.call(`<reset xmlns="${lampNamespace}"/>`)).toContain('<ok/>');
    },
  );

  test('is answered the same in octets, one at a time', async () => {
    for (const one of corpus.filter(({ octets }) => octets.length < 20_000))
      expect([one.stage, one.name, await act(server, one, 1)]).toEqual([one.stage, one.name, one.outcome]);
  });
});
