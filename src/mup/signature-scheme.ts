import { fromHex } from '../base/bytes.ts';
import { InternalError, PeerError, UsageError } from '../base/errors.ts';
import { privateKeyBytes, type SuiteCode, suiteCodes, suiteName, suites } from './suites.ts';

declare const brand: unique symbol;

/**
 * A raw public key, as it goes over the wire. Its suite is that whose keys have as many octets
 * ({@link suiteOf}): 64 of x‖y, without the leading 0x04 of SEC 1 (ES256), or 32 (Ed25519).
 */
export type PublicKey = Uint8Array & { readonly [brand]: 'PublicKey' };

/** A private key, which is good for one suite. Never logged. */
export interface PrivateKey {
  readonly suite: SuiteCode;
  /** 32 octets: the scalar, big-endian (ES256), or the seed of RFC 8032 §5.1.5 (Ed25519). */
  readonly secret: Uint8Array;
}

/** Signs and verifies in every suite that it knows: the key says in which. */
export interface SignatureScheme {
  /**
   * Signs a message, which the scheme hashes itself.
   * @returns 64 octets
   * @throws UsageError `bad-key` when the key is no private key of its suite, or of a suite that this one does
   *   not know
   */
  sign(message: Uint8Array, key: PrivateKey): Uint8Array;
  /**
   * Whether the signature is the key's over the message. ES256: any `s` is accepted (devices do not normalise).
   * Ed25519: as RFC 8032 §5.1.7, and no key of small order. A malformed key or signature, or a key of another
   * suite, is `false`, never an exception.
   */
  verify(message: Uint8Array, signature: Uint8Array, key: PublicKey): boolean;
  /** @throws UsageError `bad-key` as {@link SignatureScheme.sign} */
  publicKeyOf(key: PrivateKey): PublicKey;
}

/** A scheme of one suite. */
export interface SuiteScheme extends SignatureScheme {
  readonly suite: SuiteCode;
  /** A new random private key. */
  generate(): PrivateKey;
}

/** A signature that does not hold. The code says which: `inner-signature-invalid`, … */
export class SignatureError extends PeerError {}

/** One scheme of all suites. */
export function schemeOf(schemes: Readonly<Record<SuiteCode, SignatureScheme>>): SignatureScheme {
  return {
    sign: (message, key) => schemes[key.suite].sign(message, key),
    verify: (message, signature, key) => schemes[suiteOf(key)].verify(message, signature, key),
    publicKeyOf: (key) => schemes[key.suite].publicKeyOf(key),
  };
}

/** The suite of a public key: that whose keys have its length. */
export function suiteOf(key: PublicKey): SuiteCode {
  const suite = suiteOfLength(key.length);
  if (suite !== undefined) return suite;
  throw new InternalError(`a public key has ${key.length} octets, which no suite has`);
}

/**
 * Marks octets as a public key after checking their number; whether they are a point of the curve shows
 * when they are used.
 * @throws UsageError `bad-key`
 */
export function publicKey(bytes: Uint8Array): PublicKey {
  if (suiteOfLength(bytes.length) !== undefined) return bytes as PublicKey;
  const lengths = suiteCodes.map(
    (code) => `${suites[code].publicKeyBytes} octets in suite ${suiteName(code)}`,
  );
  throw new UsageError('bad-key', `no public key has ${bytes.length} octets: ${lengths.join(', ')}`);
}

/**
 * Marks octets as a private key of a suite after checking their number.
 * @throws UsageError `bad-key`
 */
export function privateKey(secret: Uint8Array, suite: SuiteCode): PrivateKey {
  if (secret.length === privateKeyBytes) return { suite, secret };
  throw new UsageError('bad-key', `a private key has ${privateKeyBytes} octets, not ${secret.length}`);
}

/** The public key that hex of either case stands for, or `undefined`. */
export function publicKeyFromHex(hex: string): PublicKey | undefined {
  const bytes = fromHex(hex);
  return bytes !== undefined && suiteOfLength(bytes.length) !== undefined ? publicKey(bytes) : undefined;
}

function suiteOfLength(length: number): SuiteCode | undefined {
  return suiteCodes.find((code) => suites[code].publicKeyBytes === length);
}
