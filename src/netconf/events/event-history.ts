import type { EventRecord } from './event-record.ts';

export interface HistoryLimits {
  readonly maxEvents: number;
  /** Octets of their texts, in all. */
  readonly maxBytes: number;
}

/**
 * The newest events, oldest first, bounded in number and octets; the newest one always stays. Each has an
 * ordinal that is never used again: what was dropped is known by its ordinal being under `first`.
 */
export class EventHistory {
  readonly #limits: HistoryLimits;
  /** What is before `#head` was dropped. */
  #events: (EventRecord | undefined)[] = [];
  #head = 0;
  #first = 0;
  #octets = 0;

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
  }

  /** Ordinal of the oldest event that is there. */
  get first(): number {
    return this.#first;
  }

  /** Ordinal that the next event gets. */
  get end(): number {
    return this.#first + this.#events.length - this.#head;
  }

  append(event: EventRecord): void {
    this.#events.push(event);
    this.#octets += event.octets;
    const { maxEvents, maxBytes } = this.#limits;
    while (this.end - this.#first > 1 && (this.end - this.#first > maxEvents || this.#octets > maxBytes))
      this.#drop();
  }

  /** The event of that ordinal, unless it was dropped or is still to come. */
  at(ordinal: number): EventRecord | undefined {
    return ordinal < this.#first ? undefined : this.#events[this.#head + ordinal - this.#first];
  }

  #drop(): void {
    this.#octets -= this.#events[this.#head]?.octets ?? 0;
    this.#events[this.#head] = undefined;
    this.#head += 1;
    this.#first += 1;
    // Once in a while, so that each event is moved less than once.
    if (this.#head < 64 || 2 * this.#head < this.#events.length) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}
