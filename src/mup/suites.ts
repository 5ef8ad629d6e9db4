/**
 * The signature suites (mup-protocol §3; ADR 26). A manifest names its suite by its code; a key belongs to one
 * suite, which a public key on the wire shows by its length. Pure data: who signs and verifies is
 * `signature-scheme`.
 */

/** What is fixed of a suite. */
export interface Suite {
  /** As manifests and descriptions name it. */
  readonly code: string;
  /** As JOSE and people name it (RFC 7518 §3.4, RFC 8032 §5.1). */
  readonly name: string;
  /** Octets of a raw public key; no two suites have the same number. */
  readonly publicKeyBytes: number;
}

/** All suites, by their codes. Private keys have 32 octets in each of them, and signatures 64. */
export const suites = {
  /** ECDSA on secp256r1 over SHA-256: public keys x‖y, signatures r‖s, both big-endian. */
  '1': { code: '1', name: 'ES256', publicKeyBytes: 64 },
  /** Pure Ed25519: public keys and signatures as RFC 8032 §5.1 encodes them. */
  '2': { code: '2', name: 'Ed25519', publicKeyBytes: 32 },
} as const satisfies Readonly<Record<string, Suite>>;

/** Code of a suite that is known here. */
export type SuiteCode = keyof typeof suites;

/** The suite of manifests, keys and devices that say nothing else. */
export const es256Suite = '1' satisfies SuiteCode;
/** Ed25519. */
export const ed25519Suite = '2' satisfies SuiteCode;

/** The codes of all suites, in their order. */
export const suiteCodes = Object.keys(suites) as readonly SuiteCode[];

/** Octets of a private key, in every suite. */
export const privateKeyBytes = 32;
/** Octets of a raw signature, in every suite. */
export const signatureBytes = 64;

/** Whether a value is the code of a suite that is known here. */
export function isSuiteCode(value: unknown): value is SuiteCode {
  return suiteCodes.some((code) => code === value);
}

/** A suite for people: `1 (ES256)`; an unknown one as it is. */
export function suiteName(code: string): string {
  return isSuiteCode(code) ? `${code} (${suites[code].name})` : code;
}

/** All suites for people: `1 (ES256) or 2 (Ed25519)`. */
export function suiteNames(codes: readonly string[] = suiteCodes, word = 'or'): string {
  return codes.map(suiteName).join(` ${word} `);
}
