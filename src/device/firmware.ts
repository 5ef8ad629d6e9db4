import type { RunningSha256 } from '../base/adapters/node-runtime.ts';
import { equalBytes } from '../base/bytes.ts';
import { UnavailableError, UsageError } from '../base/errors.ts';
import type { DeviceUuid, Digest, SliceHash } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import { sliceHashBytes, sliceHashOctets } from '../mup/authenticated-slices.ts';
import type { PublicKey } from '../mup/signature-scheme.ts';
import { type DeviceRecord, formatRecord, parseRecord } from './device-record.ts';
import type { KeptKey } from './server-key.ts';
import { checkDownload } from './slice-check.ts';
import type { DeviceStore, Slot, SlotName } from './store.ts';
import type { FrozenManifest, TransferState } from './update-receiver.ts';

/** What a device leaves the factory with. What its store remembers wins over it. */
export interface FactorySettings {
  readonly uuid: DeviceUuid;
  readonly appId: string;
  /** Version of the firmware in the first slot. */
  readonly firmwareVersion: number;
  readonly vendorKey?: PublicKey;
}

/**
 * The two slots of a device and its record: what it runs, what it downloads, what it boots next. Each
 * step leaves the store in a state from which {@link Firmware.boot} goes on, wherever it is cut.
 */
export class Firmware {
  readonly #store: DeviceStore;
  readonly #startSha256: () => RunningSha256;
  readonly #logger: Logger;
  #record: DeviceRecord;
  #saving: Promise<void> = Promise.resolve();
  #retired = false;

  private constructor(
    store: DeviceStore,
    record: DeviceRecord,
    startSha256: () => RunningSha256,
    logger: Logger,
  ) {
    this.#store = store;
    this.#record = record;
    this.#startSha256 = startSha256;
    this.#logger = logger;
  }

  /**
   * Reads the record, or makes that of a new device.
   * @throws UsageError `device-state-damaged`; `device-state-foreign` when the store is another device's
   */
  static async open(
    store: DeviceStore,
    factory: FactorySettings,
    deps: { readonly startSha256: () => RunningSha256; readonly logger: Logger },
  ): Promise<Firmware> {
    const bytes = await store.readRecord();
    const record = bytes === undefined ? newRecord(factory) : withFactory(parseRecord(bytes), factory);
    await store.writeRecord(formatRecord(record));
    return new Firmware(store, record, deps.startSha256, deps.logger);
  }

  get record(): DeviceRecord {
    return this.#record;
  }

  /** What a bootloader does: starts a verified image, and finds a download that can go on. */
  async boot(): Promise<TransferState | undefined> {
    const { pendingBoot, transfer } = this.#record;
    if (pendingBoot !== undefined) await this.#swap(pendingBoot);
    return transfer === undefined ? undefined : this.#interrupted(transfer);
  }

  /** Empties the other slot for an image. */
  async begin(manifest: FrozenManifest): Promise<void> {
    // The slot first: a record that names a transfer never stands beside bytes of another one.
    await this.#download.empty();
    await this.#store.hashes.empty();
    await this.#save({ transfer: manifest });
  }

  /**
   * Puts a part of the image into the other slot.
   * @param next what the slice after it has to be, where slices are authenticated
   */
  write(offset: number, bytes: Uint8Array, next?: SliceHash): void {
    const sliceSize = this.#record.transfer?.slices?.sliceSize;
    if (next !== undefined && sliceSize !== undefined)
      this.#store.hashes.write((offset / sliceSize) * sliceHashBytes, sliceHashOctets(next));
    this.#download.write(offset, bytes);
  }

  /** Forgets the download. */
  async discard(): Promise<void> {
    await this.#save({ transfer: undefined, pendingBoot: undefined });
    await this.#download.empty();
  }

  /** Makes the verified image durable and marks it to boot next. */
  async seal(manifest: FrozenManifest): Promise<void> {
    await this.#download.sync();
    await this.#save({ transfer: undefined, pendingBoot: manifest });
  }

  /**
   * How many descriptions the device has signed with this one; another one than the last counts as new.
   * @param digest of the description
   */
  async countDescription(digest: Digest): Promise<number> {
    const { described } = this.#record;
    if (described?.digest === digest) return described.counter;
    const counter = (described?.counter ?? 0) + 1;
    await this.#save({ described: { digest, counter } });
    return counter;
  }

  /** Keeps the update server's key. */
  async keepServerKey(serverKey: KeptKey): Promise<void> {
    await this.#save({ serverKey });
  }

  /**
   * Keeps the vendor's next key. The update server's key stays until the new vendor key endorses another, whatever
   * its epoch is: what the key before has endorsed holds no more, so that nothing older can come back.
   */
  async keepVendorKey(vendorKey: PublicKey, vendorKeyCounter: number): Promise<void> {
    const { serverKey } = this.#record;
    await this.#save({ vendorKey, vendorKeyCounter, serverKey: serverKey && { ...serverKey, epoch: 0 } });
  }

  /**
   * The device ends or boots anew, and another one takes the place of this one: what is being written is on disk when it
   * resolves, and nothing more is written.
   */
  async retire(): Promise<void> {
    this.#retired = true;
    await this.#saving;
  }

  get #download(): Slot {
    return this.#store.slots[other(this.#record.activeSlot)];
  }

  /** The bootloader trusts nobody: the slot is compared once more before anything runs from it. */
  async #swap(pending: FrozenManifest): Promise<void> {
    const found = await this.#hashed(this.#download);
    if (found.length !== pending.size || found.hash.digest() !== pending.digest) {
      this.#logger.error('the image that was to boot is damaged; the old firmware stays', {
        version: this.#record.version,
        refused: pending.newVersion,
      });
      return this.discard();
    }
    await this.#save({
      activeSlot: other(this.#record.activeSlot),
      version: pending.newVersion,
      pendingBoot: undefined,
    });
  }

  async #interrupted(manifest: FrozenManifest): Promise<TransferState | undefined> {
    if ((await this.#download.length()) <= manifest.size) {
      const { size, slices } = manifest;
      if (slices !== undefined) {
        const held = { slot: this.#download.read(), hashes: this.#store.hashes.read() };
        return { manifest, ...(await checkDownload(slices, size, held, this.#startSha256)) };
      }
      const { length, hash } = await this.#hashed(this.#download);
      return { manifest, received: length, hash, expected: undefined };
    }
    await this.discard();
    return undefined;
  }

  async #hashed(slot: Slot): Promise<{ length: number; hash: RunningSha256 }> {
    const hash = this.#startSha256();
    let length = 0;
    for await (const part of slot.read()) {
      hash.update(part);
      length += part.length;
    }
    return { length, hash };
  }

  /** One after the other: what one writes is part of what the next one writes. */
  async #save(changes: Partial<DeviceRecord>): Promise<void> {
    if (this.#retired) throw new UnavailableError('device-ended', 'the device has ended, or boots anew');
    const saved = this.#saving.then(async () => {
      const record = { ...this.#record, ...changes };
      await this.#store.writeRecord(formatRecord(record));
      this.#record = record;
    });
    this.#saving = saved.catch(() => {});
    return saved;
  }
}

function other(slot: SlotName): SlotName {
  return slot === 'a' ? 'b' : 'a';
}

function newRecord({ uuid, appId, firmwareVersion, vendorKey }: FactorySettings): DeviceRecord {
  return {
    uuid,
    appId,
    version: firmwareVersion,
    activeSlot: 'a',
    vendorKey,
    vendorKeyCounter: 0,
    firstVendorKey: vendorKey,
    serverKey: undefined,
    transfer: undefined,
    pendingBoot: undefined,
    described: undefined,
  };
}

/**
 * A record of an earlier start. A vendor key may come later, and only the key before replaces it: one that is given is
 * the one that the device was made with, or the one that counts now.
 */
function withFactory(found: DeviceRecord, { uuid, appId, vendorKey }: FactorySettings): DeviceRecord {
  const record = { ...found, uuid: found.uuid ?? uuid };
  if (record.uuid !== uuid) throw foreign('UUID', record.uuid, uuid);
  if (record.appId !== appId) throw foreign('App ID', record.appId, appId);
  if (vendorKey === undefined) return record;
  const { vendorKey: kept = vendorKey, firstVendorKey: first = vendorKey } = record;
  if (!equalBytes(vendorKey, first) && !equalBytes(vendorKey, kept))
    throw foreign('vendor key', 'another one', 'this one');
  return { ...record, vendorKey: kept, firstVendorKey: first };
}

function foreign(what: string, kept: string, given: string): UsageError {
  return new UsageError(
    'device-state-foreign',
    `the device's state was made with ${kept} as its ${what}, not with ${given}`,
    { where: what, hint: 'Give each device a state directory of its own.' },
  );
}
