import type { DeviceDescription } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { type DeviceUuid, isDigest } from '../base/ids.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { Logger } from '../base/logger.ts';
import type { DescriptionLibrary } from '../ontology/description-library.ts';
import type { DescriptionReader } from '../ontology/description-reader.ts';
import { type DescriptionTemplate, instantiate } from '../ontology/description-template.ts';
import type { DeviceRegistry, Registration } from '../registry/device-registry.ts';
import type { Change } from '../registry/document-store.ts';
import { withLeafNames } from '../yang/identifiers.ts';
import type { Admission, DescriptionTrust } from './description-trust.ts';
import { type ForeignDescription, RefusalLog } from './refusal-log.ts';
import { type RegistrationSource, refusalOf } from './registration-source.ts';
import type { TopicOwners } from './topic-owners.ts';

export interface RegistrationDependencies {
  readonly reader: DescriptionReader;
  readonly library: DescriptionLibrary;
  readonly registry: DeviceRegistry;
  readonly topics: TopicOwners;
  /** Whose descriptions count, and which devices are accepted with them. */
  readonly trust: DescriptionTrust;
  readonly logger: Logger;
  /** Called when a device is registered, before it is answered. */
  readonly onRegistered: (registration: Registration, description: DeviceDescription) => Promise<void>;
  /** Called when a device waits to be accepted that did not before, or not with this description. */
  readonly onPending: (uuid: DeviceUuid, description: DeviceDescription) => void;
  /** Forgets a pending device that makes room for another. */
  readonly drop: (uuid: DeviceUuid) => Promise<unknown>;
  /** Devices that may wait to be accepted. */
  readonly maxPendingDevices: number;
  /** Called when somebody else may have described a device, once for each reason. */
  readonly onForeign: (foreign: ForeignDescription) => void;
}

/** Counters for the statistics of `mup-bridge`. */
export interface RegistrationStatistics {
  accepted: number;
  refused: number;
}

/** A description that waits for its turn. */
interface Arrival {
  readonly bytes: Uint8Array;
  readonly source: RegistrationSource;
}

/** A description that was read and checked, as it is of one device. */
interface Read {
  readonly template: DescriptionTemplate;
  readonly description: DeviceDescription;
}

/** All of them are in the list of devices. */
const maxLoggedRemarks = 20;
const digestReference = /^sha256:([0-9a-f]{64})$/;

/**
 * Takes descriptions (mup-protocol §1), wherever they come from: each is read and checked as a whole, gives
 * its device a module, and is answered. A refused description leaves an earlier registration as it was.
 */
export class RegistrationService {
  readonly statistics: RegistrationStatistics = { accepted: 0, refused: 0 };
  readonly #deps: RegistrationDependencies;
  /** Devices whose description is being taken, each with the newest one that came meanwhile. */
  readonly #taking = new Map<DeviceUuid, Arrival | undefined>();
  /** What is done to the registration of one device goes one after the other. */
  readonly #turns = new KeyedQueue<DeviceUuid>();
  readonly #refusals: RefusalLog;
  #closed = false;

  constructor(deps: RegistrationDependencies) {
    this.#deps = deps;
    this.#refusals = new RefusalLog(deps);
  }

  /** What is being read is given up without an answer: the device asks again. */
  close(): void {
    this.#closed = true;
  }

  /** Does something with a device's registration, after what was begun before. */
  inTurn<T>(uuid: DeviceUuid, task: () => Promise<T>): Promise<T> {
    return this.#turns.run(uuid, task);
  }

  /**
   * Takes what a device says of itself, and answers it. Descriptions of one device are taken one after the
   * other; of those that wait only the newest counts, so that a device that sends faster than it can be read
   * costs no memory.
   */
  async take(uuid: DeviceUuid, bytes: Uint8Array, source: RegistrationSource): Promise<void> {
    const arrival = { bytes, source };
    if (this.#taking.has(uuid)) {
      this.#taking.set(uuid, arrival);
      return;
    }
    for (let next: Arrival | undefined = arrival; next !== undefined; next = this.#taking.get(uuid)) {
      this.#taking.set(uuid, undefined);
      const one = next;
      await this.#turns.run(uuid, () => this.#register(uuid, one));
    }
    this.#taking.delete(uuid);
  }

  /**
   * Registers a device with a description that an operator brings: it is accepted, and only the operator may
   * change it.
   * @param along changes that are stored with the registration or not at all
   * @throws PeerError `device-exists` when the device has described itself, or what is wrong with the
   *   description; UnavailableError
   */
  install(uuid: DeviceUuid, bytes: Uint8Array, along: readonly Change[] = []): Promise<Registration> {
    return this.#turns.run(uuid, async () => {
      const { registry, topics } = this.#deps;
      const before = registry.get(uuid);
      if (before !== undefined && before.installed !== true)
        throw new PeerError('device-exists', `device ${uuid} has described itself`, {
          hint: 'Remove it first, and see to it that it does not come back.',
        });
      const { template, description } = await this.#read(uuid, bytes);
      topics.check(description, true);
      const registering = registry.register(uuid, template, { by: 'operator', along });
      // From here on its topics are its own, unless it cannot be written.
      topics.installedChanged();
      const registration = await registering.finally(() => topics.installedChanged());
      await this.#registered(registration, description);
      return registration;
    });
  }

  /**
   * Accepts a device that is pending: it is registered.
   * @returns whether it was pending
   * @throws PeerError, UnavailableError where it cannot be registered any more; it is pending still then
   */
  accept(uuid: DeviceUuid): Promise<boolean> {
    return this.#turns.run(uuid, async () => {
      const { registry, topics } = this.#deps;
      const description = registry.isPending(uuid) ? registry.describe(uuid) : undefined;
      if (description === undefined) return false;
      // Meanwhile another device may have taken its topics.
      topics.check(description, false);
      const registration = await registry.accept(uuid);
      if (registration !== undefined) await this.#registered(registration, description);
      return true;
    });
  }

  /**
   * @throws PeerError `described-by-operator`, `other-profile` when a registered device is not one that may
   *   say something of itself there
   */
  checkSource(uuid: DeviceUuid, { profiles }: RegistrationSource): void {
    const { registry } = this.#deps;
    if (registry.get(uuid)?.installed === true)
      throw new PeerError('described-by-operator', 'an operator has described this device', {
        hint: 'What it says of itself is not taken until the operator removes that description.',
      });
    const profile = registry.kind(uuid)?.profile;
    if (profile !== undefined && !profiles.includes(profile))
      throw otherProfile(`a device of profile ${profile} is registered under this UUID`);
  }

  /**
   * @throws PeerError `signature-required` when the device is one whose word has to be signed: a message without
   *   signature does not remove it, nor the key that it is known by
   */
  checkUnsigned(uuid: DeviceUuid): void {
    if (this.#deps.registry.get(uuid)?.signer === undefined) return;
    throw new PeerError('signature-required', 'the device signs what it says of itself', {
      hint: 'Remove it with the RPC remove-device.',
    });
  }

  /** Tells a device that its description is refused, before it was read. */
  refuse(uuid: DeviceUuid, error: unknown, source: RegistrationSource): void {
    if (this.#closed) return;
    this.statistics.refused += 1;
    const refusal = refusalOf(error);
    source.answer(uuid, { kind: 'refused', code: refusal.code, text: refusal.text });
    this.#refusals.refused(uuid, refusal);
  }

  /** Counts what came under a name that is no device UUID, and so cannot be answered. */
  refuseUnnamed(topic: string): void {
    this.statistics.refused += 1;
    this.#refusals.unnamed(topic);
  }

  async #register(uuid: DeviceUuid, { bytes, source }: Arrival): Promise<void> {
    const { registry, topics, trust } = this.#deps;
    try {
      this.checkSource(uuid, source);
      const opened = trust.open(uuid, bytes);
      const { template, description } = await this.#read(uuid, opened.octets);
      if (!source.profiles.includes(description.profile))
        throw otherProfile(`a device of profile ${description.profile} cannot describe itself here`);
      topics.check(description, false);
      const { kind, signer } = trust.admit(uuid, opened, template.digest, description);
      if (kind === 'hold') {
        await this.#hold(uuid, { template, description }, signer, source);
        return;
      }
      await this.#registered(await registry.register(uuid, template, { by: 'device', signer }), description);
      source.answer(uuid, { kind: 'registered' });
    } catch (error) {
      this.refuse(uuid, error, source);
    }
  }

  async #read(uuid: DeviceUuid, bytes: Uint8Array): Promise<Read> {
    const read = await this.#template(uuid, bytes);
    // A sibling's template is the one that is held already.
    const held = this.#deps.registry.template(read.digest);
    const template = held ?? { ...read, description: withLeafNames(read.description) };
    if (held === undefined) this.#tellRemarks(uuid, template.description);
    return { template, description: instantiate(template, uuid) };
  }

  /** Once for all devices of one description: what it says in vain. */
  #tellRemarks(uuid: DeviceUuid, { category, remarks }: DeviceDescription): void {
    if (remarks.length === 0) return;
    const fields = { uuid, category, count: remarks.length, remarks: remarks.slice(0, maxLoggedRemarks) };
    this.#deps.logger.info('a description says more than is used', fields);
  }

  async #registered(registration: Registration, description: DeviceDescription): Promise<void> {
    await this.#deps.onRegistered(registration, description);
    this.statistics.accepted += 1;
    this.#refusals.taken(registration.device.uuid);
    this.#report(registration, description);
  }

  async #hold(
    uuid: DeviceUuid,
    { template, description }: Read,
    signer: Admission['signer'],
    source: RegistrationSource,
  ): Promise<void> {
    const { registry, logger, onPending } = this.#deps;
    // Others come while one goes: whether there is room is seen again right before the place is taken.
    for (let oldest = this.#inTheWayOf(uuid); oldest !== undefined; oldest = this.#inTheWayOf(uuid))
      await this.#makeRoom(oldest);
    const isNew = await registry.hold(uuid, template, signer);
    this.#refusals.taken(uuid);
    source.answer(uuid, { kind: 'pending' });
    // It may have been removed while it was written.
    if (!isNew || registry.get(uuid) === undefined) return;
    logger.info('device pending', { uuid, category: description.category });
    onPending(uuid, description);
  }

  /** The pending device that has to go before another may wait; undefined where there is room, or nobody to go. */
  #inTheWayOf(uuid: DeviceUuid): DeviceUuid | undefined {
    const { registry, maxPendingDevices } = this.#deps;
    if (registry.get(uuid) !== undefined || registry.pending < maxPendingDevices) return undefined;
    return registry.leastSeenPending()?.uuid;
  }

  /** Strangers without number push one another out, and no device that was accepted. */
  async #makeRoom(oldest: DeviceUuid): Promise<void> {
    const { registry, logger, drop, maxPendingDevices } = this.#deps;
    await this.#turns.run(oldest, async () => {
      if (!registry.isPending(oldest)) return;
      await drop(oldest);
      logger.warn('a pending device made room for another', { uuid: oldest, maxPendingDevices });
    });
  }

  /** Reads a description, or finds the one that a digest names. */
  async #template(uuid: DeviceUuid, bytes: Uint8Array): Promise<DescriptionTemplate> {
    const reference =
      bytes.length === 71 ? digestReference.exec(String.fromCharCode(...bytes))?.[1] : undefined;
    if (reference === undefined || !isDigest(reference)) return this.#deps.reader.read(uuid, bytes);
    const { registry, library, reader } = this.#deps;
    const template = registry.template(reference);
    if (template !== undefined) return template;
    const placed = await library.find(reference);
    if (placed !== undefined) return reader.read(uuid, placed);
    throw new PeerError('unknown-digest', `no description with digest ${reference} is known`, {
      hint: 'Send the description in full.',
    });
  }

  #report({ device, model, outcome, contradictions }: Registration, { category }: DeviceDescription): void {
    const { logger } = this.#deps;
    const { uuid } = device;
    for (const reason of outcome === 'confirmed' ? [] : contradictions)
      logger.warn('a description contradicts the module of its category and got a variant of it', {
        uuid,
        module: model.name,
        reason,
      });
    logger.info(`device ${outcome}`, { uuid, category, module: model.name });
  }
}

function otherProfile(message: string): PeerError {
  return new PeerError('other-profile', message, {
    hint: 'Devices of profile mup use mup/description/<uuid>; native ones are described by an operator.',
  });
}
