import { fromHex } from '../base/bytes.ts';
import { PeerError, UsageError } from '../base/errors.ts';

declare const brand: unique symbol;

/** A public key of secp256r1: raw x‖y, 64 octets, without the leading 0x04 of SEC 1. */
export type PublicKey = Uint8Array & { readonly [brand]: 'PublicKey' };

/** A private key of secp256r1: the scalar, 32 octets big-endian. Never logged. */
export type PrivateKey = Uint8Array & { readonly [brand]: 'PrivateKey' };

/** Octets of a raw public key, x‖y. */
export const publicKeyBytes = 64;
/** Octets of a private key. */
export const privateKeyBytes = 32;
/** Octets of a raw signature, r‖s. */
export const signatureBytes = 64;

/** Signature suite `1`, ES256: ECDSA on secp256r1 over SHA-256, raw r‖s (mup-protocol, introduction). */
export interface SignatureScheme {
  /**
   * Signs a message, which the scheme hashes itself.
   * @throws UsageError `bad-key` when the key is no private key of the curve
   */
  sign(message: Uint8Array, key: PrivateKey): Uint8Array;
  /**
   * Whether the signature is the key's over the message. Any `s` is accepted (devices do not normalise);
   * a malformed key or signature is `false`, never an exception.
   */
  verify(message: Uint8Array, signature: Uint8Array, key: PublicKey): boolean;
  /** @throws UsageError `bad-key` when the key is no private key of the curve */
  publicKeyOf(key: PrivateKey): PublicKey;
  /** A new random private key. */
  generate(): PrivateKey;
}

/** A signature that does not hold. The code says which: `inner-signature-invalid`, … */
export class SignatureError extends PeerError {}

/**
 * Marks octets as a public key after checking their number; whether they are a point of the curve shows
 * when they are used.
 * @throws UsageError `bad-key`
 */
export function publicKey(bytes: Uint8Array): PublicKey {
  if (bytes.length === publicKeyBytes) return bytes as PublicKey;
  throw new UsageError('bad-key', `a public key has ${publicKeyBytes} octets, not ${bytes.length}`);
}

/**
 * Marks octets as a private key after checking their number.
 * @throws UsageError `bad-key`
 */
export function privateKey(bytes: Uint8Array): PrivateKey {
  if (bytes.length === privateKeyBytes) return bytes as PrivateKey;
  throw new UsageError('bad-key', `a private key has ${privateKeyBytes} octets, not ${bytes.length}`);
}

/** The public key that hex stands for, or `undefined`. */
export function publicKeyFromHex(hex: string): PublicKey | undefined {
  const bytes = fromHex(hex);
  return bytes?.length === publicKeyBytes ? publicKey(bytes) : undefined;
}
