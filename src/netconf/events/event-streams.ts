import type { Clock } from '../../base/clock.ts';
import type { NotificationConfig } from '../../base/config.ts';
import { errorMessage } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { XmlElement } from '../../xml/element.ts';
import { invalidValue, refusedElement } from '../protocol-errors.ts';
import type { EventSink, NetconfEvent } from './event.ts';
import { EventCursor } from './event-cursor.ts';
import { EventHistory } from './event-history.ts';
import type { EventLog, KeptEvents } from './event-log.ts';
import { EventRecord, formatRecord, type StoredEvent, storedEvent } from './event-record.ts';
import { Delivery, type Subscriber, type Subscription, type SubscriptionRequest } from './subscription.ts';
import { SubscriptionTurns } from './subscription-turns.ts';

/** The stream that carries everything (RFC 5277 §3.2.3). */
export const allEvents = 'NETCONF';

/** A stream besides `NETCONF`. */
export interface EventStream {
  readonly name: string;
  readonly description: string;
  /** Where its events are kept for replay: those in memory end with the process and wear out no disk. */
  readonly kept: 'log' | 'memory';
}

/** A stream as `/netconf/streams` shows it (RFC 5277 §3.4). All can be replayed. */
export interface StreamState {
  readonly name: string;
  readonly description: string;
  /** Milliseconds since the epoch. */
  readonly replayLogCreationTime: number;
}

export interface EventStreamsOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the events from the log, and again of those in memory. */
  readonly limits: NotificationConfig;
  readonly streams: readonly EventStream[];
}

/** What happens, for those who have subscribed and for those who ask later (RFC 5277). */
export class EventStreams implements EventSink {
  readonly #options: EventStreamsOptions;
  readonly #created: Readonly<Record<EventStream['kept'], number>>;
  readonly #histories: Readonly<Record<EventStream['kept'], EventHistory>>;
  readonly #streams: ReadonlyMap<string, EventStream>;
  readonly #deliveries = new Set<Delivery>();
  readonly #turns: SubscriptionTurns;
  #sequence = 0;

  /** Begins with the events that the log has kept. */
  static async open(options: EventStreamsOptions): Promise<EventStreams> {
    return new EventStreams(options, await options.log.load());
  }

  constructor(options: EventStreamsOptions, { created, records }: KeptEvents) {
    this.#options = options;
    this.#created = { log: created, memory: options.clock.now() };
    this.#histories = { log: new EventHistory(options.limits), memory: new EventHistory(options.limits) };
    this.#turns = new SubscriptionTurns(options.clock);
    this.#streams = new Map(options.streams.map((stream) => [stream.name, stream]));
    for (const record of records) this.#remember('log', record);
  }

  emit(event: NetconfEvent): void {
    try {
      const stored = storedEvent(event, this.#options.clock.now());
      const kept = this.#streams.get(stored.stream ?? '')?.kept ?? 'log';
      // Its tree is for those who filter now; nobody else should keep it in memory.
      this.#remember(kept, stored, this.#deliveries.size === 0 ? undefined : event.content);
      if (kept === 'log') this.#options.log.append(formatRecord(stored));
    } catch (error) {
      this.#options.logger.error('an event is lost', {
        event: event.content.name,
        error: errorMessage(error),
      });
      return;
    }
    for (const delivery of this.#deliveries) delivery.wake();
  }

  /** All streams, `NETCONF` first. */
  streams(): readonly StreamState[] {
    const all = { name: allEvents, description: 'All events of the server.', kept: 'log' } as const;
    return [all, ...this.#streams.values()].map(({ name, description, kept }) => ({
      name,
      description,
      replayLogCreationTime: this.#created[kept],
    }));
  }

  /**
   * Subscribes to what happens from now on, or to a replay. Nothing is delivered before `start`.
   * @throws RpcError `invalid-value` when there is no such stream, `bad-element` when the startTime is yet
   *   to come (RFC 5277 §2.1.1)
   */
  subscribe(request: SubscriptionRequest, subscriber: Subscriber): Subscription {
    if ((request.startTime ?? 0) > this.#options.clock.now())
      throw refusedElement('startTime', 'the startTime is later than now');
    const cursor = new EventCursor(this.#historiesOf(request.stream), request.startTime);
    const delivery = new Delivery(request, cursor, subscriber, {
      clock: this.#options.clock,
      carries: (event) => this.#isOf(request.stream, event),
      wake: (one) => this.#turns.wake(one),
      ended: (one) => {
        this.#turns.forget(one);
        this.#deliveries.delete(one);
      },
    });
    this.#deliveries.add(delivery);
    return delivery;
  }

  /** Stores what happened last. */
  close(): Promise<void> {
    return this.#options.log.close();
  }

  #historiesOf(stream: string): readonly EventHistory[] {
    if (stream === allEvents) return [this.#histories.log, this.#histories.memory];
    const kept = this.#streams.get(stream)?.kept;
    if (kept === undefined) throw invalidValue('stream', `there is no stream ${JSON.stringify(stream)}`);
    return [this.#histories[kept]];
  }

  #isOf(stream: string, event: EventRecord): boolean {
    if (event.readable) return stream === allEvents || stream === event.stream;
    this.#options.logger.warn('an event of the log cannot be read, and is left out of a replay');
    return false;
  }

  #remember(kept: EventStream['kept'], event: StoredEvent | string, content?: XmlElement): void {
    this.#sequence += 1;
    this.#histories[kept].append(new EventRecord(this.#sequence, event, content));
  }
}
