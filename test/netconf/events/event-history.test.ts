import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EventHistory } from '../../../src/netconf/events/event-history.ts';
import {
  EventRecord,
  formatRecord,
  parseRecord,
  type StoredEvent,
} from '../../../src/netconf/events/event-record.ts';

const record = (sequence: number, octets: number): EventRecord =>
  new EventRecord(sequence, { time: 0, namespace: '', name: 'a', xml: `<${'a'.repeat(octets - 3)}/>` });

describe('the history of events', () => {
  test('holds the newest within both bounds, each by an ordinal that is never used again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 4, max: 2000 }),
        fc.array(fc.integer({ min: 4, max: 100 }), { maxLength: 600 }),
        (maxEvents, maxBytes, sizes) => {
          const history = new EventHistory({ maxEvents, maxBytes });
          const all: EventRecord[] = [];
          for (const [i, size] of sizes.entries()) {
            all.push(record(i, size));
            history.append(record(i, size));
          }
          let expected = all.slice(-maxEvents);
          const octets = (events: readonly EventRecord[]): number =>
            events.reduce((sum, event) => sum + event.octets, 0);
          while (expected.length > 1 && octets(expected) > maxBytes) expected = expected.slice(1);
          expect([history.first, history.end]).toEqual([all.length - expected.length, all.length]);
          for (let ordinal = -1; ordinal <= all.length; ordinal += 1) {
            const there = ordinal >= history.first && ordinal < history.end;
            expect(history.at(ordinal)?.sequence).toBe(there ? ordinal : undefined);
          }
        },
      ),
    );
  });

  test('costs the same for each event, however many were dropped', () => {
    const history = new EventHistory({ maxEvents: 1000, maxBytes: 1e9 });
    for (let i = 0; i < 100_000; i += 1) history.append(record(i, 10));
    expect([history.first, history.end, history.at(99_999)?.sequence]).toEqual([99_000, 100_000, 99_999]);
  });
});

describe('a record of the log', () => {
  const stored: fc.Arbitrary<StoredEvent> = fc.record(
    {
      time: fc.integer({ min: 0, max: 8.64e15 }),
      stream: fc.string(),
      about: fc.array(
        fc.record(
          { namespace: fc.string(), name: fc.string(), keys: fc.dictionary(fc.string(), fc.string()) },
          { requiredKeys: ['namespace', 'name'] },
        ),
      ),
      namespace: fc.string(),
      name: fc.string(),
      xml: fc.string().map((text) => `<${text}`),
    },
    { requiredKeys: ['time', 'namespace', 'name', 'xml'] },
  );

  test('is one line, and says what the event was', () => {
    fc.assert(
      fc.property(stored, (event) => {
        const text = formatRecord(event);
        expect(text).not.toContain('\n');
        expect(parseRecord(text)).toEqual(event);
      }),
    );
  });

  test('is what it says, when somebody asks', () => {
    fc.assert(
      fc.property(stored, (event) => {
        const { time, stream, about, namespace, name } = event;
        const [read, kept] = [new EventRecord(7, formatRecord(event)), new EventRecord(7, event)];
        // First: it is told from the record without reading it.
        expect(read.time).toBe(time);
        expect(read).toMatchObject({
          readable: true,
          time,
          namespace,
          name,
          notification: kept.notification,
        });
        expect([read.stream, read.about]).toEqual([stream, about]);
      }),
    );
  });

  test.each([
    '',
    'null',
    '7',
    '[]',
    '{"time":1}',
    '{"time":1,"name":"a","xml":"<a/>"}',
    '{"time":1,"namespace":"n","xml":"<a/>"}',
    '{"namespace":"n","name":"a","xml":"<a/>"}',
    '{"time":"1","namespace":"n","name":"a","xml":"<a/>"}',
    '{"time":null,"namespace":"n","name":"a","xml":"<a/>"}',
    '{"time":8640000000000001,"namespace":"n","name":"a","xml":"<a/>"}',
    '{"time":1,"namespace":"n","name":"a","xml":"a"}',
    '{"time":1,"namespace":"n","name":"a","xml":"<a/>","stream":7}',
    '{"time":1,"namespace":"n","name":"a","xml":"<a/>","about":{}}',
    '{"time":1,"namespace":"n","name":"a","xml":"<a/>","about":[7]}',
    '{"time":1,"namespace":"n","name":"a","xml":"<a/>","about":[{"name":"a"}]}',
    '{"time":1,"namespace":"n","name":"a","xml":"<a/>","about":[{"name":"a","namespace":"b","keys":{"c":7}}]}',
    '{"time":1,"namespace":"n","name":"a","xml":"<a/>"',
  ])('that is damaged is none: %s', (text) => {
    expect(parseRecord(text)).toBeUndefined();
    expect(new EventRecord(1, text).readable).toBe(false);
  });
});
