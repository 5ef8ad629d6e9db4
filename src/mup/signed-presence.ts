import { utf8 } from '../base/bytes.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { PrivateKey, PublicKey, SignatureScheme } from './signature-scheme.ts';

/**
 * A device's word, in a key of its own, that it runs a version of its firmware (ADR 29). It holds for ever: whoever
 * repeats it says what was so once, and a device takes no version a second time.
 */
function presenceText(uuid: DeviceUuid, version: number): Uint8Array {
  return utf8(`MUP-PRESENCE;${uuid};${version}`);
}

/** @throws UsageError `bad-key` */
export function signPresence(
  uuid: DeviceUuid,
  version: number,
  key: PrivateKey,
  scheme: SignatureScheme,
): Uint8Array {
  return scheme.sign(presenceText(uuid, version), key);
}

/** Whether the owner of the key has said that. */
export function presenceHolds(
  uuid: DeviceUuid,
  version: number,
  signature: Uint8Array,
  key: PublicKey,
  scheme: SignatureScheme,
): boolean {
  return scheme.verify(presenceText(uuid, version), signature, key);
}
