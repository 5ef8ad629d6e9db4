import { toHex, utf8 } from '../base/bytes.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { statusTopic } from '../mqtt/topics.ts';
import type { Qos } from '../mqtt/transport.ts';
import { keyId } from '../mup/key-id.ts';
import type { PublicKey } from '../mup/signature-scheme.ts';

/** A message that the broker publishes when a connection ends without DISCONNECT. */
export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
}

/** Presence of a device that is gone (mup-protocol §1). */
export const offlinePresence = utf8('offline');

/**
 * Presence of a device that runs firmware `version` (mup-protocol §1) and, where it keeps a key of the update server,
 * which one (ADR 27), and, where it has a key of its own, its signature (ADR 29).
 */
export function onlinePresence(version: number, serverKey?: PublicKey, signature?: Uint8Array): Uint8Array {
  const parts = [
    'online',
    version,
    ...(serverKey === undefined ? [] : [keyId(serverKey)]),
    ...(signature === undefined ? [] : [toHex(signature)]),
  ];
  return utf8(parts.join(';'));
}

/** The will with which a device's connection is made, so that its loss is seen (mup-protocol §1). */
export function presenceWill(uuid: DeviceUuid): Will {
  return { topic: statusTopic(uuid), payload: offlinePresence, qos: 1, retain: true };
}
