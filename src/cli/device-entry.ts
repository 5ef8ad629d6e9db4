import {
  type FieldRole,
  fieldRoles,
  type OperationRole,
  operationRoles,
  type Profile,
  profiles,
} from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import { bridgeNamespace } from '../netconf/namespaces.ts';
import { childElement, childElements, type XmlElement } from '../xml/element.ts';
import { bridgeElement, entriesOf, getBridgeData, leafNumber, leafText } from './bridge-xml.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

/** How to call one operation of the update protocol on a device: names come from its description. */
export interface UpdateOperation {
  /** Name of the RPC. */
  readonly rpc: string;
  /** Leaf by what it means to the update protocol. */
  readonly leaves: ReadonlyMap<FieldRole, string>;
}

/** A device as `devices/device` of the module `mup-bridge` shows it. */
export interface DeviceEntry {
  readonly uuid: string;
  /** YANG module of its RPCs. */
  readonly module: string;
  readonly profile: Profile;
  readonly presence: string;
  /** As the device reports it; `undefined` where it does not. */
  readonly firmwareVersion: number | undefined;
  readonly operations: ReadonlyMap<OperationRole, UpdateOperation>;
  /** What goes on with its firmware right now. */
  readonly update: { readonly bytesSent: number; readonly bytesTotal: number } | undefined;
}

/** `<get>` of one device. */
export function getDevice(uuid: DeviceUuid): XmlElement {
  return getBridgeData(bridgeElement('devices', [bridgeElement('device', [bridgeElement('uuid', uuid)])]));
}

/** `<get>` of all devices. */
export function getDevices(): XmlElement {
  return getBridgeData(bridgeElement('devices', []));
}

/** The accepted devices in the reply to {@link getDevices}. @throws PeerError `bad-reply` */
export function devicesOf(reply: XmlElement): readonly DeviceEntry[] {
  return entriesOf(reply, 'devices', 'device')
    .filter((device) => leafText(device, 'acceptance') !== 'pending')
    .map((device) => entry(device, leafText(device, 'uuid') ?? ''));
}

/** `<get>` of one firmware image, its key alone. */
export function getImage(digest: Digest): XmlElement {
  return getBridgeData(
    bridgeElement('firmware', [bridgeElement('image', [bridgeElement('digest', digest)])]),
  );
}

/**
 * The device in the reply to {@link getDevice}, or `undefined` when it is not registered.
 * @throws CommandError `device-pending`; PeerError `bad-reply`
 */
export function deviceOf(reply: XmlElement, uuid: DeviceUuid): DeviceEntry | undefined {
  const device = entryOf(reply, 'devices', 'device', ['uuid', uuid]);
  if (device === undefined) return undefined;
  if (leafText(device, 'acceptance') === 'pending')
    throw new CommandError(
      exitCodes.deviceUnavailable,
      'device-pending',
      `nobody has accepted device ${uuid} yet`,
      { hint: 'Accept it with the RPC accept-device of mup-bridge.' },
    );
  return entry(device, uuid);
}

function entry(device: XmlElement, uuid: string): DeviceEntry {
  const module = leafText(device, 'module');
  if (module === undefined)
    throw new PeerError('bad-reply', `the bridge names no module of device ${uuid}`, { where: 'module' });
  return {
    uuid,
    module,
    profile: profiles.find((profile) => profile === leafText(device, 'profile')) ?? 'mup',
    presence: leafText(device, 'presence') ?? 'unknown',
    firmwareVersion: leafNumber(device, 'firmware-version'),
    operations: operationsOf(device),
    update: updateOf(device),
  };
}

/** Whether the reply to {@link getImage} has the image. */
export function hasImage(reply: XmlElement, digest: Digest): boolean {
  return entryOf(reply, 'firmware', 'image', ['digest', digest]) !== undefined;
}

function entryOf(
  reply: XmlElement,
  container: string,
  list: string,
  [key, value]: readonly [key: string, value: string],
): XmlElement | undefined {
  return entriesOf(reply, container, list).find((entry) => leafText(entry, key) === value);
}

function operationsOf(device: XmlElement): Map<OperationRole, UpdateOperation> {
  const operations = new Map<OperationRole, UpdateOperation>();
  for (const entry of childElements(device).filter(({ name }) => name === 'update-operation')) {
    const role = operationRoles.find((one) => one === leafText(entry, 'role'));
    const rpc = leafText(entry, 'rpc');
    if (rpc !== undefined && role !== undefined) operations.set(role, { rpc, leaves: leavesOf(entry) });
  }
  return operations;
}

function leavesOf(operation: XmlElement): Map<FieldRole, string> {
  const leaves = new Map<FieldRole, string>();
  for (const field of childElements(operation).filter(({ name }) => name === 'field')) {
    const role = fieldRoles.find((one) => one === leafText(field, 'role'));
    const name = leafText(field, 'leaf');
    if (role !== undefined && name !== undefined) leaves.set(role, name);
  }
  return leaves;
}

function updateOf(device: XmlElement): DeviceEntry['update'] {
  const update = childElement(device, bridgeNamespace, 'update');
  if (update === undefined) return undefined;
  const bytesSent = leafNumber(update, 'bytes-sent');
  const bytesTotal = leafNumber(update, 'bytes-total');
  return bytesSent === undefined || bytesTotal === undefined ? undefined : { bytesSent, bytesTotal };
}
