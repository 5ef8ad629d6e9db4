import { toHex } from '../base/bytes.ts';
import type { Profile } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { isDeviceUuid } from '../base/ids.ts';
import type { RandomBytes } from '../base/random.ts';
import type { DeviceToken } from './manifest.ts';
import { clipped, parseUint32 } from './manifest-fields.ts';

/** Octets of a nonce of the profile `mup`. */
const nonceBytes = 16;

const nonceExpressions: Readonly<Record<Profile, RegExp>> = {
  mup: /^[0-9a-f]{32}$/,
  // The prototype prints an integer; 20 digits hold any 64-bit one.
  myno: /^(?:0|[1-9][0-9]{0,19})$/,
  // Native and virtual devices take no part in the update protocol.
  native: /(?!)/,
  virtual: /(?!)/,
};

/** Whether a text is a nonce: 16 octets in lower-case hex (`mup`), a decimal (`myno`). */
export function isNonce(text: string, profile: Profile): boolean {
  return nonceExpressions[profile].test(text);
}

/** A fresh nonce of the profile `mup`, as a device hands it out. */
export function createNonce(random: RandomBytes): string {
  return toHex(random(nonceBytes));
}

/** A device token as its parts come off the wire (mup-protocol §3, steps 1–2; paper Table 2). */
export interface TokenTexts {
  readonly uuid: string;
  readonly nonce: string;
  /** Version of the running firmware, decimal. */
  readonly version: string;
}

/**
 * Reads a token that a device handed out.
 * @throws PeerError `bad-token`, `where` naming the part
 */
export function parseToken(texts: TokenTexts, profile: Profile): DeviceToken {
  const version = parseUint32(texts.version);
  if (!isDeviceUuid(texts.uuid)) throw badToken('uuid', texts.uuid, 'a device UUID');
  if (!isNonce(texts.nonce, profile))
    throw badToken(
      'nonce',
      texts.nonce,
      profile === 'mup' ? '32 lower-case hex digits' : 'a decimal without leading zeros',
    );
  if (version === undefined)
    throw badToken('version', texts.version, 'an unsigned 32-bit decimal without leading zeros');
  return { uuid: texts.uuid, nonce: texts.nonce, version };
}

function badToken(part: string, value: string, expected: string): PeerError {
  return new PeerError('bad-token', `the device's token has ${JSON.stringify(clipped(value))} as ${part}`, {
    where: part,
    hint: `Expected ${expected}.`,
  });
}
