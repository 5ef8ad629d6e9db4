import type { DeviceUuid, Digest } from '../base/ids.ts';

/** What the bridge last heard of a device's connection. */
export type Presence = 'online' | 'offline' | 'unknown';

/** Who signs what a device says of itself (ADR 29). */
export interface DescriptionSigner {
  /** The device's own key, or the vendors that the operator trusts. */
  readonly by: 'vendor' | 'device';
  /** Of the last description, lower-case hex. */
  readonly key: string;
  /** Of the last description. */
  readonly counter: number;
}

/** A device that registered. */
export interface Device {
  readonly uuid: DeviceUuid;
  /** Digest of its description, the UUID abstracted. */
  readonly description: Digest;
  /** Name of its YANG module; absent while the device is pending: nobody has accepted it. */
  readonly module?: string;
  /** Milliseconds since the epoch, as the other times. */
  readonly registeredAt: number;
  readonly presence: Presence;
  readonly lastSeen: number;
  readonly firmwareVersion?: number;
  /** Which key of the update server it keeps (`keyId`), as it said itself or an accepted manifest has shown. */
  readonly serverKey?: string;
  /** An operator has brought its description: what the device says of itself is not taken. */
  readonly installed?: true;
  /** Nobody else describes it. Absent: its first description was not signed. */
  readonly signer?: DescriptionSigner;
}

/**
 * Whether a device came, went, or reported another version of its firmware. After a restart every device is
 * unknown first: that it is there as before is no news.
 */
export function presenceChanged(before: Device, device: Device): boolean {
  if (before.firmwareVersion !== device.firmwareVersion) return true;
  const expected = before.presence === 'unknown' && device.presence === 'online';
  return !expected && before.presence !== device.presence;
}
