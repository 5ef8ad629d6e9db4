import type { EventHistory } from './event-history.ts';
import type { EventRecord } from './event-record.ts';

/** A moment in several histories: the ordinal that each would have given next. */
export type HistoryMark = readonly number[];

/**
 * The place of one reader in one or several histories, which it reads as one, in the order of the events.
 * It costs the same however far behind it is.
 */
export class EventCursor {
  readonly #histories: readonly EventHistory[];
  readonly #places: number[];

  /** @param since milliseconds since the epoch: begins at the first event of that time; absent: at the end */
  constructor(histories: readonly EventHistory[], since?: number) {
    this.#histories = histories;
    this.#places = histories.map((history) =>
      since === undefined ? history.end : firstSince(history, since),
    );
  }

  /** Whether events were dropped that it has not passed. */
  get lost(): boolean {
    return this.#histories.some((history, i) => this.#place(i) < history.first);
  }

  /** What has happened until now. */
  mark(): HistoryMark {
    return this.#histories.map(({ end }) => end);
  }

  /** Passes the next event, unless it came after `until`. */
  next(until?: HistoryMark): EventRecord | undefined {
    let first: EventRecord | undefined;
    let from = 0;
    for (const [i, history] of this.#histories.entries()) {
      const place = this.#place(i);
      if (until !== undefined && place >= (until[i] ?? 0)) continue;
      const event = history.at(place);
      if (event === undefined || (first !== undefined && first.sequence < event.sequence)) continue;
      first = event;
      from = i;
    }
    if (first !== undefined) this.#places[from] = this.#place(from) + 1;
    return first;
  }

  #place(history: number): number {
    return this.#places[history] ?? 0;
  }
}

/** Events stand in the order in which they came, which is nearly, but not surely, that of their times. */
function firstSince(history: EventHistory, since: number): number {
  let ordinal = history.first;
  for (
    let event = history.at(ordinal);
    event !== undefined && event.time < since;
    event = history.at(ordinal)
  )
    ordinal += 1;
  return ordinal;
}
