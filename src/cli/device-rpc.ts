import type { FieldRole, OperationRole } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import type { DeviceToken, ExtendedManifest } from '../mup/manifest.ts';
import { manifestValues } from '../mup/manifest-values.ts';
import { parseToken } from '../mup/token.ts';
import { type VendorKeyStatement, vendorKeyValues } from '../mup/vendor-key.ts';
import { childElements, element, textOf, type XmlElement } from '../xml/element.ts';
import { retvalName, uuidInputName } from '../yang/identifiers.ts';
import type { DeviceEntry, UpdateOperation } from './device-entry.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

/** Step 1: the RPC that asks a device for its token. */
export function tokenRpc(device: DeviceEntry): XmlElement {
  return rpc(device, operation(device, 'token'), []);
}

/**
 * Step 2: the token in the reply to {@link tokenRpc}.
 * @throws PeerError `bad-reply`, `bad-token`
 */
export function tokenOf(device: DeviceEntry, reply: XmlElement): DeviceToken {
  const { leaves } = operation(device, 'token');
  const text = (role: FieldRole): string | undefined => leafText(reply, leaves.get(role));
  const nonce = text('nonce');
  const version = text('firmwareVersion');
  if (nonce === undefined || version === undefined)
    throw new PeerError('bad-reply', 'the reply to the token request lacks the nonce or the version');
  return parseToken({ uuid: text('deviceUuid') ?? device.uuid, nonce, version }, device.profile);
}

/** Steps 3 and 4: the RPC that sends the doubly signed manifest. */
export function manifestRpc(device: DeviceEntry, manifest: ExtendedManifest): XmlElement {
  return filledRpc(device, 'manifest', manifestValues(manifest));
}

/**
 * Steps 5 and 6: the RPC that has the bridge send an image it holds, named by its digest; where the device has no
 * field for that, by an empty image, which stands for the one that the device accepted.
 */
export function firmwareRpc(device: DeviceEntry, digest: string): XmlElement {
  const firmware = operation(device, 'firmware');
  const named = firmware.leaves.get('imageDigest');
  const carried = firmware.leaves.get('image');
  if (named !== undefined) return rpc(device, firmware, [[named, digest]]);
  if (carried !== undefined) return rpc(device, firmware, [[carried, '']]);
  throw notUpdatable(device, `${firmware.rpc} has no field for the image or its digest`);
}

/** The RPC that hands a device its vendor's next key. */
export function vendorKeyRpc(device: DeviceEntry, statement: VendorKeyStatement): XmlElement {
  return filledRpc(device, 'vendor-key', vendorKeyValues(statement));
}

/** The state in a device's reply, where its messages have one. */
export function stateIn(reply: XmlElement): string | undefined {
  return leafText(reply, retvalName);
}

/** The namespace of a generated module (design: Names). */
function namespaceOf({ module }: DeviceEntry): string {
  return `urn:mup:yang:${module}`;
}

/** The RPC with that role, its leaves filled by what they mean. */
function filledRpc(
  device: DeviceEntry,
  role: OperationRole,
  values: Partial<Record<FieldRole, string>>,
): XmlElement {
  const found = operation(device, role);
  const filled = [...found.leaves].flatMap(([field, leaf]) => {
    const value = values[field];
    return value === undefined ? [] : [[leaf, value] as const];
  });
  return rpc(device, found, filled);
}

function rpc(
  device: DeviceEntry,
  { rpc: name }: UpdateOperation,
  values: readonly (readonly [leaf: string, value: string])[],
): XmlElement {
  const namespace = namespaceOf(device);
  return element(namespace, name, [
    element(namespace, uuidInputName, device.uuid),
    ...values.map(([leaf, value]) => element(namespace, leaf, value)),
  ]);
}

/** Looks in sub-structures too. */
function leafText(parent: XmlElement, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  for (const child of childElements(parent)) {
    const text = child.name === name ? textOf(child).trim() : leafText(child, name);
    if (text !== undefined) return text;
  }
  return undefined;
}

function operation(device: DeviceEntry, role: OperationRole): UpdateOperation {
  const found = device.operations.get(role);
  if (found === undefined) throw notUpdatable(device, `it describes no ${role} operation`);
  return found;
}

function notUpdatable({ uuid }: DeviceEntry, why: string): CommandError {
  return new CommandError(
    exitCodes.refused,
    'not-updatable',
    `the firmware of device ${uuid} cannot be updated: ${why}`,
  );
}
