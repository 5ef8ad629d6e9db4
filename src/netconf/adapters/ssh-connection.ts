import type { Socket } from 'node:net';
import type { Cancel } from '../../base/clock.ts';
import { errorMessage } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { TaskLimit } from '../../base/task-limit.ts';
import type { UploadBudget } from '../sftp/upload.ts';
import type { LoginThrottle } from '../users/login-throttle.ts';
import { KeyExchanges, type RekeyLimits } from './key-exchanges.ts';
import { SshLogin } from './ssh-login.ts';
import type { SshServerOptions } from './ssh-server.ts';
import { openerOf, type ServedChannel, type ServedWith } from './ssh-subsystems.ts';
import { type Connection, packetBytes, type ServerChannel, type Session } from './ssh2.ts';

/** What the connections of a server share. */
export interface SharedState {
  readonly options: SshServerOptions;
  readonly throttle: LoginThrottle;
  readonly passwordTurns: TaskLimit;
  readonly uploads: UploadBudget;
  readonly rekey: RekeyLimits;
  /** Connections that serve a user. */
  connectionsOf(username: string): number;
}

/** Octets for a client that does not read over which we do not read from it either. */
const maxUnsentBytes = 4 * 1024 * 1024;
/** Twice the window that ssh2 announces for a channel: a client that sends more ignores it. */
const maxUnreadBytes = 4 * 1024 * 1024;
/** Channels that a connection may open and close without a subsystem: ssh2 keeps something of each to its end. */
const maxUnusedChannels = 1000;
/** Each packet costs as much as a small reply; clients take 16 KiB and more in one. */
const minPacketBytes = 1024;
/** How long a client may take to close a connection that we have ended. */
const closeMs = 2000;
/** How long the sessions of a connection that we end may take to flush what they have. */
const flushMs = 1000;

/** One TCP connection from a client, from its first octet to its last. */
export class SshConnection {
  readonly #socket: Socket;
  readonly #shared: SharedState;
  readonly #logger: Logger;
  readonly #sourceHost: string;
  readonly #onLogin: () => void;
  readonly #timers: Cancel[] = [];
  /** What is served, with the channel it is served on. */
  readonly #served = new Map<ServedChannel, ServerChannel>();
  #sessions = 0;
  #unusedChannels = 0;
  #client: Connection | undefined;
  #exchanges: KeyExchanges | undefined;
  #closing = false;
  #login: SshLogin | undefined;
  #username: string | undefined;

  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;

  /** @param onLogin a user has logged in */
  constructor(socket: Socket, shared: SharedState, onLogin: () => void) {
    this.#socket = socket;
    this.#shared = shared;
    this.#onLogin = onLogin;
    this.#sourceHost = socket.remoteAddress ?? 'unknown';
    this.#logger = shared.options.logger.child({ sourceHost: this.#sourceHost });
    socket.on('drain', () => socket.resume());
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#closed();
        resolve();
      });
    });
    this.#timers.push(
      shared.options.clock.schedule(shared.options.config.loginTimeoutMs, () => this.#checkLogin()),
    );
  }

  get loggedIn(): boolean {
    return this.#username !== undefined;
  }

  /** Whether this user has logged in, and the connection is not being ended. */
  serves(username: string): boolean {
    return this.#username === username && !this.#closing;
  }

  /** The client has sent its identification: SSH begins. */
  attach(client: Connection): void {
    const { authenticator, clock, config } = this.#shared.options;
    this.#client = client;
    const exchanges = new KeyExchanges({
      client,
      socket: this.#socket,
      limits: this.#shared.rekey,
      clock,
      logger: this.#logger,
      cut: () => this.destroy(),
    });
    this.#exchanges = exchanges;
    // After ssh2, which listens since before, has dealt with the octets.
    this.#socket.on('data', () => this.#checkPressure());
    const login = new SshLogin({
      authenticator,
      throttle: this.#shared.throttle,
      passwordTurns: this.#shared.passwordTurns,
      maxAttempts: config.maxAuthAttempts,
      sourceHost: this.#sourceHost,
      clock,
      logger: this.#logger,
      onLogin: this.#shared.options.onLogin,
      giveUp: () => this.#disconnect(),
    });
    this.#login = login;
    let username = '';
    // Clients such as ncclient reset the connection when they are done.
    client.on('error', (error: unknown) => this.#failed(error));
    client.on('authentication', (context) => {
      username = context.username;
      login.handle(context);
    });
    client.on('ready', () => this.#ready(username));
    client.on('session', (accept, reject) => this.#session(accept, reject, exchanges));
  }

  /** Ends all sessions, then the connection; cuts it when the client does not go along. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    for (const served of this.#served.keys()) served.end();
    // What the channels flush, and their exit status, comes before the disconnect message.
    if (this.#served.size === 0) this.#disconnect();
    else this.#timers.push(this.#shared.options.clock.schedule(flushMs, () => this.#disconnect()));
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  #disconnect(): void {
    if (this.#client === undefined) this.destroy();
    else this.#client.end();
    this.#timers.push(this.#shared.options.clock.schedule(closeMs, () => this.destroy()));
  }

  #checkLogin(): void {
    if (this.loggedIn) return;
    this.#logger.info('connection closed: nobody logged in in time');
    this.destroy();
  }

  #ready(username: string): void {
    this.#username = username;
    this.#login?.succeeded(username);
    this.#logger.info('user logged in', { username });
    const most = this.#shared.options.config.maxSessionsPerUser;
    if (this.#shared.connectionsOf(username) > most) {
      // Connections are for all users, and one without a session costs as much as others.
      this.#logger.warn('connection closed: the user has too many', { username, most });
      this.close();
    } else this.#onLogin();
  }

  #session(accept: () => Session, reject: () => void, exchanges: KeyExchanges): void {
    if (this.#closing || this.#sessions >= this.#shared.options.config.maxSessionsPerUser) {
      reject();
      return;
    }
    this.#sessions += 1;
    const session = accept();
    let served: ServedChannel | undefined;
    // ssh2 says it once more where a client closes a channel twice that it never used.
    session.once('close', () => {
      this.#sessions -= 1;
      if (served === undefined) this.#countUnused();
      served?.gone();
      if (served !== undefined) this.#served.delete(served);
      if (this.#closing && this.#served.size === 0) this.#disconnect();
    });
    session.on('subsystem', (acceptSubsystem, rejectSubsystem, { name }) => {
      // One a channel (RFC 4254 §6.5): ssh2 has nothing to accept a second one with.
      const open =
        served === undefined
          ? openerOf(name, this.#servedWith(exchanges), [...this.#served.keys()])
          : undefined;
      if (open === undefined) {
        // ssh2 gives no `reject` when the client wants no reply.
        rejectSubsystem?.();
        return;
      }
      const channel = acceptSubsystem();
      if (packetBytes(channel) < minPacketBytes) {
        this.#logger.warn('connection cut: the client takes hardly anything in one packet');
        this.destroy();
        return;
      }
      served = open(channel);
      this.#served.set(served, channel);
    });
  }

  #countUnused(): void {
    this.#unusedChannels += 1;
    if (this.#unusedChannels <= maxUnusedChannels) return;
    this.#logger.warn('connection cut: the client opens channels and closes them without a use');
    this.destroy();
  }

  #servedWith(exchanges: KeyExchanges): ServedWith {
    const username = this.#username ?? '';
    const { options, uploads } = this.#shared;
    const sourceHost = this.#sourceHost;
    return { options, uploads, exchanges, socket: this.#socket, username, sourceHost, logger: this.#logger };
  }

  /** ssh2 neither stops reading while the client does not read, nor minds a client that ignores windows. */
  #checkPressure(): void {
    this.#exchanges?.check();
    if (this.#socket.writableLength > maxUnsentBytes) this.#socket.pause();
    for (const channel of this.#served.values())
      if (channel.readableLength > maxUnreadBytes) {
        this.#logger.warn('connection cut: the client ignores the window of a channel');
        this.destroy();
      }
  }

  #failed(error: unknown): void {
    this.#logger.debug('SSH connection failed', { reason: errorMessage(error) });
    this.#timers.push(this.#shared.options.clock.schedule(closeMs, () => this.destroy()));
  }

  #closed(): void {
    for (const cancel of this.#timers) cancel();
    this.#login?.end();
    this.#exchanges?.close();
    for (const served of this.#served.keys()) served.gone();
    this.#served.clear();
    if (this.#username !== undefined) this.#logger.info('user disconnected', { username: this.#username });
  }
}
