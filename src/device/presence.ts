import { toHex, utf8 } from '../base/bytes.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { statusTopic } from '../mqtt/topics.ts';
import type { Qos } from '../mqtt/transport.ts';
import { presenceText, type SaidPresence } from '../mup/signed-presence.ts';

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
 * Presence of a device that is there (mup-protocol §1) and, where it has a key of its own, its signature (ADR 29).
 */
export function onlinePresence(said: SaidPresence, signature?: Uint8Array): Uint8Array {
  return utf8(signature === undefined ? presenceText(said) : `${presenceText(said)};${toHex(signature)}`);
}

/** The will with which a device's connection is made, so that its loss is seen (mup-protocol §1). */
export function presenceWill(uuid: DeviceUuid): Will {
  return { topic: statusTopic(uuid), payload: offlinePresence, qos: 1, retain: true };
}
