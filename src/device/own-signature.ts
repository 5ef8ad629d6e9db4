import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { PrivateKey } from '../mup/signature-scheme.ts';
import { signDescription } from '../mup/signed-description.ts';
import type { Firmware } from './firmware.ts';
import type { DeviceDeps } from './options.ts';

export interface OwnSignatureOptions {
  readonly uuid: DeviceUuid;
  /** The device's own key; none: its descriptions go out as they are. */
  readonly signKey: PrivateKey | undefined;
  /** The description that the device was given, whole. */
  readonly description: Uint8Array;
  readonly firmware: Pick<Firmware, 'countDescription'>;
  readonly deps: Pick<DeviceDeps, 'scheme' | 'startSha256'>;
}

/**
 * What a device sends of its description, or of the digest of it: signed with its own key, where it has one
 * (ADR 29). The counter grows whenever the device has another description, and is kept before it is used.
 * @throws what the device's store throws
 */
export async function signedByDevice(octets: Uint8Array, options: OwnSignatureOptions): Promise<Uint8Array> {
  const { uuid, signKey, description, firmware, deps } = options;
  if (signKey === undefined) return octets;
  const sha256 = (bytes: Uint8Array): Digest => {
    const hash = deps.startSha256();
    hash.update(bytes);
    return hash.digest();
  };
  const counter = await firmware.countDescription(sha256(description));
  return signDescription(uuid, octets, counter, signKey, { scheme: deps.scheme, sha256 });
}
