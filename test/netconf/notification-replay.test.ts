import { describe, expect, test } from '@jest/globals';
import type { ManualClock } from '../support/manual-clock.ts';
import { eventStreams, MemoryEventLog } from '../support/memory-event-log.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { type ServerFixture, startServer } from './protocol-fixture.ts';
import { numbered, start, subscribe, time } from './subscription-fixture.ts';

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
    expect(logger.lines.map(({ level }) => level)).toEqual(damaged.map(() => 'warn'));
  });
});
