import { createHash } from 'node:crypto';
import { toHex, utf8 } from '../../../src/base/bytes.ts';
import { allSuites } from '../../../src/mup/adapters/noble-curves.ts';
import { type PrivateKey, privateKey } from '../../../src/mup/signature-scheme.ts';
import { ed25519Suite, es256Suite, type SuiteCode } from '../../../src/mup/suites.ts';

/** A key pair of the vectors. */
export interface VectorKey {
  /** The private key is the SHA-256 of this text. */
  readonly seed: string;
  readonly privateKey: PrivateKey;
  /** Raw, hex: x‖y, or the 32 octets of Ed25519. */
  readonly publicKey: string;
}

function keyOf(name: string, suite: SuiteCode = es256Suite): VectorKey {
  const seed = `mup-bridge test vectors: ${name}`;
  const secret = privateKey(new Uint8Array(createHash('sha256').update(seed).digest()), suite);
  return { seed, privateKey: secret, publicKey: toHex(allSuites.publicKeyOf(secret)) };
}

export const vendor = keyOf('vendor');
export const server = keyOf('update server');
/** The update server's key after a rotation. */
export const nextServer = keyOf('next update server');
/** A key that nobody trusts. */
export const stranger = keyOf('stranger');

/** Keys of the suite 2, Ed25519. */
export const edVendor = keyOf('vendor, Ed25519', ed25519Suite);
export const edServer = keyOf('update server, Ed25519', ed25519Suite);
export const edStranger = keyOf('stranger, Ed25519', ed25519Suite);

/** Signs a text as it stands, whatever it says: RFC 6979, low s; Ed25519: RFC 8032. Hex. */
export function signText(text: string, key: VectorKey): string {
  return toHex(allSuites.sign(utf8(text), key.privateKey));
}

/** Order of the curve's group (SEC 2 §2.4.2). */
export const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** r or s as 64 hex digits. */
export const scalarHex = (value: bigint): string => value.toString(16).padStart(64, '0');

/** The other signature of the same text and key: s replaced by n − s. */
export function otherS(signature: string): string {
  return signature.slice(0, 64) + scalarHex(order - BigInt(`0x${signature.slice(64)}`));
}

/** A hex text whose last digit is another. */
export function damaged(hex: string): string {
  return hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
}
