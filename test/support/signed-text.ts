import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { decodeUtf8, utf8 } from '../../src/base/bytes.ts';
import type { DeviceUuid } from '../../src/base/ids.ts';
import { allSuites } from '../../src/mup/adapters/noble-curves.ts';
import type { PrivateKey } from '../../src/mup/signature-scheme.ts';
import { signDescription } from '../../src/mup/signed-description.ts';

/** A text as a device's description, signed. */
export function signedText(uuid: DeviceUuid, text: string, by: PrivateKey, counter = 1): string {
  return decodeUtf8(signDescription(uuid, utf8(text), counter, by, { scheme: allSuites, sha256 })) ?? '';
}
