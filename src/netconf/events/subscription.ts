import type { Cancel, Clock } from '../../base/clock.ts';
import { errorMessage } from '../../base/errors.ts';
import { element } from '../../xml/element.ts';
import { writeXml } from '../../xml/xml-writer.ts';
import type { UserAccess } from '../access/user-access.ts';
import { notificationStateNamespace } from '../namespaces.ts';
import type { EventCursor, HistoryMark } from './event-cursor.ts';
import type { EventFilter } from './event-filter.ts';
import { type EventRecord, notificationOf } from './event-record.ts';

/** What a client subscribes to (RFC 5277 §2.1.1). Times are milliseconds since the epoch. */
export interface SubscriptionRequest {
  readonly stream: string;
  readonly filter?: EventFilter;
  /** Asks for a replay from then on. */
  readonly startTime?: number;
  /** Not before `startTime`, which is there too. */
  readonly stopTime?: number;
}

/** Who has subscribed: one session. */
export interface Subscriber {
  /** What its user may receive, as the rules stand when it is asked. */
  readonly access: UserAccess;
  /** Whether it takes a notification now. Who says no calls {@link Subscription.wake} when it does again. */
  ready(): boolean;
  /** Takes a `<notification>`. */
  send(xml: string): void;
  /** The subscription cannot go on, and why. */
  failed(reason: string): void;
}

/** A subscription as its subscriber sees it. */
export interface Subscription {
  /** Whether notifications may still come. */
  readonly active: boolean;
  /** Begins to deliver: the reply to `<create-subscription>` is on its way. */
  start(): void;
  /** The subscriber takes notifications again. */
  wake(): void;
  /** Ends it without a word. Harmless when called again. */
  end(): void;
}

/** What a delivery needs of the streams. */
export interface DeliveryHost {
  readonly clock: Clock;
  /** Whether the event is of the stream. */
  carries(event: EventRecord): boolean;
  /** Asks for `deliver` to be called soon. */
  wake(delivery: Delivery): void;
  ended(delivery: Delivery): void;
}

/** The longest delay that timers take, 24.8 days; a later stop time is looked at again then. */
const maxDelayMs = 2 ** 31 - 1;

/**
 * One subscription (RFC 5277 §2.1, §3.3): a replay, if one is asked for, then what happens, until the stop
 * time. It holds no events, only a place in them, so that a slow subscriber costs nothing; one that falls
 * behind the oldest event has failed.
 */
export class Delivery implements Subscription {
  readonly #request: SubscriptionRequest;
  readonly #cursor: EventCursor;
  readonly #subscriber: Subscriber;
  readonly #host: DeliveryHost;
  #phase: 'waiting' | 'delivering' | 'ended' = 'waiting';
  /** Where the replay ends, until it has. */
  #replayEnd: HistoryMark | undefined;
  /** Where the subscription ends, once its stop time has come. */
  #stop: HistoryMark | undefined;
  #cancelTimer: Cancel | undefined;

  constructor(request: SubscriptionRequest, cursor: EventCursor, subscriber: Subscriber, host: DeliveryHost) {
    this.#request = request;
    this.#cursor = cursor;
    this.#subscriber = subscriber;
    this.#host = host;
    if (request.startTime !== undefined) this.#replayEnd = cursor.mark();
    this.#watchStopTime();
  }

  get active(): boolean {
    return this.#phase !== 'ended';
  }

  start(): void {
    if (this.#phase !== 'waiting') return;
    this.#phase = 'delivering';
    this.wake();
  }

  wake(): void {
    if (this.#phase === 'delivering') this.#host.wake(this);
  }

  end(): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#cancelTimer?.();
    this.#host.ended(this);
  }

  /**
   * Looks at the next events, as long as the subscriber takes notifications.
   * @param most events
   * @param isOver asked after each of them: to decide about one can take a millisecond
   * @returns whether there may be more to do
   */
  deliver(most: number, isOver: () => boolean): boolean {
    for (let n = 0; n < most; n += 1) {
      if (!this.#step()) return false;
      if (isOver()) break;
    }
    return true;
  }

  #step(): boolean {
    if (this.#phase !== 'delivering' || !this.#subscriber.ready()) return false;
    if (this.#cursor.lost) {
      this.#fail('it is so far behind that events are gone which it has not taken');
      return false;
    }
    const event = this.#cursor.next(this.#replayEnd ?? this.#stop);
    if (event !== undefined) {
      if (this.#wants(event)) this.#subscriber.send(event.notification);
      return true;
    }
    return this.#boundary();
  }

  /** What there was up to a mark has been delivered. @returns whether there may be more to do */
  #boundary(): boolean {
    if (this.#replayEnd !== undefined) {
      this.#replayEnd = undefined;
      this.#send('replayComplete');
      return true;
    }
    if (this.#stop !== undefined) {
      this.#send('notificationComplete');
      this.end();
    }
    return false;
  }

  #wants(event: EventRecord): boolean {
    const { startTime, stopTime, filter } = this.#request;
    if (!this.#host.carries(event)) return false;
    if (this.#replayEnd !== undefined && startTime !== undefined && event.time < startTime) return false;
    if (stopTime !== undefined && event.time > stopTime) return false;
    try {
      return this.#mayReceive(event) && (filter === undefined || filter.matches(event.content));
    } catch (error) {
      this.#fail(errorMessage(error));
      return false;
    }
  }

  /** RFC 8341 §3.4.6; who may not read what an event is about does not learn of it. */
  #mayReceive(event: EventRecord): boolean {
    const { access } = this.#subscriber;
    return (event.about === undefined || access.mayRead(event.about)) && access.mayReceive(event);
  }

  /** RFC 5277 §3.3.2; of these every subscriber is told (RFC 8341 §3.4.6). */
  #send(name: 'replayComplete' | 'notificationComplete'): void {
    const xml = writeXml(element(notificationStateNamespace, name));
    this.#subscriber.send(notificationOf(this.#host.clock.now(), xml));
  }

  #fail(reason: string): void {
    this.end();
    this.#subscriber.failed(reason);
  }

  #watchStopTime(): void {
    const { stopTime } = this.#request;
    if (stopTime === undefined) return;
    const left = stopTime - this.#host.clock.now();
    if (left >= 0) {
      this.#cancelTimer = this.#host.clock.schedule(Math.min(left + 1, maxDelayMs), () =>
        this.#watchStopTime(),
      );
      return;
    }
    this.#stop = this.#cursor.mark();
    this.wake();
  }
}
