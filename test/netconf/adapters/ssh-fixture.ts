import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { systemClock } from '../../../src/base/adapters/node-runtime.ts';
import { defaultConfig, type NetconfConfig } from '../../../src/base/config.ts';
import { PeerError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { fingerprintOf } from '../../../src/netconf/adapters/host-key-files.ts';
import {
  type RunningSshServer,
  type SessionOpener,
  type SshServerOptions,
  startSshServer,
} from '../../../src/netconf/adapters/ssh-server.ts';
import { formatEd25519, type HostKey } from '../../../src/netconf/host-keys.ts';
import type { SessionHandle, SessionPort } from '../../../src/netconf/session-port.ts';
import type { FileDrop } from '../../../src/netconf/sftp/file-drop.ts';
import { sshString } from '../../../src/netconf/ssh-data.ts';
import type { Authenticator } from '../../../src/netconf/users/users.ts';

export interface TestKeyPair {
  readonly private: string;
  /** A line of `authorized_keys`. */
  readonly public: string;
}

/** An Ed25519 key pair. ssh2's own generator makes one in 256 that cannot be read. */
export function newEd25519(comment = ''): TestKeyPair {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const publicKey = Buffer.from(x ?? '', 'base64url');
  const blob = Buffer.concat([sshString('ssh-ed25519'), sshString(publicKey)]).toString('base64');
  return {
    private: formatEd25519(publicKey, Buffer.from(d ?? '', 'base64url'), Buffer.alloc(4, 7), comment),
    public: `ssh-ed25519 ${blob} ${comment}`.trim(),
  };
}

const generated = newEd25519();

/** A host key made for this run: nothing secret is kept in the repository. */
export const testHostKey: HostKey = {
  type: 'ssh-ed25519',
  privatePem: generated.private,
  fingerprint: fingerprintOf(publicBlob(generated.public)),
};

/** The blob of a line of `authorized_keys`. */
export function publicBlob(line: string): Uint8Array {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}

/** Resolves when the condition holds; checked whenever the event loop turns. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

export interface ScriptedSession {
  readonly username: string;
  readonly sourceHost: string;
  readonly port: SessionPort;
  received: Buffer;
  drains: number;
  closed: boolean;
}

/** A NETCONF server that does what the test says. */
export class ScriptedServer implements SessionOpener {
  readonly sessions: ScriptedSession[] = [];
  onOpen: (session: ScriptedSession) => void = () => {};
  onReceive: (session: ScriptedSession, bytes: Uint8Array) => void = () => {};
  onDrained: (session: ScriptedSession) => void = () => {};

  get open(): number {
    return this.sessions.filter(({ closed }) => !closed).length;
  }

  openSession(client: { username: string; sourceHost: string; port: SessionPort }): SessionHandle {
    const session: ScriptedSession = { ...client, received: Buffer.alloc(0), drains: 0, closed: false };
    this.sessions.push(session);
    this.onOpen(session);
    return {
      id: this.sessions.length,
      paused: false,
      receive: (bytes) => {
        session.received = Buffer.concat([session.received, bytes]);
        this.onReceive(session, bytes);
      },
      drained: () => {
        session.drains += 1;
        this.onDrained(session);
      },
      closed: () => {
        session.closed = true;
      },
    };
  }
}

/** `alice` with the password `wonderland` and the given keys. */
export function aliceAuthenticator(...keys: readonly Uint8Array[]): Authenticator {
  return {
    checkPassword: async (username, password) => username === 'alice' && password === 'wonderland',
    mayUseKey: async (username, blob) =>
      username === 'alice' && keys.some((key) => Buffer.compare(key, blob) === 0),
  };
}

/** Keeps files in memory; refuses those whose name begins with `bad`. */
export class MemoryDrop implements FileDrop {
  readonly files = new Map<string, Uint8Array>();
  limit = 1024 * 1024;

  async put(_username: string, name: string, content: Uint8Array): Promise<void> {
    if (name.startsWith('bad')) throw new PeerError('bad-image', 'the image does not match its manifest');
    this.files.set(name, Uint8Array.from(content));
  }

  maxBytes(name: string): number {
    return name.endsWith('.exe') ? 0 : this.limit;
  }

  async list(): Promise<{ name: string; size: number; modified: number }[]> {
    return [...this.files].map(([name, { length }]) => ({
      name,
      size: length,
      modified: Date.UTC(2026, 0, 1),
    }));
  }
}

export type TestServerOptions = Partial<Omit<SshServerOptions, 'config'>> & {
  readonly config?: Partial<NetconfConfig>;
};

/** A server on a free port of the loopback interface. */
export function startTestServer(options: TestServerOptions = {}): Promise<RunningSshServer> {
  return startSshServer({
    server: new ScriptedServer(),
    hostKeys: [testHostKey],
    authenticator: aliceAuthenticator(),
    clock: systemClock,
    logger: silentLogger,
    ...options,
    config: { ...defaultConfig.netconf, port: 0, ...options.config },
  });
}

/** A connection of ssh2's own client, logged in as alice. */
export function connectAlice(port: number, options: ssh2.ConnectConfig = {}): Promise<ssh2.Client> {
  return connectClient({ port, username: 'alice', password: 'wonderland', ...options });
}

export function connectClient(options: ssh2.ConnectConfig): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.once('close', () => reject(new PeerError('closed', 'closed before ready')));
    client.once('ready', () => resolve(client));
    client.connect({ host: '127.0.0.1', ...options });
  });
}

export function openChannel(client: ssh2.Client, subsystem = 'netconf'): Promise<ssh2.ClientChannel> {
  return new Promise((resolve, reject) =>
    client.subsys(subsystem, (error, channel) => (error ? reject(error) : resolve(channel))),
  );
}

/** A bare TCP connection. */
export function connectRaw(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => resolve(socket));
    socket.on('error', reject);
  });
}

export function closed(socket: { once(event: 'close', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

/** Runs with a directory that is gone afterwards. */
export async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'mup-test-'));
  try {
    await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
