import { describe, expect, test } from '@jest/globals';
import { dateAndTime } from '../../src/base/clock.ts';
import { unrestricted } from '../../src/netconf/access/user-access.ts';
import type { NetconfEvent } from '../../src/netconf/events/event.ts';
import { element } from '../../src/xml/element.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { eventStreams, MemoryEventLog } from '../support/memory-event-log.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import {
  connect,
  lampNamespace,
  type ScriptedClient,
  type ServerFixture,
  settled,
  startServer,
} from './protocol-fixture.ts';

const namespace = 'urn:ietf:params:xml:ns:netconf:notification:1.0';
const base = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const create = (content = ''): string =>
  `<create-subscription xmlns="${namespace}">${content}</create-subscription>`;
const ok = `<rpc-reply xmlns="${base}" message-id="1"><ok/></rpc-reply>`;

/** An event that holds a number. */
const numbered = (n: number, more: Partial<NetconfEvent> = {}): NetconfEvent => ({
  content: element('urn:x', 'counted', [
    element('urn:x', 'n', String(n)),
    element('urn:x', 'parity', n % 2 === 0 ? 'even' : 'odd'),
  ]),
  ...more,
});

/** What came: the numbers of events, the names of other notifications; `?` for what is none. */
const told = (messages: readonly string[]): string[] =>
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

async function subscribe(
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
const start = Date.UTC(2026, 0, 1);
const time = (name: string, offsetMs: number): string =>
  `<${name}>${dateAndTime(start + offsetMs)}</${name}>`;

describe('create-subscription (RFC 5277 §2.1.1)', () => {
  test('is answered first; what happens then comes as notifications, eventTime before all else (§4)', async () => {
    const { client, events, clock } = await subscribe();
    events.emit(numbered(1));
    clock.advance(0);
    expect(client.takeMessages()).toEqual([
      `<notification xmlns="${namespace}"><eventTime>2026-01-01T00:00:00.000Z</eventTime>` +
        '<counted xmlns="urn:x"><n>1</n><parity>odd</parity></counted></notification>',
    ]);
  });

  test('what happens between the request and its reply comes after the reply', async () => {
    const { server, events, clock } = startServer();
    const client = connect(server);
    client.sendRpc(create());
    events.emit(numbered(1));
    clock.advance(0);
    expect(client.takeMessages()).toEqual([]);
    await settled();
    clock.advance(0);
    expect(told(client.takeMessages())).toEqual(['?', '1']);
  });

  test('sends notifications in the framing of the session (RFC 6242 §4.3)', async () => {
    const { server, events, clock } = startServer();
    const client = connect(server, 'end-of-message');
    await client.call(create());
    events.emit(numbered(1));
    clock.advance(0);
    const bytes = client.port.written.at(-1) ?? new Uint8Array();
    expect(Buffer.from(bytes).toString()).toMatch(/^<notification .*<\/notification>\]\]>\]\]>$/);
  });

  test('who has not subscribed is sent nothing', async () => {
    const { server, events, clock } = startServer();
    const client = connect(server);
    events.emit(numbered(1));
    clock.advance(1000);
    expect(client.takeMessages()).toEqual([]);
  });

  test('takes a filter of the base namespace too, as ncclient sends it', async () => {
    const { events, took } = await subscribe(
      `<filter xmlns="${base}" type="subtree"><counted xmlns="urn:x"><parity>even</parity></counted></filter>`,
    );
    for (const n of [1, 2, 3, 4]) events.emit(numbered(n));
    expect(took()).toEqual(['2', '4']);
  });

  test.each([
    ['an unknown stream', '<stream>rivers</stream>', 'application', 'invalid-value', 'stream'],
    ['an empty stream', '<stream/>', 'application', 'invalid-value', 'stream'],
    ['a stopTime alone', time('stopTime', 5), 'protocol', 'missing-element', 'startTime'],
    [
      'a stopTime before the startTime',
      time('startTime', -5) + time('stopTime', -6),
      'protocol',
      'bad-element',
      'stopTime',
    ],
    ['a startTime yet to come', time('startTime', 1), 'protocol', 'bad-element', 'startTime'],
    ['no time', '<startTime>noon</startTime>', 'application', 'invalid-value', 'startTime'],
    ['no day', '<startTime>2025-02-30T00:00:00Z</startTime>', 'application', 'invalid-value', 'startTime'],
    ['no zone', '<startTime>2025-02-20T00:00:00</startTime>', 'application', 'invalid-value', 'startTime'],
    ['a parameter that there is not', '<since/>', 'application', 'unknown-element', 'since'],
    [
      'a parameter twice',
      '<stream>NETCONF</stream><stream>NETCONF</stream>',
      'application',
      'bad-element',
      'stream',
    ],
  ])('refuses %s', async (_, content, type, tag, bad) => {
    const { server, events, clock } = startServer();
    const client = connect(server);
    const reply = await client.call(create(content));
    expect(reply).toContain(`<error-type>${type}</error-type><error-tag>${tag}</error-tag>`);
    expect(reply).toContain(`<error-info><bad-element>${bad}</bad-element></error-info>`);
    events.emit(numbered(1));
    clock.advance(0);
    expect(client.takeMessages()).toEqual([]);
  });

  test('takes times of any zone, with or without fractions of a second', async () => {
    const before = ({ events }: ServerFixture): void => {
      for (const n of [1, 2, 3]) events.emit(numbered(n, { time: start - 10_000 + n * 1000 }));
    };
    const { took } = await subscribe('<startTime> 2026-01-01T01:59:52.000001+02:00 </startTime>', {}, before);
    expect(took()).toEqual(['2', '3', 'netconf-session-start', 'replayComplete']);
  });

  test('a second one on a session is refused as long as the first one lasts', async () => {
    const { client, took, clock } = await subscribe(time('startTime', 0) + time('stopTime', 1000));
    expect(took()).toEqual(['netconf-session-start', 'replayComplete']);
    expect(await client.call(create())).toContain('<error-tag>in-use</error-tag>');
    clock.advance(1001);
    expect(took()).toEqual(['notificationComplete']);
    expect(await client.call(create())).toBe(ok);
  });

  test('other requests are served meanwhile (:interleave, §6)', async () => {
    const { client, events, took } = await subscribe();
    events.emit(numbered(1));
    expect(await client.call('<get><filter/></get>', '2')).toContain('<data/>');
    events.emit(numbered(2));
    expect(took()).toEqual(['1', '2']);
  });
});

describe('streams (RFC 5277 §3.2)', () => {
  test('NETCONF carries all events, the others their own', async () => {
    const everything = ['1', '2', '3', '4'];
    for (const [name, expected] of [
      ['NETCONF', everything],
      ['devices', ['1']],
      ['telemetry', ['2', '4']],
    ] as const) {
      const { events, took } = await subscribe(`<stream>${name}</stream>`);
      events.emit(numbered(1, { stream: 'devices' }));
      events.emit(numbered(2, { stream: 'telemetry' }));
      events.emit(numbered(3));
      events.emit(numbered(4, { stream: 'telemetry' }));
      expect(took()).toEqual(expected);
    }
  });

  test('are listed in /netconf/streams (§3.2.5), with the time at which each log was begun', async () => {
    const log = new MemoryEventLog(start - 1000);
    const { server } = startServer({}, { events: (clock) => eventStreams(clock, { log }) });
    const reply = await connect(server).call(
      '<get><filter><netconf xmlns="urn:ietf:params:xml:ns:netmod:notification"/></filter></get>',
    );
    const stream = (name: string, description: string, created: string): string =>
      `<stream><name>${name}</name><description>${description}</description>` +
      `<replaySupport>true</replaySupport><replayLogCreationTime>${created}</replayLogCreationTime></stream>`;
    expect(reply).toContain(
      '<data><netconf xmlns="urn:ietf:params:xml:ns:netmod:notification"><streams>' +
        stream('NETCONF', 'All events of the server.', '2025-12-31T23:59:59.000Z') +
        stream('devices', 'Devices that come and go.', '2025-12-31T23:59:59.000Z') +
        stream('telemetry', 'Measurements.', '2026-01-01T00:00:00.000Z') +
        '</streams></netconf></data>',
    );
  });
});

describe('a filter (RFC 5277 §3.6)', () => {
  test('decides about whole notifications: what is sent is all of it', async () => {
    const { client, events, clock } = await subscribe(
      '<filter><counted xmlns="urn:x"><n/><parity>even</parity></counted></filter>',
    );
    events.emit(numbered(1));
    events.emit(numbered(2));
    clock.advance(0);
    const [only, ...others] = client.takeMessages();
    expect(only).toContain('<counted xmlns="urn:x"><n>2</n><parity>even</parity></counted>');
    expect(others).toEqual([]);
  });

  test.each([
    ['/x:counted[x:parity="even"]', ['2', '4']],
    ['/x:counted/x:n > 2', ['3', '4']],
    ['count(/x:counted[x:n = 3])', ['3']],
    ['string(/x:counted/x:n[. = 1])', ['1']],
    ['/x:other', []],
  ])('that is an XPath lets through what makes it true: %s', async (select, expected) => {
    const text = select.replaceAll('"', '&quot;').replaceAll('>', '&gt;');
    const { events, took } = await subscribe(`<filter type="xpath" xmlns:x="urn:x" select="${text}"/>`);
    for (const n of [1, 2, 3, 4]) events.emit(numbered(n));
    expect(took()).toEqual(expected);
  });

  test.each([
    ['an XPath that is none', '<filter type="xpath" select="/a["/>', 'invalid-value'],
    ['an XPath of a prefix that is not declared', '<filter type="xpath" select="/q:a"/>', 'invalid-value'],
    ['an XPath without its expression', '<filter type="xpath"/>', 'missing-attribute'],
    ['a type that does not exist', '<filter type="regex"/>', 'bad-attribute'],
  ])('that is %s is refused', async (_, filter, tag) => {
    const client = connect(startServer().server);
    expect(await client.call(create(filter))).toContain(`<error-tag>${tag}</error-tag>`);
  });

  test('that takes more work than it may costs its session, and no other', async () => {
    const logger = new RecordingLogger();
    const nested = '[..//*'.repeat(8) + ']'.repeat(8);
    const { server, client, events, clock } = await subscribe(
      `<filter type="xpath" select="//*${nested}"/>`,
      { logger },
    );
    const other = connect(server);
    await other.call(create());
    const many = Array.from({ length: 30 }, (_, i) => element('urn:x', 'n', String(i)));
    events.emit({ content: element('urn:x', 'counted', many) });
    clock.advance(0);
    expect([client.port.aborts, other.port.aborts]).toEqual([1, 0]);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'a subscriber is cut off', fields: { session: 1 } },
    ]);
  });

  test('of nothing lets nothing through', async () => {
    const { events, took } = await subscribe('<filter/>');
    events.emit(numbered(1));
    expect(took()).toEqual([]);
  });
});

describe('replay (RFC 5277 §3.3)', () => {
  const emitBefore =
    (...offsets: number[]) =>
    ({ events }: ServerFixture): void => {
      for (const [i, offset] of offsets.entries()) events.emit(numbered(i + 1, { time: start + offset }));
    };
  const counted = '<filter><counted xmlns="urn:x"/></filter>';

  test('tells what happened since the startTime, then replayComplete, then what happens', async () => {
    const content = counted + time('startTime', -20);
    const { events, took } = await subscribe(content, {}, emitBefore(-30, -20, -10));
    expect(took()).toEqual(['2', '3', 'replayComplete']);
    events.emit(numbered(4));
    expect(took()).toEqual(['4']);
  });

  test('without a startTime tells nothing of the past', async () => {
    const { took } = await subscribe(counted, {}, emitBefore(-30, -20));
    expect(took()).toEqual([]);
  });

  test('until a stopTime of the past ends at once, and the session goes on', async () => {
    const content = counted + time('startTime', -30) + time('stopTime', -10);
    const { client, events, took } = await subscribe(content, {}, emitBefore(-31, -30, -10, -9));
    expect(took()).toEqual(['2', '3', 'replayComplete', 'notificationComplete']);
    events.emit(numbered(9));
    expect(took()).toEqual([]);
    expect(await client.call('<get><filter/></get>')).toContain('<data/>');
  });

  test('until a stopTime yet to come goes on till then, and takes along what happens at that very moment', async () => {
    const content = counted + time('startTime', -30) + time('stopTime', 1000);
    const { events, clock, took } = await subscribe(content, {}, emitBefore(-10));
    expect(took()).toEqual(['1', 'replayComplete']);
    clock.advance(1000);
    events.emit(numbered(2));
    expect(took()).toEqual(['2']);
    clock.advance(1);
    events.emit(numbered(3));
    expect(took()).toEqual(['notificationComplete']);
    expect(clock.pending).toBe(0);
  });

  test('a stopTime beyond what timers reach is waited for', async () => {
    const year = 365 * 86_400_000;
    const { clock, took } = await subscribe(counted + time('startTime', 0) + time('stopTime', year));
    expect(took()).toEqual(['replayComplete']);
    clock.advance(year);
    expect(took()).toEqual([]);
    clock.advance(1);
    expect(took()).toEqual(['notificationComplete']);
  });

  test('tells what happened before the last start of the server, but for what is kept in memory', async () => {
    const log = new MemoryEventLog(start - 1000);
    const first = startServer({}, { events: (clock) => eventStreams(clock, { log }) });
    first.events.emit(numbered(1, { stream: 'devices', about: [{ namespace: 'urn:x', name: 'a' }] }));
    first.events.emit(numbered(2, { stream: 'telemetry' }));
    first.events.emit(numbered(3));
    const again = new MemoryEventLog(log.created, log.records);
    const events = (clock: ManualClock) => eventStreams(clock, { log: again });
    const { took } = await subscribe(counted + time('startTime', 0), { events });
    expect(took()).toEqual(['1', '3', 'replayComplete']);
  });

  test('passes over what of the log cannot be read, and says so', async () => {
    const logger = new RecordingLogger();
    const damaged = [
      '{',
      '[]',
      '{"time":"x","xml":"<a/>"}',
      '{"time":1e99,"xml":"<a/>"}',
      '{"time":1,"xml":"a"}',
    ];
    const log = new MemoryEventLog(0, [
      ...damaged,
      '{"time":1,"namespace":"urn:x","name":"counted","xml":"<counted xmlns=\\"urn:x\\"><n>7</n></counted>"}',
    ]);
    const events = (clock: ManualClock) => eventStreams(clock, { log, logger });
    const { took } = await subscribe('<startTime>1970-01-01T00:00:00Z</startTime>', { events });
    expect(took()).toEqual(['7', 'netconf-session-start', 'replayComplete']);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { events: 5 } }]);
  });
});

describe('access control (RFC 8341 §3.4.6)', () => {
  test('is asked for each event when it is delivered; replayComplete and notificationComplete always come', async () => {
    let readable = 'a';
    const access = {
      ...unrestricted,
      mayRead: (path: readonly { name: string }[]) => path.at(-1)?.name === readable,
      mayReceive: ({ name }: { name: string }) => name === 'counted',
    };
    const content = time('startTime', 0) + time('stopTime', 5);
    const { events, clock, took } = await subscribe(content, { access: { forUser: () => access } });
    const about = (name: string) => ({ about: [{ namespace: 'urn:x', name }] });
    expect(took()).toEqual(['replayComplete']);
    events.emit(numbered(1, about('a')));
    events.emit(numbered(2, about('b')));
    events.emit(numbered(3));
    events.emit({ content: element('urn:x', 'other') });
    expect(took()).toEqual(['1', '3']);
    readable = 'b';
    events.emit(numbered(4, about('a')));
    events.emit(numbered(5, about('b')));
    expect(took()).toEqual(['5']);
    clock.advance(6);
    expect(took()).toEqual(['notificationComplete']);
  });
});

describe('a subscriber that is slow', () => {
  test('is told on as far as it takes notifications, and misses none', async () => {
    const { client, events, clock, took } = await subscribe();
    client.port.accepts = false;
    for (let n = 1; n <= 300; n += 1) events.emit(numbered(n));
    expect(took()).toEqual(['1']);
    client.handle.drained();
    expect(took()).toEqual(['2']);
    client.port.accepts = true;
    client.handle.drained();
    clock.advance(0);
    expect(took()).toEqual(Array.from({ length: 298 }, (_, i) => String(i + 3)));
  });

  test('is cut off when it takes nothing for sendTimeoutMs, and the others are not', async () => {
    const { server, client, events, clock, config } = await subscribe();
    const other = connect(server);
    await other.call(create());
    client.port.accepts = false;
    events.emit(numbered(1));
    clock.advance(config.sendTimeoutMs);
    expect([client.port.aborts, other.port.aborts]).toEqual([1, 0]);
    expect(told(other.takeMessages())).toEqual(['1', 'netconf-session-end']);
  });

  test('is cut off when it is so far behind that events are gone, with a warning, and the others are not', async () => {
    const logger = new RecordingLogger();
    const limits = { maxEvents: 10, maxBytes: 1e6 };
    const { server, client, events, clock } = await subscribe('', {
      logger,
      events: (own) => eventStreams(own, { limits }),
    });
    const other = connect(server);
    await other.call(create());
    clock.advance(0);
    other.takeMessages();
    client.takeMessages();
    client.port.accepts = false;
    for (let n = 1; n <= 12; n += 1) {
      events.emit(numbered(n));
      clock.advance(0);
    }
    expect(told(other.takeMessages())).toHaveLength(12);
    client.port.accepts = true;
    client.handle.drained();
    clock.advance(0);
    expect([client.port.aborts, told(client.takeMessages())]).toEqual([1, ['1']]);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'a subscriber is cut off', fields: { session: 1 } },
    ]);
    expect(other.port.aborts).toBe(0);
  });

  test('gets its replies whole: no notification comes in between', async () => {
    const { backend, client, events, clock } = await subscribe();
    backend.data = [element(lampNamespace, 'lamps', 'x'.repeat(200_000))];
    client.port.accepts = false;
    client.sendRpc('<get/>', '7');
    await settled();
    events.emit(numbered(1));
    clock.advance(0);
    client.port.accepts = true;
    client.handle.drained();
    clock.advance(0);
    const [reply = '', ...rest] = client.takeMessages();
    expect([reply.length > 200_000, told(rest)]).toEqual([true, ['1']]);
  });
});

describe('a session with a subscription', () => {
  test('is not idle (RFC 6241 §8.1 knows no idling; idleTimeoutMs ends only what nobody uses)', async () => {
    const { server, clock } = startServer({ idleTimeoutMs: 1000 });
    const [subscribed, idle] = [connect(server), connect(server)];
    await subscribed.call(create(time('startTime', 0) + time('stopTime', 5000)));
    clock.advance(5000);
    expect([subscribed.port.aborts, idle.port.aborts]).toEqual([0, 1]);
    // The subscription is over, and so is the excuse.
    clock.advance(2000);
    expect(subscribed.port.aborts).toBe(1);
  });

  test('ends its subscription with itself', async () => {
    const { client, events, clock } = await subscribe();
    client.handle.closed();
    const written = client.port.written.length;
    events.emit(numbered(1));
    clock.advance(10);
    expect([client.port.written.length, clock.pending]).toEqual([written, 0]);
  });

  test('has its notifications counted, for itself and for the server (RFC 6022 §2.1.4, §2.1.5)', async () => {
    const { server, client, events, clock } = await subscribe();
    await connect(server).call(create());
    events.emit(numbered(1));
    clock.advance(0);
    client.takeMessages();
    const state = await client.call(
      '<get><filter><netconf-state xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><sessions><session>' +
        '<session-id/><out-notifications/></session></sessions><statistics><out-notifications/></statistics>' +
        '</netconf-state></filter></get>',
    );
    // The first session is also told that the second one began.
    expect([...state.matchAll(/<out-notifications>(\d+)</g)].map(([, n]) => n)).toEqual(['2', '1', '3']);
  });

  test('of a bug in sending costs the session alone', async () => {
    const logger = new RecordingLogger();
    const { server, client, events, clock } = await subscribe('', { logger });
    const other = connect(server);
    await other.call(create());
    client.port.write = () => {
      throw new TypeError('a bug');
    };
    events.emit(numbered(1));
    clock.advance(0);
    expect([client.port.aborts, told(other.takeMessages())]).toEqual([1, ['1', 'netconf-session-end']]);
    expect(logger.lines.some(({ level }) => level === 'error')).toBe(true);
  });
});

describe('an event that cannot be written', () => {
  test('is logged and lost; whoever emits it goes on', async () => {
    const logger = new RecordingLogger();
    const { events, took } = await subscribe('', { events: (clock) => eventStreams(clock, { logger }) });
    events.emit({ content: element('urn:x', 'not a name') });
    events.emit(numbered(1));
    expect(took()).toEqual(['1']);
    expect(logger.lines).toMatchObject([{ level: 'error' }]);
  });
});
