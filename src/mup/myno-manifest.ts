import { fromHex, toHex } from '../base/bytes.ts';
import type { FieldRole } from '../base/description.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { ExtendedManifest } from './manifest.ts';
import { badField, checkUnsignedManifest, parseUint32 } from './manifest-fields.ts';
import { es256Suite, signatureBytes } from './suites.ts';
import { isNonce } from './token.ts';

/**
 * The manifest of the profile `myno`, as the prototype's device takes it (mup-protocol §3, “The prototype's
 * device”): field by field, each in a request of its own that is answered before the next is sent.
 */

/** What the device answers to the last part of a manifest that it accepts, and to no other. */
export const mynoManifestAccepted = 'MANIFEST-SUCCESS';

/** What the device answers to the end of an image that it holds for the signed one. */
export const mynoImageVerified = 'FIRMWARE-SUCCESS';

/**
 * What follows the method in each request, in the one order that the device takes: `<i>,<value>`, then
 * `9,START-UPDATE`. The buffers of the device overflow into each other in every other order.
 */
export function mynoManifestParts(manifest: ExtendedManifest): string[] {
  const { appId, linkOffset, digest, size, newVersion, oldVersion, nonce } = manifest;
  const { innerSignature, outerSignature } = manifest;
  const described = [appId, linkOffset, digest, size, newVersion, oldVersion];
  const parts = [...described, toHex(innerSignature), nonce, toHex(outerSignature), 'START-UPDATE'];
  return parts.map((value, i) => `${i},${value}`);
}

/**
 * Reads a manifest that a NETCONF client made, by the meaning of its values. The device checks no length and
 * no form before it copies a value: what breaks a rule is refused here.
 * @throws PeerError `bad-manifest`, `where` naming the field
 */
export function parseMynoManifest(
  values: ReadonlyMap<FieldRole, string>,
  uuid: DeviceUuid,
): ExtendedManifest {
  const number = (role: FieldRole): unknown => parseUint32(values.get(role) ?? '') ?? values.get(role);
  const unsigned = {
    suite: es256Suite,
    appId: values.get('appId'),
    linkOffset: number('linkOffset'),
    digest: values.get('imageDigest')?.toLowerCase() as Digest,
    size: number('imageSize'),
    newVersion: number('newVersion'),
    oldVersion: number('oldVersion'),
  };
  checkUnsignedManifest(unsigned);
  const nonce = values.get('nonce') ?? '';
  if (!isNonce(nonce, 'myno'))
    throw badField('nonce', values.get('nonce'), 'the nonce of the device’s token');
  return {
    ...unsigned,
    innerSignature: signature(values, 'innerSignature'),
    uuid,
    nonce,
    outerSignature: signature(values, 'outerSignature'),
  };
}

function signature(values: ReadonlyMap<FieldRole, string>, role: FieldRole): Uint8Array {
  const text = values.get(role);
  const bytes = text === undefined ? undefined : fromHex(text.toLowerCase());
  if (bytes?.length === signatureBytes) return bytes;
  throw badField(role, text, `${signatureBytes} octets in hex: r and s`);
}
