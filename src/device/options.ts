import type { RunningSha256 } from '../base/adapters/node-runtime.ts';
import type { Clock } from '../base/clock.ts';
import type { DeviceDescription } from '../base/description.ts';
import type { Digest } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { RandomBytes } from '../base/random.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import type { PrivateKey, PublicKey, SignatureScheme } from '../mup/signature-scheme.ts';
import type { Behaviour } from './behaviour.ts';
import type { RegistrationLimits } from './registration.ts';
import type { DeviceStore } from './store.ts';
import type { ReceiverLimits } from './update-receiver.ts';

/** All durations of a device, milliseconds. */
export type DeviceLimits = RegistrationLimits & ReceiverLimits;

export const defaultDeviceLimits: DeviceLimits = {
  answerTimeoutMs: 10_000,
  maxAnswerTimeoutMs: 120_000,
  refusedRetryMs: 600_000,
  transferDeadlineMs: 86_400_000,
  idleDeadlineMs: 600_000,
};

/** What a device agent works with from outside itself. */
export interface DeviceDeps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly scheme: SignatureScheme;
  readonly startSha256: () => RunningSha256;
}

export interface DeviceAgentOptions {
  /** The description as it is published, `%s` and all. */
  readonly descriptionBytes: Uint8Array;
  /** The same description, read, for this device. */
  readonly description: DeviceDescription;
  /** Connected with `presenceWill`. The agent closes it. */
  readonly transport: MqttTransport;
  /** The agent closes it. */
  readonly store: DeviceStore;
  readonly appId: string;
  /** Version of the firmware that a new device runs; one that was updated keeps its own. */
  readonly firmwareVersion: number;
  /** Octets of the largest image. */
  readonly slotBytes: number;
  readonly vendorKey?: PublicKey;
  /** Whether a device without a vendor key trusts the first update server's key (mup-protocol §1). */
  readonly trustFirstKey: boolean;
  /** 0: no telemetry. */
  readonly telemetryIntervalMs: number;
  /** Octets of description in one piece. */
  readonly pieceBytes: number;
  /** The device's own key, with which it signs its description (ADR 29). */
  readonly signKey?: PrivateKey;
  /** Digest of the description's template, to announce it before the description. */
  readonly announceDigest?: Digest;
  /** What generic operations do. */
  readonly behaviour?: Behaviour;
  readonly limits?: Partial<DeviceLimits>;
  readonly deps: DeviceDeps;
}
