import { fromHex, utf8 } from '../base/bytes.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { parseUint32 } from './manifest-fields.ts';
import type { PrivateKey, PublicKey, SignatureScheme } from './signature-scheme.ts';

/** What a device that is there says of itself on its status topic. */
export interface SaidPresence {
  readonly firmwareVersion: number;
  /** Which key of the update server it keeps (`keyId`). */
  readonly serverKey?: string | undefined;
}

/** What stands on the status topic of a device that is there. */
export interface OnlinePresence {
  readonly said: SaidPresence;
  /** The device's, where it has a key of its own, raw. */
  readonly signature: Uint8Array | undefined;
}

/**
 * Reads `online;<firmware version>`, behind which `;<key id>` (ADR 27) and `;<signature>` (ADR 29) may stand; `undefined`
 * when it is none.
 */
export function parseOnline(text: string): OnlinePresence | undefined {
  const pattern = /^online;([0-9]+)(?:;([0-9a-f]{16}))?(?:;([0-9a-f]{128}))?$/;
  const [, digits = '', serverKey, hex = ''] = pattern.exec(text) ?? [];
  const firmwareVersion = parseUint32(digits);
  if (firmwareVersion === undefined) return undefined;
  return { said: { firmwareVersion, serverKey }, signature: hex === '' ? undefined : fromHex(hex) };
}

/** It as a text: `online;<firmware version>`, and `;<key id>` behind it where the device keeps a key (ADR 27). */
export function presenceText({ firmwareVersion, serverKey }: SaidPresence): string {
  return `online;${firmwareVersion}${serverKey === undefined ? '' : `;${serverKey}`}`;
}

/**
 * A device's word for it, in a key of its own (ADR 29). It holds for ever: whoever repeats it says what was so once,
 * and a device takes no version a second time.
 */
function signedText(uuid: DeviceUuid, said: SaidPresence): Uint8Array {
  return utf8(`MUP-PRESENCE;${uuid};${presenceText(said)}`);
}

/** @throws UsageError `bad-key` */
export function signPresence(
  uuid: DeviceUuid,
  said: SaidPresence,
  key: PrivateKey,
  scheme: SignatureScheme,
): Uint8Array {
  return scheme.sign(signedText(uuid, said), key);
}

/** Whether the owner of the key has said that. */
export function presenceHolds(
  uuid: DeviceUuid,
  said: SaidPresence,
  signature: Uint8Array,
  key: PublicKey,
  scheme: SignatureScheme,
): boolean {
  return scheme.verify(signedText(uuid, said), signature, key);
}
