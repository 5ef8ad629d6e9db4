import { toHex, utf8 } from '../base/bytes.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { statusTopic } from '../mqtt/topics.ts';
import type { Qos } from '../mqtt/transport.ts';
import { keyId } from '../mup/key-id.ts';
import type { PrivateKey, SignatureScheme } from '../mup/signature-scheme.ts';
import { presenceText, signPresence } from '../mup/signed-presence.ts';
import type { DeviceRecord } from './device-record.ts';

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
 * Presence of a device that is there (mup-protocol §1): its version, which key of the update server it keeps (ADR 27) and,
 * where it has a key of its own, its signature (ADR 29).
 */
export function onlinePresence(
  uuid: DeviceUuid,
  { version, serverKey }: Pick<DeviceRecord, 'version' | 'serverKey'>,
  signKey: PrivateKey | undefined,
  scheme: SignatureScheme,
): Uint8Array {
  const said = { firmwareVersion: version, serverKey: serverKey && keyId(serverKey.key) };
  const signature = signKey && `;${toHex(signPresence(uuid, said, signKey, scheme))}`;
  return utf8(`${presenceText(said)}${signature ?? ''}`);
}

/** The will with which a device's connection is made, so that its loss is seen (mup-protocol §1). */
export function presenceWill(uuid: DeviceUuid): Will {
  return { topic: statusTopic(uuid), payload: offlinePresence, qos: 1, retain: true };
}
