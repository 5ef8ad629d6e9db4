import type { DeviceStore, Slot, SlotName } from '../../src/device/store.ts';
import { diskFull } from './virtual-disk.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualRandom } from './virtual-random.ts';

interface SlotContent {
  /** What the operating system shows. */
  cached: Uint8Array;
  /** What stable storage holds for certain. */
  synced: Uint8Array;
  /** Writes since the last sync, in order. */
  unsynced: { readonly offset: number; readonly bytes: Uint8Array }[];
}

/**
 * The flash memory of a device: it outlives its processes, and may lose in a power cut whatever was not synced,
 * each write as a whole or in part.
 */
export class VirtualFlash {
  /** Writes fail while it is. */
  full = false;
  /** Told of every record that is on it now. */
  onRecord: (record: Record<string, unknown>) => void = () => {};
  readonly #random: VirtualRandom;
  readonly #slots: Record<SlotName, SlotContent> = { a: emptySlot(), b: emptySlot() };
  readonly #hashes = emptySlot();
  #record: Uint8Array | undefined;
  /** The last one of the firmware before. */
  #before: Record<string, unknown> | undefined;

  constructor(random: VirtualRandom) {
    this.#random = random;
  }

  /** The device's store, for one process. */
  open(process: VirtualProcess): DeviceStore {
    const takes = (): number => this.#random.int(1, 30);
    const write = (bytes: Uint8Array): void => {
      this.#checkRoom();
      const before = this.record;
      this.#record = bytes.slice();
      if (before !== undefined && before['version'] !== this.record?.['version']) this.#before = before;
      this.onRecord(this.record ?? {});
    };
    return {
      slots: { a: this.#slot(process, this.#slots.a), b: this.#slot(process, this.#slots.b) },
      hashes: this.#slot(process, this.#hashes),
      readRecord: () => process.io('read record', 1, () => this.#record),
      writeRecord: (bytes) =>
        process.io(
          'write record',
          takes(),
          () => write(bytes),
          () => {
            if (!this.full && this.#random.chance(0.5)) write(bytes);
          },
        ),
      close: async () => {},
    };
  }

  /** What the device boots from: the record as it is written. */
  get record(): Record<string, unknown> | undefined {
    return this.#record === undefined ? undefined : JSON.parse(new TextDecoder().decode(this.#record));
  }

  /** The boot loader goes back to the firmware before. @returns its version; undefined where there is none */
  rollBack(): number | undefined {
    if (this.#before === undefined) return undefined;
    // What was to be booted was, and is not again.
    const { transfer: _, pendingBoot: __, ...record } = this.#before;
    this.#before = undefined;
    this.#record = new TextEncoder().encode(JSON.stringify(record));
    this.onRecord(record);
    return Number(record['version']);
  }

  /** The content of a slot, as it is now. */
  content(name: SlotName): Uint8Array {
    return this.#slots[name].cached;
  }

  /** The power goes. */
  cutPower(): void {
    for (const slot of [...Object.values(this.#slots), this.#hashes]) {
      let left = slot.synced;
      for (const { offset, bytes } of slot.unsynced) {
        const part = this.#random.pick([0, 0, bytes.length, this.#random.int(0, bytes.length)]);
        if (part > 0) left = written(left, offset, bytes.subarray(0, part));
      }
      slot.cached = left;
      slot.synced = left;
      slot.unsynced = [];
    }
  }

  #slot(process: VirtualProcess, slot: SlotContent): Slot {
    const takes = (): number => this.#random.int(1, 30);
    const empty = (): void => {
      slot.cached = new Uint8Array();
      slot.synced = slot.cached;
      slot.unsynced = [];
    };
    const cut = (effect: () => void) => () => {
      if (this.#random.chance(0.5)) effect();
    };
    const sync = (): void => {
      this.#checkRoom();
      slot.synced = slot.cached;
      slot.unsynced = [];
    };
    return {
      length: () => process.io('slot length', 1, () => slot.cached.length),
      empty: () => process.io('empty slot', takes(), empty, cut(empty)),
      write: (offset, bytes) => {
        process.step('write slot', () => {
          this.#checkRoom();
          slot.cached = written(slot.cached, offset, bytes);
          slot.unsynced.push({ offset, bytes: bytes.slice() });
        });
      },
      sync: () => process.io('sync slot', takes(), sync),
      read: () => this.#read(process, slot),
    };
  }

  async *#read(process: VirtualProcess, slot: SlotContent): AsyncIterable<Uint8Array> {
    // Parts, so that readers cannot rely on getting all at once.
    for (let at = 0; at < slot.cached.length; at += 2048)
      yield await process.io('read slot', 1, () => slot.cached.slice(at, at + 2048));
  }

  #checkRoom(): void {
    if (this.full) throw diskFull();
  }
}

function emptySlot(): SlotContent {
  const bytes = new Uint8Array();
  return { cached: bytes, synced: bytes, unsynced: [] };
}

function written(content: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  const grown = new Uint8Array(Math.max(content.length, offset + bytes.length));
  grown.set(content);
  grown.set(bytes, offset);
  return grown;
}
