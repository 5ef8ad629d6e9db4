import { toBase64 } from '../base/base64.ts';
import { concatBytes, uint32ToBytes, utf8 } from '../base/bytes.ts';
import { sshString } from './ssh-data.ts';

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

/**
 * An Ed25519 key in OpenSSH's own format (PROTOCOL.key of OpenSSH), without a passphrase.
 * @param publicKey 32 octets
 * @param seed 32 octets, the private key of RFC 8032
 * @param check 4 random octets
 */
export function formatEd25519(
  publicKey: Uint8Array,
  seed: Uint8Array,
  check: Uint8Array,
  comment: string,
): string {
  const type = sshString('ssh-ed25519');
  const secret = concatBytes([
    check,
    check,
    type,
    sshString(publicKey),
    sshString(concatBytes([seed, publicKey])),
    sshString(comment),
  ]);
  const padding = Uint8Array.from({ length: -secret.length & 7 }, (_, i) => i + 1);
  const file = concatBytes([
    utf8('openssh-key-v1\0'),
    sshString('none'),
    sshString('none'),
    sshString(''),
    uint32ToBytes(1),
    sshString(concatBytes([type, sshString(publicKey)])),
    sshString(concatBytes([secret, padding])),
  ]);
  const lines = toBase64(file).replace(/.{70}(?=.)/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
