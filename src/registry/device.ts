import type { DeviceUuid, Digest } from '../base/ids.ts';

/** What the bridge last heard of a device's connection. */
export type Presence = 'online' | 'offline' | 'unknown';

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
  /** An operator has brought its description: what the device says of itself is not taken. */
  readonly installed?: true;
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
