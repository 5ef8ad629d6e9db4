import { toBase64 } from '../base/base64.ts';

/** The kinds of host keys we have, named as OpenSSH names them in file names. */
export const hostKeyKinds = ['ed25519', 'ecdsa', 'rsa'] as const;
export type HostKeyKind = (typeof hostKeyKinds)[number];

/** A key by which the server proves who it is (RFC 4253 §6.6). */
export interface HostKey {
  readonly type: 'ssh-ed25519' | 'ecdsa-sha2-nistp256' | 'ssh-rsa';
  /** PEM: OpenSSH's own format (ed25519), SEC 1 (ecdsa) or PKCS#1 (rsa). Secret. */
  readonly privatePem: string;
  /** As {@link formatFingerprint} writes it. */
  readonly fingerprint: string;
}

/** What people compare: a host key's type and fingerprint. */
export interface HostKeyFingerprint {
  readonly type: string;
  readonly sha256: string;
}

/** The fingerprint of a public key as OpenSSH shows it: `SHA256:` and base64 without padding. */
export function formatFingerprint(sha256: Uint8Array): string {
  return `SHA256:${toBase64(sha256).replace(/=+$/, '')}`;
}

/** Whether a text has the form of {@link formatFingerprint}. */
export function isFingerprint(text: string): boolean {
  return /^SHA256:[A-Za-z0-9+/]{43}$/.test(text);
}
