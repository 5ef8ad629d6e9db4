import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { NetconfConfig } from '../../base/config.ts';
import { errorCode, errorMessage, UsageError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { FileDrop } from '../file-drop.ts';
import type { HostKey, HostKeyFingerprint } from '../host-keys.ts';
import { LoginThrottle } from '../login-throttle.ts';
import type { SessionHandle, SessionPort } from '../session-port.ts';
import { UploadBudget } from '../upload.ts';
import type { Authenticator } from '../users.ts';
import { SshConnection } from './ssh-connection.ts';
import { algorithms, SshServer } from './ssh2.ts';

/** What the transport needs of the NETCONF server: `NetconfServer`. */
export interface SessionOpener {
  openSession(client: {
    readonly username: string;
    readonly sourceHost: string;
    readonly port: SessionPort;
  }): SessionHandle;
}

export interface SshServerOptions {
  readonly server: SessionOpener;
  readonly hostKeys: readonly HostKey[];
  readonly authenticator: Authenticator;
  /** Where files sent by SFTP go; without it there is no SFTP. */
  readonly fileDrop?: FileDrop;
  readonly config: NetconfConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunningSshServer {
  readonly port: number;
  readonly fingerprints: readonly HostKeyFingerprint[];
  /** Connections there are now. */
  readonly connections: number;
  /** Ends the connections of a user, with their sessions. */
  disconnect(username: string): void;
  /** Takes no new connections, ends all sessions, and resolves when the last connection is closed. */
  close(): Promise<void>;
}

/** Octets of all SFTP uploads that are under way. */
const uploadBytes = 64 * 1024 * 1024;
/** A client that answers nothing for this long, four times in a row, is gone. */
const keepaliveMs = 15_000;
const keepaliveCount = 3;

/**
 * Serves NETCONF over SSH (RFC 6242) and SFTP for images on one port. Everything else that SSH can do is
 * refused.
 * @throws UsageError `netconf-port-in-use`, `netconf-listen-failed` when the address cannot be listened on
 */
export async function startSshServer(options: SshServerOptions): Promise<RunningSshServer> {
  const { config, hostKeys, logger } = options;
  const shared = { options, throttle: new LoginThrottle(), uploads: new UploadBudget(uploadBytes) };
  const connections = new Map<string, SshConnection>();
  const ssh = new SshServer({
    hostKeys: hostKeys.map(({ privatePem }) => privatePem),
    algorithms,
    ident: 'mup-bridge',
    keepaliveInterval: keepaliveMs,
    keepaliveCountMax: keepaliveCount,
  });
  ssh.on('connection', (client, { ip, port }) => {
    client.on('error', () => {});
    const connection = connections.get(`${ip}|${port}`);
    if (connection === undefined) client.end();
    else connection.attach(client);
  });

  const accept = (socket: Socket): void => {
    socket.on('error', () => {});
    if (!makeRoom(connections, config.maxConnections, logger)) {
      socket.destroy();
      return;
    }
    ssh.injectSocket(socket);
    const key = `${socket.remoteAddress}|${socket.remotePort}`;
    connections.set(key, new SshConnection(socket, shared));
    socket.once('close', () => connections.delete(key));
  };
  const listener = createServer({ noDelay: true }, accept);
  const port = await listen(listener, config);
  return {
    port,
    fingerprints: hostKeys.map(({ type, fingerprint }) => ({ type, sha256: fingerprint })),
    get connections() {
      return connections.size;
    },
    disconnect(username) {
      for (const connection of connections.values()) if (connection.username === username) connection.close();
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const connection of connections.values()) connection.close();
      }),
  };
}

/**
 * Keeps to the cap on connections. When it is reached, the connection that has tried to log in for the
 * longest gives way: a flood of connections that never log in keeps nobody out.
 */
function makeRoom(connections: Map<string, SshConnection>, most: number, logger: Logger): boolean {
  if (connections.size < most) return true;
  for (const [key, connection] of connections) {
    if (connection.loggedIn) continue;
    logger.debug('too many connections: one that has not logged in gives way');
    connections.delete(key);
    connection.destroy();
    return true;
  }
  logger.warn('too many connections: one more is refused', { most });
  return false;
}

function listen(listener: Server, { host, port }: NetconfConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    listener.once('error', (error) => reject(cannotListen(error, host, port)));
    listener.listen(port, host, () => {
      listener.removeAllListeners('error');
      // Running out of file descriptors is survived: the client tries again.
      listener.on('error', () => {});
      const address = listener.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function cannotListen(error: unknown, host: string, port: number): UsageError {
  const hints: Record<string, string> = {
    EADDRINUSE: 'Another program uses this port; set netconf.port to another one.',
    EACCES: 'Ports below 1024 need a privilege; set netconf.port to a higher one.',
    EADDRNOTAVAIL: 'netconf.host is not an address of this machine.',
  };
  const hint = hints[errorCode(error) ?? ''];
  const code = errorCode(error) === 'EADDRINUSE' ? 'netconf-port-in-use' : 'netconf-listen-failed';
  return new UsageError(code, `cannot serve NETCONF: ${errorMessage(error)}`, {
    where: `${host}:${port}`,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
