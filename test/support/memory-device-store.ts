import type { DeviceStore, Slot, SlotName } from '../../src/device/store.ts';

/** A slot in memory. */
export class MemorySlot implements Slot {
  bytes = new Uint8Array();
  /** Makes the next write or sync fail, as a full disk does. */
  fault: Error | undefined;

  async length(): Promise<number> {
    return this.bytes.length;
  }

  async empty(): Promise<void> {
    this.bytes = new Uint8Array();
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#fail();
    const grown = new Uint8Array(Math.max(this.bytes.length, offset + bytes.length));
    grown.set(this.bytes);
    grown.set(bytes, offset);
    this.bytes = grown;
  }

  async sync(): Promise<void> {
    this.#fail();
  }

  async *read(): AsyncIterable<Uint8Array> {
    // Small parts, so that readers cannot rely on getting all at once.
    for (let at = 0; at < this.bytes.length; at += 100) yield this.bytes.subarray(at, at + 100);
  }

  #fail(): void {
    const { fault } = this;
    this.fault = undefined;
    if (fault !== undefined) throw fault;
  }
}

/** A {@link DeviceStore} in memory. A second agent on the same store is the device after a power cut. */
export class MemoryDeviceStore implements DeviceStore {
  readonly slots: Record<SlotName, MemorySlot> = { a: new MemorySlot(), b: new MemorySlot() };
  readonly hashes = new MemorySlot();
  record: Uint8Array | undefined;
  /** Makes the next writing of the record fail. */
  recordFault: Error | undefined;

  async readRecord(): Promise<Uint8Array | undefined> {
    return this.record;
  }

  async writeRecord(bytes: Uint8Array): Promise<void> {
    const { recordFault } = this;
    this.recordFault = undefined;
    if (recordFault !== undefined) throw recordFault;
    this.record = bytes.slice();
  }

  async close(): Promise<void> {}

  /** A copy as it is now: what a power cut at this point leaves. */
  snapshot(): MemoryDeviceStore {
    const copy = new MemoryDeviceStore();
    copy.record = this.record?.slice();
    copy.slots.a.bytes = this.slots.a.bytes.slice();
    copy.slots.b.bytes = this.slots.b.bytes.slice();
    copy.hashes.bytes = this.hashes.bytes.slice();
    return copy;
  }
}
