import type { Clock } from '../base/clock.ts';
import type { RegistrationConfig } from '../base/config.ts';
import type { DeviceDescription } from '../base/description.ts';
import { UnavailableError } from '../base/errors.ts';
import { type DeviceUuid, type Digest, isDeviceUuid } from '../base/ids.ts';
import { type DescriptionTemplate, instantiateParts } from '../ontology/description-template.ts';
import { type ModuleModel, newModule } from '../yang/module-model.ts';
import { type DescriptionSigner, type Device, type Presence, presenceChanged } from './device.ts';
import { DeviceTable } from './device-table.ts';
import type { Change, DocumentStore } from './document-store.ts';
import { FilledDescriptions } from './filled-descriptions.ts';
import { KeptTemplates } from './kept-templates.ts';
import { type ModuleAssignment, ModuleCatalog } from './module-catalog.ts';
import { type RemovedSigner, RemovedSigners } from './removed-signers.ts';
import { type SharedDocument, SharedDocuments } from './shared-documents.ts';

/** What registering a description did. */
export interface Registration extends ModuleAssignment {
  readonly device: Device;
  /** Whether the device was unknown or pending, described itself anew, or said what it had said before. */
  readonly outcome: 'registered' | 'changed' | 'confirmed';
}

/** Who has brought a description. */
export interface DescribedBy {
  readonly by: 'device' | 'operator';
  /** Changes that are made with the registration or not at all. */
  readonly along?: readonly Change[];
  /** Who signs for the device from now on; as before unless given. */
  readonly signer?: DescriptionSigner | undefined;
}

export interface DeviceRegistryDependencies
  extends Pick<RegistrationConfig, 'maxDevices' | 'maxRemovedSigners' | 'maxModules' | 'maxKeptBytes'> {
  readonly store: DocumentStore;
  readonly clock: Clock;
}

/** The devices that registered, their descriptions and modules; survives a restart. */
export class DeviceRegistry {
  readonly #deps: DeviceRegistryDependencies;
  readonly #devices = new DeviceTable();
  readonly #filled = new FilledDescriptions();
  readonly #documents: SharedDocuments;
  readonly #templates: KeptTemplates;
  readonly #presenceListeners = new Set<(device: Device) => void>();
  readonly #removed: RemovedSigners;
  #catalog: ModuleCatalog;

  private constructor(deps: DeviceRegistryDependencies, removed: RemovedSigners) {
    this.#deps = deps;
    this.#removed = removed;
    this.#documents = new SharedDocuments(deps.store);
    this.#templates = new KeptTemplates(
      this.#documents,
      (digest) => this.#isDescribed(digest),
      deps.maxKeptBytes,
    );
    this.#catalog = new ModuleCatalog([], deps.maxModules);
  }

  /** Reads what the store holds. Presence is `unknown` until a device is heard. */
  static async open(deps: DeviceRegistryDependencies): Promise<DeviceRegistry> {
    const removed = await RemovedSigners.open(deps.store, deps.maxRemovedSigners);
    const registry = new DeviceRegistry(deps, removed);
    await registry.#templates.load();
    const modules = await registry.#documents.load<ModuleModel>('modules', ({ name }) => name);
    registry.#catalog = new ModuleCatalog(modules, deps.maxModules);
    const devices = (await deps.store.all('devices')) as readonly Device[];
    for (const device of devices) registry.#devices.set({ ...device, presence: 'unknown' });
    await registry.#templates.forgetOthers(new Set(devices.map(({ description }) => description)));
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

  /** How many devices are pending. */
  get pending(): number {
    return this.#devices.pending;
  }

  /** The pending device that was heard of the longest time ago. */
  leastSeenPending(): Device | undefined {
    return this.#devices.leastSeenPending();
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
    return template === undefined ? undefined : this.#filled.get(uuid, template);
  }

  /** Parts of what a registered device can do, for who asks that of all devices. */
  describeParts<Part extends keyof DeviceDescription>(
    uuid: DeviceUuid,
    parts: readonly Part[],
  ): Pick<DeviceDescription, Part> | undefined {
    const device = this.#devices.get(uuid);
    const template = device === undefined ? undefined : this.#templates.get(device.description);
    return template === undefined ? undefined : instantiateParts(template, uuid, parts);
  }

  /** What its vendor had signed last of a device that was removed. */
  removed(uuid: DeviceUuid): RemovedSigner | undefined {
    return this.#removed.get(uuid);
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
   * @throws as {@link register}, but for `too-many-devices`
   */
  async hold(uuid: DeviceUuid, template: DescriptionTemplate, signer?: DescriptionSigner): Promise<boolean> {
    const before = this.#devices.get(uuid);
    // What cannot be said in YANG is refused now, and not when somebody accepts it.
    if (!this.#templates.has(template.digest)) newModule(template.description);
    const device = this.#described(uuid, template, before, signer);
    const known = before?.description === template.digest;
    const stored = known && before.signer === device.signer;
    await this.#keep(device, template, before, [], (now) =>
      stored || now === undefined ? [] : [putDevice(now)],
    );
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
   * @param described who has brought the description, and what is to be stored with it
   * @throws UnavailableError `too-many-devices`, `too-many-modules`, `too-many-descriptions`; PeerError when
   *   the description cannot be said in YANG; what the store throws
   */
  async register(
    uuid: DeviceUuid,
    template: DescriptionTemplate,
    { by, along = [], signer }: DescribedBy = { by: 'device' },
  ): Promise<Registration> {
    const before = this.#devices.get(uuid);
    const described = this.#described(uuid, template, before, signer);
    // It was not the device that spoke.
    const device: Device =
      by === 'operator' ? { ...described, installed: true, presence: 'unknown' } : described;
    return this.#admit(device, template, before, along);
  }

  /**
   * Forgets a device and what an operator brought of it, but for {@link removed}; its module stays.
   * @returns whether it was registered
   */
  async remove(uuid: DeviceUuid): Promise<boolean> {
    const device = this.#devices.get(uuid);
    if (device === undefined) return false;
    this.#devices.delete(uuid);
    const gone: Change[] = [{ kind: 'delete', collection: 'devices', key: uuid }];
    gone.push(...this.#removed.note(device, this.#deps.clock.now()));
    if (device.installed === true) gone.push({ kind: 'delete', collection: 'descriptions', key: uuid });
    try {
      await this.#templates.leaving(device.description, () => this.#documents.transact([], () => gone));
    } catch (error) {
      this.#restore(uuid, device);
      throw error;
    }
    await this.#templates.forget(device.description);
    return true;
  }

  /** Notes what a registered device said of itself; unknown devices are ignored. */
  async heard(
    uuid: DeviceUuid,
    presence: Presence,
    firmwareVersion?: number,
    serverKey?: string,
  ): Promise<void> {
    const before = this.#devices.get(uuid);
    if (before === undefined) return;
    const lastSeen = presence === 'offline' ? before.lastSeen : this.#deps.clock.now();
    const version = firmwareVersion ?? before.firmwareVersion;
    const key = serverKey ?? before.serverKey;
    const device: Device = {
      ...before,
      presence,
      lastSeen,
      ...(version === undefined ? {} : { firmwareVersion: version }),
      ...(key === undefined ? {} : { serverKey: key }),
    };
    this.#devices.set(device);
    this.#tellPresence(before, device);
    if (version !== before.firmwareVersion || key !== before.serverKey)
      await this.#deps.store.put('devices', uuid, device);
  }

  /** Notes which key of the update server a registered device keeps, as an update has shown. */
  async keeps(uuid: DeviceUuid, serverKey: string): Promise<void> {
    const before = this.#devices.get(uuid);
    if (before === undefined || before.serverKey === serverKey) return;
    const device = { ...before, serverKey };
    this.#devices.set(device);
    await this.#deps.store.put('devices', uuid, device);
  }

  /** Notes that something came from a registered device: an answer, a measurement. */
  seen(uuid: DeviceUuid): void {
    this.#devices.seen(uuid, this.#deps.clock.now());
  }

  /** @throws UnavailableError `too-many-devices` */
  #checkRoom(before: Device | undefined): void {
    const accepted = this.#devices.size - this.#devices.pending;
    if (before?.module !== undefined || accepted < this.#deps.maxDevices) return;
    throw new UnavailableError('too-many-devices', `${this.#deps.maxDevices} devices are registered`, {
      hint: 'Raise registration.maxDevices, or remove devices that are gone.',
    });
  }

  /** A device that has just described itself. */
  #described(
    uuid: DeviceUuid,
    { digest, description }: DescriptionTemplate,
    before: Device | undefined,
    signer: DescriptionSigner | undefined,
  ): Device {
    const now = this.#deps.clock.now();
    return {
      ...before,
      ...(signer !== undefined && !sameSigner(signer, before?.signer) && { signer }),
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
    along: readonly Change[] = [],
  ): Promise<Registration> {
    this.#checkRoom(before);
    const assignment = this.#catalog.assign(template.description, () => this.#usedModules());
    const { model, dropped } = assignment;
    const device: Device = { ...described, module: model.name };
    const confirmed = before?.description === device.description && before.module === device.module;
    const current = (): unknown => this.#catalog.get(model.name);
    const module = { collection: 'modules', key: model.name, current } as const;
    const stored = confirmed && before.signer === device.signer;
    await this.#keep(device, template, before, [module], (now) => [
      ...this.#dropped(dropped),
      ...(now === undefined ? [] : [...(stored ? [] : [putDevice(now)]), ...along]),
    ]);
    const outcome = before?.module === undefined ? 'registered' : confirmed ? 'confirmed' : 'changed';
    return { ...assignment, device, outcome };
  }

  /**
   * Takes a device up and stores it, in one transaction with its template and what else it needs; what it was
   * before stands if that fails. One that is removed meanwhile stays so.
   * @param decide what is written of the device as it is then: others are written, and it is heard, while it waits
   */
  async #keep(
    device: Device,
    template: DescriptionTemplate,
    before: Device | undefined,
    needed: readonly SharedDocument[],
    decide: (now: Device | undefined) => readonly Change[],
  ): Promise<void> {
    const shared = [this.#templates.take(template), ...needed];
    const now = (): Device | undefined => this.#devices.get(device.uuid);
    this.#devices.set(device);
    if (before !== undefined) this.#tellPresence(before, device);
    try {
      await this.#templates.leaving(before?.description, () =>
        this.#documents.transact(shared, () => decide(now())),
      );
    } catch (error) {
      if (now() !== undefined) this.#restore(device.uuid, before);
      await this.#templates.forget(template.digest);
      throw error;
    } finally {
      if (before !== undefined) await this.#templates.forget(before.description);
    }
  }

  #tellPresence(before: Device, device: Device): void {
    if (presenceChanged(before, device)) for (const listener of this.#presenceListeners) listener(device);
  }

  #restore(uuid: DeviceUuid, before: Device | undefined): void {
    if (before === undefined) this.#devices.delete(uuid);
    else this.#devices.set(before);
  }

  #usedModules(): ReadonlySet<string> {
    const names = [...this.#devices.values()].map(({ module }) => module);
    return new Set(names.filter((name) => name !== undefined));
  }

  #isDescribed(digest: Digest): boolean {
    for (const device of this.#devices.values()) if (device.description === digest) return true;
    return false;
  }

  /** What takes a module off the disk that had to go, unless it has come again. */
  #dropped(name: string | undefined): readonly Change[] {
    if (name === undefined || this.#catalog.get(name) !== undefined) return [];
    return this.#documents.removal('modules', name);
  }
}

function sameSigner(one: DescriptionSigner, other: DescriptionSigner | undefined): boolean {
  return one.by === other?.by && one.key === other.key && one.counter === other.counter;
}

function putDevice(device: Device): Change {
  return { kind: 'put', collection: 'devices', key: device.uuid, document: device };
}
