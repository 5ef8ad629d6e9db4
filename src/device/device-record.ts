import { decodeUtf8, toHex, utf8 } from '../base/bytes.ts';
import { UsageError } from '../base/errors.ts';
import { type DeviceUuid, type Digest, isDeviceUuid, isDigest } from '../base/ids.ts';
import type { SliceChainHead } from '../mup/authenticated-slices.ts';
import { parseChainHead } from '../mup/chain-head.ts';
import { type PublicKey, publicKeyFromHex } from '../mup/signature-scheme.ts';
import type { KeptKey } from './server-key.ts';
import type { SlotName } from './store.ts';
import type { FrozenManifest } from './update-receiver.ts';

/** What a device remembers over restarts besides its slots. */
export interface DeviceRecord {
  /** Whose record it is; those that were written before this was kept name nobody. */
  readonly uuid: DeviceUuid | undefined;
  readonly appId: string;
  /** Version of the firmware that runs. */
  readonly version: number;
  /** The slot it runs from; downloads go into the other one. */
  readonly activeSlot: SlotName;
  /** Key of the vendor that counts now. */
  readonly vendorKey: PublicKey | undefined;
  /** Its number: 0 for the key that the device was made with, and higher with every roll-over (ADR 27). */
  readonly vendorKeyCounter: number;
  /** Key of the vendor, given when the device was made. */
  readonly firstVendorKey: PublicKey | undefined;
  /** Key of the update server, with the epoch of its endorsement. */
  readonly serverKey: KeptKey | undefined;
  /** A download that has begun. */
  readonly transfer: FrozenManifest | undefined;
  /** A verified image in the other slot that boots next. */
  readonly pendingBoot: FrozenManifest | undefined;
  /** The description that the device has signed last with a key of its own (ADR 29). */
  readonly described: CountedDescription | undefined;
}

/** A description, and how many others the device has signed before it. */
export interface CountedDescription {
  readonly digest: Digest;
  readonly counter: number;
}

/** Format number in the file; a change of meaning makes a new one. In 1 there was one vendor key for ever. */
const format = 2;

/** The record as UTF-8 JSON. */
export function formatRecord(record: DeviceRecord): Uint8Array {
  const { vendorKey, firstVendorKey, serverKey, ...rest } = record;
  const json = {
    format,
    ...rest,
    ...(vendorKey && { vendorKey: toHex(vendorKey) }),
    ...(firstVendorKey && { firstVendorKey: toHex(firstVendorKey) }),
    ...(serverKey && { serverKey: { key: toHex(serverKey.key), epoch: serverKey.epoch } }),
  };
  return utf8(`${JSON.stringify(json, undefined, 2)}\n`);
}

/**
 * Reads a record. A device with a damaged record does not start: going on as a new one would forget its
 * version and its keys, which is what a rollback needs.
 * @throws UsageError `device-state-damaged`
 */
export function parseRecord(bytes: Uint8Array): DeviceRecord {
  const json = object(parseJson(bytes), 'the record');
  const isFirstFormat = json['format'] === 1;
  if (!isFirstFormat && json['format'] !== format) throw damaged('format');
  const first = isFirstFormat ? 'vendorKey' : 'firstVendorKey';
  return {
    uuid: optional(json['uuid'], deviceId),
    appId: text(json['appId'], 'appId'),
    version: uint32(json['version'], 'version'),
    activeSlot: slot(json['activeSlot']),
    vendorKey: optional(json['vendorKey'], (value) => key(value, 'vendorKey')),
    vendorKeyCounter: isFirstFormat ? 0 : uint32(json['vendorKeyCounter'], 'vendorKeyCounter'),
    firstVendorKey: optional(json[first], (value) => key(value, first)),
    serverKey: optional(json['serverKey'], keptKey),
    transfer: optional(json['transfer'], (value) => manifest(value, 'transfer')),
    pendingBoot: optional(json['pendingBoot'], (value) => manifest(value, 'pendingBoot')),
    described: optional(json['described'], counted),
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes) ?? '');
  } catch (cause) {
    throw damaged('the record', cause);
  }
}

function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}

function object(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(where);
  return { ...value };
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw damaged(where);
  return value;
}

function deviceId(value: unknown): DeviceUuid {
  const id = text(value, 'uuid');
  if (!isDeviceUuid(id)) throw damaged('uuid');
  return id;
}

function uint32(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw damaged(where);
  return value;
}

function slot(value: unknown): SlotName {
  if (value !== 'a' && value !== 'b') throw damaged('activeSlot');
  return value;
}

function key(value: unknown, where: string): PublicKey {
  const found = publicKeyFromHex(text(value, where));
  if (found === undefined) throw damaged(where);
  return found;
}

function keptKey(value: unknown): KeptKey {
  const { key: hex, epoch } = object(value, 'serverKey');
  return { key: key(hex, 'serverKey.key'), epoch: uint32(epoch, 'serverKey.epoch') };
}

function counted(value: unknown): CountedDescription {
  const { digest, counter } = object(value, 'described');
  const checked = text(digest, 'described.digest');
  if (!isDigest(checked)) throw damaged('described.digest');
  return { digest: checked, counter: uint32(counter, 'described.counter') };
}

function manifest(value: unknown, where: string): FrozenManifest {
  const { digest, size, newVersion, slices } = object(value, where);
  const checked = text(digest, `${where}.digest`);
  if (!isDigest(checked)) throw damaged(`${where}.digest`);
  return {
    digest: checked,
    size: uint32(size, `${where}.size`),
    newVersion: uint32(newVersion, `${where}.newVersion`),
    ...(slices === undefined ? {} : { slices: chainHead(slices, `${where}.slices`) }),
  };
}

function chainHead(value: unknown, where: string): SliceChainHead {
  const { sliceSize, hash } = object(value, where);
  const head = parseChainHead(String(sliceSize), text(hash, `${where}.hash`));
  if (head === undefined) throw damaged(where);
  return head;
}

function damaged(where: string, cause?: unknown): UsageError {
  return new UsageError('device-state-damaged', `the device's state record is damaged at ${where}`, {
    where,
    hint: 'Bring the state directory back from a copy, or start a new device with an empty one.',
    ...(cause === undefined ? {} : { cause }),
  });
}
