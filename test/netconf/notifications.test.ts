import { describe, expect, test } from '@jest/globals';
import { unrestricted } from '../../src/netconf/access/user-access.ts';
import { element } from '../../src/xml/element.ts';
import { eventStreams, MemoryEventLog } from '../support/memory-event-log.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { connect, type ServerFixture, settled, startServer } from './protocol-fixture.ts';
import {
  base,
  create,
  namespace,
  numbered,
  ok,
  start,
  subscribe,
  time,
  told,
} from './subscription-fixture.ts';

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
