import type { DeviceUuid } from '../base/ids.ts';

/** What reading is expected to take; a description of 26 kB is due a quarter of a second after it came. */
const msPerByte = 0.01;
/** How much later a device's next description is due for each millisecond that reading has taken. */
const penalty = 10;

interface Waiting<Item> {
  readonly item: Item;
  readonly due: number;
}

/**
 * Descriptions that wait for the one reader, the one that is due first before all others. A short one is due
 * soon, a long one later, and later still that of a device whose descriptions have taken long before: so
 * who sends much, or what is slow to read, waits for the others and not they for it. Nobody waits for ever,
 * as what comes later is due later. Time is an argument.
 */
export class ReadingQueue<Item> {
  readonly #most: number;
  readonly #waiting: Waiting<Item>[] = [];
  /** When the next description of a device may be due at the earliest. */
  readonly #owed = new Map<DeviceUuid, number>();

  /** @param most items that may wait */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** @returns what has to leave for it, as too many wait: the one due last, which may be the new one */
  add(uuid: DeviceUuid, bytes: number, item: Item, nowMs: number): Item | undefined {
    const due = Math.max(nowMs, this.#owed.get(uuid) ?? nowMs) + bytes * msPerByte;
    const entry = { item, due };
    const at = this.#waiting.findLastIndex((other) => other.due <= due) + 1;
    this.#waiting.splice(at, 0, entry);
    return this.#waiting.length > this.#most ? this.#waiting.pop()?.item : undefined;
  }

  /** The item that is due first; it waits no more. */
  next(): Item | undefined {
    return this.#waiting.shift()?.item;
  }

  /** Everything that waits; it waits no more. */
  drain(): Item[] {
    return this.#waiting.splice(0).map(({ item }) => item);
  }

  /** Reading a description of a device has taken so long. */
  spent(uuid: DeviceUuid, tookMs: number, nowMs: number): void {
    for (const [other, until] of this.#owed) if (until <= nowMs) this.#owed.delete(other);
    this.#owed.set(uuid, Math.max(nowMs, this.#owed.get(uuid) ?? nowMs) + penalty * tookMs);
  }
}
