import type { Clock } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import { UnavailableError } from '../base/errors.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import { type DescriptionTemplate, instantiate } from '../ontology/description-template.ts';
import type { ModuleModel } from '../yang/module-model.ts';
import type { DocumentStore } from './document-store.ts';
import { type ModuleAssignment, ModuleCatalog } from './module-catalog.ts';
import { PendingWrites } from './pending-writes.ts';
import { Templates } from './templates.ts';

/** What the bridge last heard of a device's connection. */
export type Presence = 'online' | 'offline' | 'unknown';

/** A registered device. */
export interface Device {
  readonly uuid: DeviceUuid;
  /** Digest of its description, the UUID abstracted. */
  readonly description: Digest;
  /** Name of its YANG module. */
  readonly module: string;
  /** Milliseconds since the epoch, as the other times. */
  readonly registeredAt: number;
  readonly presence: Presence;
  readonly lastSeen: number;
  readonly firmwareVersion?: number;
}

/** What registering a description did. */
export interface Registration extends ModuleAssignment {
  readonly device: Device;
  /** Whether the device was unknown, described itself anew, or said what it had said before. */
  readonly outcome: 'registered' | 'changed' | 'confirmed';
}

export interface DeviceRegistryDependencies {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly maxDevices: number;
}

const maxRecent = 256;

/** The devices that registered, their descriptions and modules; survives a restart. */
export class DeviceRegistry {
  readonly #deps: DeviceRegistryDependencies;
  readonly #devices = new Map<DeviceUuid, Device>();
  readonly #templates = new Templates();
  /** Descriptions that were filled in lately: memory grows with templates, not with devices. */
  readonly #recent = new Map<
    DeviceUuid,
    { readonly template: DescriptionTemplate; readonly description: DeviceDescription }
  >();
  readonly #writes: PendingWrites;
  #catalog: ModuleCatalog = new ModuleCatalog([]);

  private constructor(deps: DeviceRegistryDependencies) {
    this.#deps = deps;
    this.#writes = new PendingWrites(deps.store);
  }

  /** Reads what the store holds. Presence is `unknown` until a device is heard. */
  static async open(deps: DeviceRegistryDependencies): Promise<DeviceRegistry> {
    const registry = new DeviceRegistry(deps);
    const templates = (await deps.store.all('templates')) as readonly DescriptionTemplate[];
    for (const template of templates) registry.#templates.add(template);
    registry.#catalog = new ModuleCatalog((await deps.store.all('modules')) as readonly ModuleModel[]);
    const devices = (await deps.store.all('devices')) as readonly Device[];
    for (const device of devices) registry.#devices.set(device.uuid, { ...device, presence: 'unknown' });
    return registry;
  }

  get size(): number {
    return this.#devices.size;
  }

  get(uuid: DeviceUuid): Device | undefined {
    return this.#devices.get(uuid);
  }

  all(): Iterable<Device> {
    return this.#devices.values();
  }

  modules(): readonly ModuleModel[] {
    return this.#catalog.all();
  }

  module(name: string): ModuleModel | undefined {
    return this.#catalog.get(name);
  }

  /** The description as it was read, `%s` where the UUID belongs. */
  template(digest: Digest): DescriptionTemplate | undefined {
    return this.#templates.get(digest);
  }

  /** What a registered device can do, or `undefined` for an unknown device. */
  describe(uuid: DeviceUuid): DeviceDescription | undefined {
    const device = this.#devices.get(uuid);
    const template = device === undefined ? undefined : this.#templates.get(device.description);
    if (template === undefined) return undefined;
    const known = this.#recent.get(uuid);
    if (known?.template === template) return known.description;
    const description = instantiate(template, uuid);
    if (this.#recent.size >= maxRecent) this.#recent.clear();
    this.#recent.set(uuid, { template, description });
    return description;
  }

  /**
   * Registers a device with a description that was read and checked. On disk when it resolves; as it was
   * before when it throws. Not for one device twice at a time.
   * @throws UnavailableError `too-many-devices`, `too-many-modules`, `too-many-descriptions`; PeerError when
   *   the description cannot be said in YANG; what the store throws
   */
  async register(uuid: DeviceUuid, template: DescriptionTemplate): Promise<Registration> {
    const before = this.#devices.get(uuid);
    if (before === undefined && this.#devices.size >= this.#deps.maxDevices)
      throw new UnavailableError('too-many-devices', `${this.#deps.maxDevices} devices are registered`, {
        hint: 'Raise registration.maxDevices, or remove devices that are gone.',
      });
    const assignment = this.#catalog.assign(template.description, () => this.#usedModules());
    const now = this.#deps.clock.now();
    const device: Device = {
      ...before,
      uuid,
      description: template.digest,
      module: assignment.model.name,
      registeredAt: before?.registeredAt ?? now,
      // The prototype's messages say nothing of presence.
      presence: template.description.profile === 'myno' ? 'unknown' : 'online',
      lastSeen: now,
    };
    const confirmed = before?.description === device.description && before.module === device.module;
    this.#devices.set(uuid, device);
    try {
      await this.#persist(template, assignment, device, confirmed);
    } catch (error) {
      this.#restore(uuid, before);
      if (!this.#isDescribed(template.digest)) this.#templates.delete(template.digest);
      throw error;
    }
    if (before !== undefined && before.description !== template.digest)
      await this.#forgetTemplate(before.description);
    const outcome = before === undefined ? 'registered' : confirmed ? 'confirmed' : 'changed';
    return { ...assignment, device, outcome };
  }

  /** Forgets a device; its module stays. @returns whether it was registered */
  async remove(uuid: DeviceUuid): Promise<boolean> {
    const device = this.#devices.get(uuid);
    if (device === undefined) return false;
    this.#devices.delete(uuid);
    try {
      await this.#deps.store.delete('devices', uuid);
    } catch (error) {
      this.#restore(uuid, device);
      throw error;
    }
    await this.#forgetTemplate(device.description);
    return true;
  }

  /** Notes what a registered device said of itself; unknown devices are ignored. */
  async heard(uuid: DeviceUuid, presence: Presence, firmwareVersion?: number): Promise<void> {
    const before = this.#devices.get(uuid);
    if (before === undefined) return;
    const lastSeen = presence === 'offline' ? before.lastSeen : this.#deps.clock.now();
    const version = firmwareVersion ?? before.firmwareVersion;
    const device: Device = {
      ...before,
      presence,
      lastSeen,
      ...(version === undefined ? {} : { firmwareVersion: version }),
    };
    this.#devices.set(uuid, device);
    if (version !== before.firmwareVersion) await this.#deps.store.put('devices', uuid, device);
  }

  /** Notes that something came from a registered device: an answer, a measurement. */
  seen(uuid: DeviceUuid): void {
    const device = this.#devices.get(uuid);
    if (device !== undefined) this.#devices.set(uuid, { ...device, lastSeen: this.#deps.clock.now() });
  }

  /** Module and template first: a device on disk never lacks what it needs. */
  async #persist(
    template: DescriptionTemplate,
    { model, change, dropped }: ModuleAssignment,
    device: Device,
    confirmed: boolean,
  ): Promise<void> {
    const { digest } = template;
    const { store } = this.#deps;
    const known = this.#templates.has(digest);
    if (!known) this.#templates.add(template);
    // All are begun before one is waited for: a sibling that comes meanwhile finds them begun.
    await Promise.all([
      change === 'same'
        ? this.#writes.ensure('modules', model.name, () => this.#catalog.get(model.name))
        : this.#writes.save('modules', model.name, model),
      known
        ? this.#writes.ensure('templates', digest, () => this.#templates.get(digest))
        : this.#writes.save('templates', digest, template),
      dropped === undefined ? undefined : store.delete('modules', dropped),
    ]);
    if (!confirmed) await store.put('devices', device.uuid, device);
  }

  #restore(uuid: DeviceUuid, before: Device | undefined): void {
    if (before === undefined) this.#devices.delete(uuid);
    else this.#devices.set(uuid, before);
  }

  #usedModules(): ReadonlySet<string> {
    return new Set([...this.#devices.values()].map(({ module }) => module));
  }

  #isDescribed(digest: Digest): boolean {
    for (const device of this.#devices.values()) if (device.description === digest) return true;
    return false;
  }

  async #forgetTemplate(digest: Digest): Promise<void> {
    if (!this.#isDescribed(digest) && this.#templates.delete(digest))
      await this.#deps.store.delete('templates', digest);
  }
}
