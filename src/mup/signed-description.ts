import { concatBytes, fromHex, toHex, utf8 } from '../base/bytes.ts';
import { PeerError, UsageError } from '../base/errors.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import { isUint32, parseUint32 } from './manifest-fields.ts';
import {
  type PrivateKey,
  type PublicKey,
  publicKeyFromHex,
  SignatureError,
  type SignatureScheme,
} from './signature-scheme.ts';
import { signatureBytes } from './suites.ts';

/**
 * A description with a signature before it (ADR 29):
 *
 *     MUP-SIGNED;<counter>;<key>;<signature>;<octets>
 *
 * The octets are all that a description may be (mup-protocol §1): JSON-LD, JSON-LD packed with zlib, or
 * `sha256:<hex>`. None of them begins like that. The signature covers the octets as they are, so that it is
 * checked before anything reads them.
 */
export interface SignedDescription {
  /** Grows with each description of the device that says something else; unsigned 32-bit integer. */
  readonly counter: number;
  /** Whose signature it is: the vendor's or the device's own. */
  readonly key: PublicKey;
  readonly signature: Uint8Array;
  readonly octets: Uint8Array;
}

const magic = 'MUP-SIGNED;';
const magicBytes = utf8(magic);

/** Octets of the longest header: magic, ten digits, key and signature in hex, and what parts them. */
const maxHeaderBytes = magic.length + 10 + 2 * 64 + 2 * signatureBytes + 3;

/** Whether octets are a signed description, or mean to be one. */
export function isSignedDescription(bytes: Uint8Array): boolean {
  return magicBytes.every((byte, i) => byte === bytes[i]);
}

/**
 * The text that is signed: it is of one device, and of nothing else that these keys sign.
 * @throws UsageError `bad-counter`
 */
export function signedDescriptionText(
  uuid: DeviceUuid,
  { counter, key }: Pick<SignedDescription, 'counter' | 'key'>,
  digest: Digest,
): string {
  if (!isUint32(counter))
    throw new UsageError('bad-counter', `${counter} is no counter of a description`, {
      hint: 'A counter is an unsigned 32-bit integer, higher than that of the description before.',
    });
  return `MUP-DESCRIPTION;${uuid};${counter};${toHex(key)};${digest}`;
}

/**
 * Signs a description of a device, as its vendor or as the device.
 * @param sha256 digest of bytes, lower-case hex
 * @returns what the device sends
 * @throws UsageError `bad-counter`, `bad-key`; `already-signed`
 */
export function signDescription(
  uuid: DeviceUuid,
  octets: Uint8Array,
  counter: number,
  privateKey: PrivateKey,
  { scheme, sha256 }: { readonly scheme: SignatureScheme; readonly sha256: (bytes: Uint8Array) => Digest },
): Uint8Array {
  if (isSignedDescription(octets))
    throw new UsageError('already-signed', 'the description carries a signature already', {
      hint: 'Sign the description as it was before.',
    });
  const key = scheme.publicKeyOf(privateKey);
  const text = signedDescriptionText(uuid, { counter, key }, sha256(octets));
  const signature = scheme.sign(utf8(text), privateKey);
  return concatBytes([utf8(`${magic}${counter};${toHex(key)};${toHex(signature)};`), octets]);
}

/**
 * Takes a signed description apart; the signature is not checked.
 * @throws PeerError `bad-signature` when the header is none
 */
export function parseSignedDescription(bytes: Uint8Array): SignedDescription {
  // Only the header is text; what follows may be packed.
  const parts = decodeLatin(bytes.subarray(0, maxHeaderBytes)).split(';', 4);
  const [word = '', decimal = '', keyHex = '', signatureHex = ''] = parts;
  const header = `${word};${decimal};${keyHex};${signatureHex};`;
  const counter = parseUint32(decimal);
  const lower = header.slice(magic.length) === header.slice(magic.length).toLowerCase();
  const key = lower ? publicKeyFromHex(keyHex) : undefined;
  const signature = fromHex(signatureHex);
  const whole = `${word};` === magic && bytes[header.length - 1] === semicolon;
  if (!whole || counter === undefined || key === undefined || signature?.length !== signatureBytes)
    throw new PeerError('bad-signature', 'the header of the signed description is malformed', {
      hint: 'It reads MUP-SIGNED;<counter>;<key>;<signature>; with hex in lower case.',
    });
  return { counter, key, signature, octets: bytes.subarray(header.length) };
}

/**
 * Whether the key is one to trust, and the counter high enough, is for the caller.
 * @throws SignatureError `bad-signature` unless the key's owner signed these octets for this device
 */
export function verifySignedDescription(
  uuid: DeviceUuid,
  signed: SignedDescription,
  { scheme, sha256 }: { readonly scheme: SignatureScheme; readonly sha256: (bytes: Uint8Array) => Digest },
): void {
  const text = signedDescriptionText(uuid, signed, sha256(signed.octets));
  if (scheme.verify(utf8(text), signed.signature, signed.key)) return;
  throw new SignatureError('bad-signature', 'the signature is not that of its key over this description', {
    hint: 'Sign the very octets that are sent, for this UUID and counter.',
  });
}

const semicolon = 0x3b;

/** One character for each octet, so that lengths are those of the octets. */
function decodeLatin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
