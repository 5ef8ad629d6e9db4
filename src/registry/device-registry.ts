import type { Clock } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import { UnavailableError } from '../base/errors.ts';
import { type DeviceUuid, type Digest, isDeviceUuid } from '../base/ids.ts';
import { type DescriptionTemplate, instantiate } from '../ontology/description-template.ts';
import { type ModuleModel, newModule } from '../yang/module-model.ts';
import { type Device, type Presence, presenceChanged } from './device.ts';
import type { DocumentStore } from './document-store.ts';
import { type ModuleAssignment, ModuleCatalog } from './module-catalog.ts';
import { PendingWrites } from './pending-writes.ts';
import { Templates } from './templates.ts';

/** What registering a description did. */
export interface Registration extends ModuleAssignment {
  readonly device: Device;
  /** Whether the device was unknown or pending, described itself anew, or said what it had said before. */
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
  /** `lastSeen` changes with every answer and measurement, in place. */
  readonly #devices = new Map<DeviceUuid, Device & { lastSeen: number }>();
  readonly #templates = new Templates();
  /** Descriptions that were filled in lately: memory grows with templates, not with devices. */
  readonly #recent = new Map<
    DeviceUuid,
    { readonly template: DescriptionTemplate; readonly description: DeviceDescription }
  >();
  readonly #writes: PendingWrites;
  readonly #presenceListeners = new Set<(device: Device) => void>();
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

  /**
   * Calls the listener whenever a device comes, goes, or reports another version of its firmware.
   * @returns ends that
   */
  onPresence(listener: (device: Device) => void): () => void {
    this.#presenceListeners.add(listener);
    return () => this.#presenceListeners.delete(listener);
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

  /** The devices of these ids, or all of them; ids of no device are left out. */
  select(uuids: ReadonlySet<string> | undefined): Iterable<Device> {
    if (uuids === undefined) return this.#devices.values();
    const devices = [...uuids].map((uuid) => (isDeviceUuid(uuid) ? this.#devices.get(uuid) : undefined));
    return devices.filter((device) => device !== undefined);
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

  /** What devices of this one's kind say of themselves: its description, but for the UUID. */
  kind(uuid: DeviceUuid): DeviceDescription | undefined {
    const device = this.#devices.get(uuid);
    return device === undefined ? undefined : this.#templates.get(device.description)?.description;
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

  /** Whether a device is registered and nobody has accepted it. */
  isPending(uuid: DeviceUuid): boolean {
    const device = this.#devices.get(uuid);
    return device !== undefined && device.module === undefined;
  }

  /**
   * Keeps an unknown or pending device with a description that was read and checked, without giving it a
   * module, until it is accepted. On disk when it resolves; as it was before when it throws.
   * @returns whether the device is new, or its description
   * @throws as {@link register}
   */
  async hold(uuid: DeviceUuid, template: DescriptionTemplate): Promise<boolean> {
    const before = this.#devices.get(uuid);
    this.#makeRoom(before);
    // What cannot be said in YANG is refused now, and not when somebody accepts it.
    if (!this.#templates.has(template.digest)) newModule(template.description);
    const device = this.#described(uuid, template, before);
    const known = before?.description === template.digest;
    await this.#keep(device, template, before, async () => {
      await this.#saveTemplate(template);
      if (!known) await this.#deps.store.put('devices', uuid, device);
    });
    return !known;
  }

  /**
   * Gives a pending device its module. On disk when it resolves; as it was before when it throws.
   * @returns undefined unless it was pending
   * @throws as {@link register}
   */
  async accept(uuid: DeviceUuid): Promise<Registration | undefined> {
    const device = this.#devices.get(uuid);
    const template = device === undefined ? undefined : this.#templates.get(device.description);
    if (device === undefined || template === undefined || device.module !== undefined) return undefined;
    return this.#admit(device, template, device);
  }

  /**
   * Registers a device with a description that was read and checked; one that was pending is accepted. On
   * disk when it resolves; as it was before when it throws. Not for one device twice at a time.
   * @param describedBy who has brought the description
   * @throws UnavailableError `too-many-devices`, `too-many-modules`, `too-many-descriptions`; PeerError when
   *   the description cannot be said in YANG; what the store throws
   */
  async register(
    uuid: DeviceUuid,
    template: DescriptionTemplate,
    describedBy: 'device' | 'operator' = 'device',
  ): Promise<Registration> {
    const before = this.#devices.get(uuid);
    this.#makeRoom(before);
    const described = this.#described(uuid, template, before);
    // It was not the device that spoke.
    const device: Device =
      describedBy === 'operator' ? { ...described, installed: true, presence: 'unknown' } : described;
    return this.#admit(device, template, before);
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
    this.#tellPresence(before, device);
    if (version !== before.firmwareVersion) await this.#deps.store.put('devices', uuid, device);
  }

  /** Notes that something came from a registered device: an answer, a measurement. */
  seen(uuid: DeviceUuid): void {
    const device = this.#devices.get(uuid);
    if (device !== undefined) device.lastSeen = this.#deps.clock.now();
  }

  /** @throws UnavailableError `too-many-devices` */
  #makeRoom(before: Device | undefined): void {
    if (before !== undefined || this.#devices.size < this.#deps.maxDevices) return;
    throw new UnavailableError('too-many-devices', `${this.#deps.maxDevices} devices are registered`, {
      hint: 'Raise registration.maxDevices, or remove devices that are gone.',
    });
  }

  /** A device that has just described itself. */
  #described(uuid: DeviceUuid, { digest, description }: DescriptionTemplate, before?: Device): Device {
    const now = this.#deps.clock.now();
    return {
      ...before,
      uuid,
      description: digest,
      registeredAt: before?.registeredAt ?? now,
      // No other messages say anything of presence.
      presence: description.profile === 'mup' ? 'online' : 'unknown',
      lastSeen: now,
    };
  }

  async #admit(
    described: Device,
    template: DescriptionTemplate,
    before: Device | undefined,
  ): Promise<Registration> {
    const assignment = this.#catalog.assign(template.description, () => this.#usedModules());
    const device: Device = { ...described, module: assignment.model.name };
    const confirmed = before?.description === device.description && before.module === device.module;
    await this.#keep(device, template, before, () => this.#persist(template, assignment, device, confirmed));
    const outcome = before?.module === undefined ? 'registered' : confirmed ? 'confirmed' : 'changed';
    return { ...assignment, device, outcome };
  }

  /** Takes a device up while `persist` writes it; what it was before stands if that fails. */
  async #keep(
    device: Device,
    { digest }: DescriptionTemplate,
    before: Device | undefined,
    persist: () => Promise<void>,
  ): Promise<void> {
    this.#devices.set(device.uuid, device);
    if (before !== undefined) this.#tellPresence(before, device);
    try {
      await persist();
    } catch (error) {
      this.#restore(device.uuid, before);
      if (!this.#isDescribed(digest)) this.#templates.delete(digest);
      throw error;
    }
    if (before !== undefined && before.description !== digest) await this.#forgetTemplate(before.description);
  }

  /** Module and template first: a device on disk never lacks what it needs. */
  async #persist(
    template: DescriptionTemplate,
    { model, change, dropped }: ModuleAssignment,
    device: Device,
    confirmed: boolean,
  ): Promise<void> {
    const { store } = this.#deps;
    // All are begun before one is waited for: a sibling that comes meanwhile finds them begun.
    await Promise.all([
      this.#saveTemplate(template),
      change === 'same'
        ? this.#writes.ensure('modules', model.name, () => this.#catalog.get(model.name))
        : this.#writes.save('modules', model.name, model),
      dropped === undefined ? undefined : store.delete('modules', dropped),
    ]);
    if (!confirmed) await store.put('devices', device.uuid, device);
  }

  #saveTemplate(template: DescriptionTemplate): Promise<void> {
    const { digest } = template;
    if (this.#templates.has(digest))
      return this.#writes.ensure('templates', digest, () => this.#templates.get(digest));
    this.#templates.add(template);
    return this.#writes.save('templates', digest, template);
  }

  #tellPresence(before: Device, device: Device): void {
    if (presenceChanged(before, device)) for (const listener of this.#presenceListeners) listener(device);
  }

  #restore(uuid: DeviceUuid, before: Device | undefined): void {
    if (before === undefined) this.#devices.delete(uuid);
    else this.#devices.set(uuid, before);
  }

  #usedModules(): ReadonlySet<string> {
    const names = [...this.#devices.values()].map(({ module }) => module);
    return new Set(names.filter((name) => name !== undefined));
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
