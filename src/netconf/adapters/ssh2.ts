/** The only file that imports ssh2; the SSH server and client beside it take what they need from here. */
import ssh2, { type Algorithms, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';

export type {
  AuthContext,
  ClientChannel,
  ConnectConfig,
  Connection,
  KeyboardAuthContext,
  ParsedKey,
  PasswordAuthContext,
  PublicKeyAuthContext,
  ServerChannel,
  Session,
  SFTPWrapper,
} from 'ssh2';

export const SshServer = ssh2.Server;
export const SshClient = ssh2.Client;
export type SshClient = InstanceType<typeof ssh2.Client>;

/**
 * Whether a key exchange is under way on a connection. ssh2 tells when one has ended, and keeps to itself
 * when one begins; `test/netconf/adapters/key-exchanges.test.ts` holds that this is where it is seen.
 */
export function isExchangingKeys(client: Connection): boolean {
  const { _protocol: protocol } = client as unknown as {
    readonly _protocol?: { readonly _kexinit?: unknown };
  };
  return protocol?._kexinit !== undefined;
}

/**
 * The largest packet that the client of a channel takes, octets (RFC 4254 section 5.1). ssh2 shows it nowhere
 * else, and with 0 it writes for ever; `test/netconf/adapters/ssh-hostile.test.ts` holds that it stands here.
 */
export function packetBytes(channel: ServerChannel): number {
  const { outgoing } = channel as unknown as { readonly outgoing?: { readonly packetSize?: unknown } };
  return typeof outgoing?.packetSize === 'number' ? outgoing.packetSize : 0;
}

/** Reads a key of any form that ssh2 knows. ssh2 returns its errors, which are truthy: never forget one. */
export function parseKey(data: string | Uint8Array, passphrase?: string): ParsedKey | undefined {
  const text = typeof data === 'string' ? data : Buffer.from(data);
  const parsed: unknown = ssh2.utils.parseKey(text, passphrase);
  const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  return isKey(key) ? key : undefined;
}

function isKey(value: unknown): value is ParsedKey {
  return typeof value === 'object' && value !== null && 'getPublicSSH' in value;
}

/**
 * What both ends offer. ssh2's own lists hold what is obsolete (SHA-1, CBC) or does not work
 * (group-exchange), or blocks the event loop (group18).
 */
export const algorithms: Algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group16-sha512',
  ],
  serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes256-ctr',
    'aes192-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
};
