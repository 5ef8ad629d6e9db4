import { expect } from '@jest/globals';
import { dateAndTime } from '../../src/base/clock.ts';
import type { NetconfEvent } from '../../src/netconf/events/event.ts';
import { element } from '../../src/xml/element.ts';
import { connect, type ScriptedClient, type ServerFixture, startServer } from './protocol-fixture.ts';

export const namespace = 'urn:ietf:params:xml:ns:netconf:notification:1.0';
export const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
export const create = (content = ''): string =>
  `<create-subscription xmlns="${namespace}">${content}</create-subscription>`;
export const ok = `<rpc-reply xmlns="${base}" message-id="1"><ok/></rpc-reply>`;

/** An event that holds a number. */
export const numbered = (n: number, more: Partial<NetconfEvent> = {}): NetconfEvent => ({
  content: element('urn:x', 'counted', [
    element('urn:x', 'n', String(n)),
    element('urn:x', 'parity', n % 2 === 0 ? 'even' : 'odd'),
  ]),
  ...more,
});

/** What came: the numbers of events, the names of other notifications; `?` for what is none. */
export const told = (messages: readonly string[]): string[] =>
  messages.map((message) => {
    const [, number] = /<n>(\d+)<\/n>/.exec(message) ?? [];
    const [, name = '?'] = /^<notification .*?<\/eventTime><([\w-]+)/.exec(message) ?? [];
    return number ?? name;
  });

interface Subscribed extends ServerFixture {
  readonly client: ScriptedClient;
  /** What the client was sent since the last call, once all turns are over. */
  took(): string[];
}

/**
 * Starts a server and subscribes to its events.
 * @param before is done before the subscription
 */
export async function subscribe(
  content = '',
  more: Parameters<typeof startServer>[1] = {},
  before: (fixture: ServerFixture) => void = () => {},
): Promise<Subscribed> {
  const fixture = startServer({}, more);
  before(fixture);
  const client = connect(fixture.server);
  const took = (): string[] => {
    fixture.clock.advance(0);
    return told(client.takeMessages());
  };
  expect(await client.call(create(content))).toBe(ok);
  return { ...fixture, client, took };
}

/** A moment before the clock of a fixture starts. */
export const start = Date.UTC(2026, 0, 1);
export const time = (name: string, offsetMs: number): string =>
  `<${name}>${dateAndTime(start + offsetMs)}</${name}>`;
