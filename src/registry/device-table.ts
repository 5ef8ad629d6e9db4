import type { DeviceUuid } from '../base/ids.ts';
import type { Device } from './device.ts';

/** The devices that are known, and which of them are pending. */
export class DeviceTable {
  /** `lastSeen` changes with every answer and measurement, in place. */
  readonly #devices = new Map<DeviceUuid, Device & { lastSeen: number }>();
  readonly #pending = new Set<DeviceUuid>();

  get size(): number {
    return this.#devices.size;
  }

  /** How many devices nobody has accepted. */
  get pending(): number {
    return this.#pending.size;
  }

  get(uuid: DeviceUuid): Device | undefined {
    return this.#devices.get(uuid);
  }

  values(): MapIterator<Device> {
    return this.#devices.values();
  }

  set(device: Device): void {
    this.#devices.set(device.uuid, device);
    if (device.module === undefined) this.#pending.add(device.uuid);
    else this.#pending.delete(device.uuid);
  }

  delete(uuid: DeviceUuid): void {
    this.#devices.delete(uuid);
    this.#pending.delete(uuid);
  }

  seen(uuid: DeviceUuid, now: number): void {
    const device = this.#devices.get(uuid);
    if (device !== undefined) device.lastSeen = now;
  }

  /** The pending device that was heard of the longest time ago. */
  leastSeenPending(): Device | undefined {
    let least: Device | undefined;
    for (const uuid of this.#pending) {
      const device = this.#devices.get(uuid);
      if (device !== undefined && device.lastSeen < (least?.lastSeen ?? Number.POSITIVE_INFINITY))
        least = device;
    }
    return least;
  }
}
