import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { NetconfConfig } from '../../base/config.ts';
import { errorCode, errorMessage, UsageError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { TaskLimit } from '../../base/task-limit.ts';
import type { LoginAttempt } from '../audit.ts';
import type { HostKey, HostKeyFingerprint } from '../host-keys.ts';
import type { SessionHandle, SessionPort } from '../session-port.ts';
import type { FileDrop } from '../sftp/file-drop.ts';
import { UploadBudget } from '../sftp/upload.ts';
import { LoginThrottle } from '../users/login-throttle.ts';
import type { Authenticator } from '../users/users.ts';
import { defaultRekeyLimits, type RekeyLimits } from './key-exchanges.ts';
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
  /** {@link defaultRekeyLimits} unless given. */
  readonly rekey?: RekeyLimits;
  /** Called with every login, and with every one that failed. */
  readonly onLogin?: (attempt: LoginAttempt) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunningSshServer {
  readonly port: number;
  readonly fingerprints: readonly HostKeyFingerprint[];
  /** Connections there are now. */
  readonly connections: number;
  /**
   * Serves a connection that we have made, as one that was accepted (RFC 8071 §2).
   * @param onLogin a user has logged in on it
   * @returns `undefined` over the cap on connections; the socket is closed then
   */
  adopt(socket: Socket, onLogin: () => void): ServedConnection | undefined;
  /** Ends the connections of a user, with their sessions. */
  disconnect(username: string): void;
  /** Takes no new connections, ends all sessions, and resolves when the last connection is closed. */
  close(): Promise<void>;
}

/** A connection that the server serves. */
export interface ServedConnection {
  /** Ends its sessions, then the connection. */
  close(): void;
}

/** Passwords that are checked at one time; the others wait, as long as their connections do. */
const maxPasswordChecks = 2;

/**
 * Serves NETCONF over SSH (RFC 6242) and SFTP for images on one port. Everything else that SSH can do is
 * refused.
 * @throws UsageError `netconf-port-in-use`, `netconf-listen-failed` when the address cannot be listened on
 */
export async function startSshServer(options: SshServerOptions): Promise<RunningSshServer> {
  const { config, hostKeys, logger } = options;
  const connections = new Set<SshConnection>();
  const shared = {
    options,
    throttle: new LoginThrottle(),
    passwordTurns: new TaskLimit(maxPasswordChecks),
    uploads: new UploadBudget(config.maxUploadBytes),
    rekey: options.rekey ?? defaultRekeyLimits,
    connectionsOf: (username: string) => [...connections].filter((one) => one.serves(username)).length,
  };
  /** Those that a client has made, by its address: so ssh2 names them. */
  const accepted = new Map<string, SshConnection>();
  const serve = (ssh: Ssh2Server, socket: Socket, onLogin = () => {}): SshConnection | undefined => {
    socket.on('error', () => {});
    if (!makeRoom(connections, config.maxConnections, logger)) {
      socket.destroy();
      return undefined;
    }
    ssh.injectSocket(socket);
    const connection = new SshConnection(socket, shared, onLogin);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
    return connection;
  };

  const accepting = newSsh2Server(options);
  accepting.on('connection', (client, { ip, port }) => {
    client.on('error', () => {});
    const connection = accepted.get(`${ip}|${port}`);
    if (connection === undefined) client.end();
    else connection.attach(client);
  });
  const listener = createServer({ noDelay: true }, (socket) => {
    const peer = `${socket.remoteAddress}|${socket.remotePort}`;
    const connection = serve(accepting, socket);
    if (connection === undefined) return;
    accepted.set(peer, connection);
    socket.once('close', () => accepted.delete(peer));
  });
  const port = await listen(listener, config);
  return {
    port,
    fingerprints: hostKeys.map(({ type, fingerprint }) => ({ type, sha256: fingerprint })),
    get connections() {
      return connections.size;
    },
    adopt(socket, onLogin) {
      // Two calls to one address look alike to ssh2, so each has a server of its own.
      const calling = newSsh2Server(options);
      const connection = serve(calling, socket, onLogin);
      calling.on('connection', (client) => connection?.attach(client));
      return connection;
    },
    disconnect(username) {
      for (const connection of connections) if (connection.serves(username)) connection.close();
    },
    async close() {
      const stopped = new Promise<void>((resolve) => listener.close(() => resolve()));
      const open = [...connections];
      for (const connection of open) connection.close();
      await Promise.all([stopped, ...open.map(({ closed }) => closed)]);
    },
  };
}

type Ssh2Server = InstanceType<typeof SshServer>;

function newSsh2Server({ hostKeys, config }: SshServerOptions): Ssh2Server {
  return new SshServer({
    hostKeys: hostKeys.map(({ privatePem }) => privatePem),
    algorithms,
    ident: 'mup-bridge',
    keepaliveInterval: config.keepaliveMs,
    keepaliveCountMax: config.keepaliveCount,
  });
}

/**
 * Keeps to the cap on connections. When it is reached, the connection that has tried to log in for the
 * longest gives way: a flood of connections that never log in keeps nobody out.
 */
function makeRoom(connections: Set<SshConnection>, most: number, logger: Logger): boolean {
  if (connections.size < most) return true;
  for (const connection of connections) {
    if (connection.loggedIn) continue;
    logger.debug('too many connections: one that has not logged in gives way');
    connections.delete(connection);
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
