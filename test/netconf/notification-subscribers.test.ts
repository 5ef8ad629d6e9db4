import { describe, expect, test } from '@jest/globals';
import { element } from '../../src/xml/element.ts';
import { eventStreams } from '../support/memory-event-log.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { connect, lampNamespace, settled, startServer } from './protocol-fixture.ts';
import { create, numbered, subscribe, time, told } from './subscription-fixture.ts';

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
