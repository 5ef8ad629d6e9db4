import type { Cancel, Clock } from '../base/clock.ts';
import type { DeviceDescription, Members } from '../base/description.ts';
import { errorMessage } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { Device, Presence } from '../registry/device.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';

export interface VirtualDevicesDependencies {
  readonly registry: DeviceRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long after a member has come or gone its virtual devices are looked at: thousands may go at once. */
const refreshMs = 100;

/**
 * The virtual devices and what they consist of at the moment. Members come and go: only what the registry holds
 * when it is asked counts. A virtual device is never a member, so that no call can go round in a circle.
 */
export class VirtualDevices {
  readonly #deps: VirtualDevicesDependencies;
  readonly #virtual = new Map<DeviceUuid, Members>();
  /** The devices that are served, by category. Made when it is needed. */
  #categories: ReadonlyMap<string, readonly DeviceUuid[]> | undefined;
  #cancelRefresh: Cancel | undefined;

  constructor(deps: VirtualDevicesDependencies) {
    this.#deps = deps;
  }

  close(): void {
    this.#cancelRefresh?.();
  }

  /** A device has registered, or described itself anew. */
  registered({ uuid, members }: Pick<DeviceDescription, 'uuid' | 'members'>): void {
    if (members === undefined) this.#virtual.delete(uuid);
    else this.#virtual.set(uuid, members);
    this.#changed();
  }

  removed(uuid: DeviceUuid): void {
    this.#virtual.delete(uuid);
    this.#changed();
  }

  /** A device came or went. */
  presence({ uuid }: Pick<Device, 'uuid'>): void {
    if (!this.#virtual.has(uuid)) this.#refreshSoon();
  }

  isVirtual(uuid: DeviceUuid): boolean {
    return this.#virtual.has(uuid);
  }

  /** The members that are there, by UUID; none for a device that is not virtual. */
  membersOf(uuid: DeviceUuid): readonly DeviceUuid[] {
    const named = this.#virtual.get(uuid);
    if (named === undefined) return [];
    const found = new Set(named.uuids.filter((one) => this.#isServed(one)));
    for (const category of named.categories)
      for (const one of this.#byCategory().get(category) ?? []) found.add(one);
    return [...found].sort();
  }

  /** The devices that it names one by one and that are not there. */
  missingOf(uuid: DeviceUuid): readonly DeviceUuid[] {
    return (this.#virtual.get(uuid)?.uuids ?? []).filter((one) => !this.#isServed(one));
  }

  /** Online if any member is; offline if all are; else nobody knows. */
  presenceOf(uuid: DeviceUuid): Presence {
    const { registry } = this.#deps;
    const members = this.membersOf(uuid).map((one) => registry.get(one)?.presence ?? 'unknown');
    if (members.includes('online')) return 'online';
    return members.length > 0 && members.every((presence) => presence === 'offline') ? 'offline' : 'unknown';
  }

  /** The names of its operations that some member has. */
  capabilityOf(uuid: DeviceUuid): ReadonlySet<string> {
    const { registry } = this.#deps;
    const kinds = new Set(this.membersOf(uuid).map((one) => registry.kind(one)));
    const names = [...kinds].flatMap((kind) => kind?.operations ?? []).filter(isShared);
    return new Set(names.map(({ name }) => name));
  }

  #isServed(uuid: DeviceUuid): boolean {
    return this.#deps.registry.get(uuid)?.module !== undefined && !this.#virtual.has(uuid);
  }

  #byCategory(): ReadonlyMap<string, readonly DeviceUuid[]> {
    this.#categories ??= this.#grouped();
    return this.#categories;
  }

  #grouped(): ReadonlyMap<string, readonly DeviceUuid[]> {
    const { registry } = this.#deps;
    const groups = new Map<string, DeviceUuid[]>();
    for (const { uuid } of registry.all()) {
      const category = this.#isServed(uuid) ? registry.kind(uuid)?.category : undefined;
      if (category === undefined) continue;
      const group = groups.get(category);
      if (group === undefined) groups.set(category, [uuid]);
      else group.push(uuid);
    }
    return groups;
  }

  #changed(): void {
    this.#categories = undefined;
    this.#refreshSoon();
  }

  #refreshSoon(): void {
    if (this.#virtual.size === 0) return;
    this.#cancelRefresh ??= this.#deps.clock.schedule(refreshMs, () => {
      this.#cancelRefresh = undefined;
      for (const uuid of this.#virtual.keys()) this.#refresh(uuid);
    });
  }

  /** What the registry is told it tells others. */
  #refresh(uuid: DeviceUuid): void {
    const { registry, logger } = this.#deps;
    const presence = this.presenceOf(uuid);
    if (registry.get(uuid)?.presence === presence) return;
    registry
      .heard(uuid, presence)
      .catch((error) => logger.error('presence was not stored', { uuid, reason: errorMessage(error) }));
  }
}

/** Updates are not for many devices at once: each is asked for its own token. */
export function isShared({ role }: DeviceDescription['operations'][number]): boolean {
  return role === 'generic';
}
