import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { unrestricted } from '../../src/netconf/access/user-access.ts';
import type { Subscriber } from '../../src/netconf/events/subscription.ts';
import { element } from '../../src/xml/element.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { eventStreams, MemoryEventLog } from '../support/memory-event-log.ts';

/** What happens to one subscription. */
type Step =
  | { readonly kind: 'emit'; readonly stream: 'devices' | 'telemetry' | undefined; readonly count: number }
  /** The subscriber takes so many notifications before it says that it takes no more. */
  | { readonly kind: 'take'; readonly count: number }
  | { readonly kind: 'advance'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('emit' as const),
    stream: fc.constantFrom('devices' as const, 'telemetry' as const, undefined),
    count: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 0, max: 20 }) }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 50 }) }),
);

const scenario = fc.record({
  before: fc.array(step, { maxLength: 10 }),
  after: fc.array(step, { maxLength: 25 }),
  stream: fc.constantFrom('NETCONF', 'devices', 'telemetry'),
  replayMs: fc.option(fc.integer({ min: 0, max: 200 })),
  stopMs: fc.option(fc.integer({ min: 0, max: 300 })),
  maxEvents: fc.integer({ min: 1, max: 60 }),
  restart: fc.boolean(),
});

/** An event as the naive model remembers it. */
interface Known {
  readonly n: number;
  readonly time: number;
  readonly stream: string | undefined;
}

/** A subscriber that takes as many notifications as it was given leave to. */
class Taker implements Subscriber {
  readonly access = unrestricted;
  readonly got: string[] = [];
  leave = 0;
  failure: string | undefined;

  ready(): boolean {
    return this.leave > 0;
  }

  send(xml: string): void {
    this.leave -= 1;
    this.got.push(/<n>(\d+)<\/n>/.exec(xml)?.[1] ?? /<\/eventTime><(\w+)/.exec(xml)?.[1] ?? '?');
  }

  failed(reason: string): void {
    this.failure = reason;
  }
}

describe('a subscription, under any back-pressure and any loss of old events', () => {
  test('is told of every event of its stream and time once, in order; or it has failed, and is told no more', () => {
    fc.assert(
      fc.property(scenario, ({ before, after, stream, replayMs, stopMs, maxEvents, restart }) => {
        const clock = new ManualClock();
        const limits = { maxEvents, maxBytes: 1e6 };
        const log = new MemoryEventLog();
        let streams = eventStreams(clock, { log, limits });
        let known: Known[] = [];
        let n = 0;
        const emit = (count: number, of: string | undefined): void => {
          for (let i = 0; i < count; i += 1) {
            n += 1;
            known.push({ n, time: clock.now(), stream: of });
            const content = element('urn:x', 'e', [element('urn:x', 'n', String(n))]);
            streams.emit({ content, ...(of === undefined ? {} : { stream: of }) });
          }
        };
        for (const one of before) {
          if (one.kind === 'emit') emit(one.count, one.stream);
          if (one.kind === 'advance') clock.advance(one.ms);
        }
        if (restart) {
          streams = eventStreams(clock, { log: new MemoryEventLog(0, log.records), limits });
          known = known.filter((event) => event.stream !== 'telemetry');
        }
        // Of each of the two histories the newest events can be replayed.
        const kept = (inMemory: boolean): Known[] =>
          known.filter((event) => (event.stream === 'telemetry') === inMemory).slice(-maxEvents);
        const replayable = new Set([...kept(true), ...kept(false)]);
        const startTime = replayMs === null ? undefined : clock.now() - replayMs;
        const stopTime = startTime === undefined || stopMs === null ? undefined : startTime + stopMs;
        const subscribedAt = known.length;
        const taker = new Taker();
        const subscription = streams.subscribe(
          {
            stream,
            ...(startTime === undefined ? {} : { startTime }),
            ...(stopTime === undefined ? {} : { stopTime }),
          },
          taker,
        );
        subscription.start();
        const take = (count: number): void => {
          taker.leave += count;
          subscription.wake();
          clock.advance(0);
        };
        for (const one of after) {
          if (one.kind === 'emit') emit(one.count, one.stream);
          else if (one.kind === 'take') take(one.count);
          else clock.advance(one.ms);
        }
        clock.advance(1000);
        take(1e6);

        const wanted = (event: Known, i: number): boolean =>
          (stream === 'NETCONF' || event.stream === stream) &&
          (stopTime === undefined || event.time <= stopTime) &&
          (i >= subscribedAt ||
            (startTime !== undefined && event.time >= startTime && replayable.has(event)));
        const texts = (events: readonly Known[]): string[] => events.map((event) => String(event.n));
        const expected = [
          ...texts(known.filter((event, i) => i < subscribedAt && wanted(event, i))),
          ...(startTime === undefined ? [] : ['replayComplete']),
          ...texts(known.filter((event, i) => i >= subscribedAt && wanted(event, i))),
          ...(stopTime === undefined ? [] : ['notificationComplete']),
        ];
        if (taker.failure === undefined) expect(taker.got).toEqual(expected);
        else expect(taker.got).toEqual(expected.slice(0, taker.got.length));
        // Who takes all at once is never behind.
        if (known.length <= maxEvents) expect(taker.failure).toBeUndefined();
        expect(subscription.active).toBe(taker.failure === undefined && stopTime === undefined);
        subscription.end();
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
