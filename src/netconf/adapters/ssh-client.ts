import { Socket } from 'node:net';
import { systemClock } from '../../base/adapters/node-runtime.ts';
import type { Clock } from '../../base/clock.ts';
import { errorMessage, type MupError, PeerError, UnavailableError, UsageError } from '../../base/errors.ts';
import { element } from '../../xml/element.ts';
import type { NetconfClient, RpcOptions } from '../client.ts';
import { ClientSession } from '../client-session.ts';
import type { Hello } from '../hello.ts';
import type { HostKeyFingerprint } from '../host-keys.ts';
import { baseNamespace } from '../namespaces.ts';
import { SshReader } from '../ssh-data.ts';
import { fingerprintOf } from './host-key-files.ts';
import { putFile } from './sftp-client.ts';
import { algorithms, type ClientChannel, parseKey, SshClient } from './ssh2.ts';
import { corkThisTurn } from './turn-cork.ts';

export interface NetconfClientOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password?: string;
  /** Text of a private key file: OpenSSH's format, PKCS#1 or SEC 1. */
  readonly privateKey?: string;
  /** `SHA256:…`; the server must have exactly this key. */
  readonly hostKeyFingerprint?: string;
  /** Decides about the server's key where no fingerprint is given. */
  readonly acceptHostKey?: (key: HostKeyFingerprint) => boolean | Promise<boolean>;
  /** For the connection and login, and for each session's hello. */
  readonly connectTimeoutMs?: number;
  /** The machine's unless said otherwise. */
  readonly clock?: Clock;
}

const defaultConnectMs = 20_000;
/** How long a server may take to answer `<close-session>`. */
const closeMs = 2000;

/**
 * Connects, logs in and opens a session, base:1.1 where the server speaks it.
 * @throws UsageError `host-key-unchecked`, `bad-private-key`
 * @throws PeerError `host-key-mismatch`, `login-refused`, `netconf-refused`, `bad-hello`
 * @throws UnavailableError `netconf-unreachable`, `netconf-timeout`
 */
export async function connectNetconf(options: NetconfClientOptions): Promise<NetconfClient> {
  checkOptions(options);
  const connection = new ClientConnection(options);
  await connection.connect();
  return connection.openSession();
}

function checkOptions({ privateKey, hostKeyFingerprint, acceptHostKey }: NetconfClientOptions): void {
  if (hostKeyFingerprint === undefined && acceptHostKey === undefined)
    throw new UsageError('host-key-unchecked', "nothing says which host key is the server's", {
      hint: 'Give the fingerprint that the bridge shows when it starts.',
    });
  if (privateKey !== undefined && parseKey(privateKey)?.isPrivateKey() !== true)
    throw new UsageError('bad-private-key', 'this is not a private key that SSH can use', {
      hint: "Keys with a passphrase cannot be used; ssh-keygen's formats can.",
    });
}

/** One SSH connection and the sessions over it. */
class ClientConnection {
  readonly #options: NetconfClientOptions;
  readonly #clock: Clock;
  readonly #connectMs: number;
  readonly #client = new SshClient();
  readonly #socket = new Socket();
  #sessions = 0;
  #refusedKey: PeerError | undefined;
  #lost: string | undefined;

  constructor(options: NetconfClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#connectMs = options.connectTimeoutMs ?? defaultConnectMs;
  }

  connect(): Promise<void> {
    const { host, port, username, password, privateKey } = this.#options;
    return new Promise((resolve, reject) => {
      this.#client.on('error', (error) => {
        this.#lost = error.message;
        reject(this.#connectError(error));
      });
      this.#client.once('close', () => reject(this.#connectError(undefined)));
      this.#client.once('ready', () => resolve());
      this.#client.connect({
        sock: this.#socket.connect({ host, port, noDelay: true }),
        username,
        ...(password === undefined ? {} : { password }),
        ...(privateKey === undefined ? {} : { privateKey }),
        algorithms,
        readyTimeout: this.#connectMs,
        keepaliveInterval: 15_000,
        hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => this.#checkHostKey(key, verify),
      });
    });
  }

  async openSession(): Promise<NetconfClient> {
    this.#sessions += 1;
    try {
      const channel = await this.#openChannel();
      return await this.#startSession(channel);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  #openChannel(): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      try {
        this.#client.subsys('netconf', (error, channel) => {
          if (error === undefined || error === null) resolve(channel);
          else reject(new PeerError('netconf-refused', `the server refuses NETCONF: ${error.message}`));
        });
      } catch (error) {
        reject(new UnavailableError('netconf-closed', `the connection is gone: ${errorMessage(error)}`));
      }
    });
  }

  #startSession(channel: ClientChannel): Promise<NetconfClient> {
    return new Promise((resolve, reject) => {
      const port = {
        write: (bytes: Uint8Array) => {
          corkThisTurn(this.#socket);
          channel.write(bytes);
        },
        end: () => void channel.end(),
      };
      const cancel = this.#clock.schedule(this.#connectMs, () =>
        session.fail(new UnavailableError('netconf-timeout', 'the server sent no hello')),
      );
      const started = (hello: Hello): void => {
        cancel();
        resolve(this.#clientOf(session, hello));
      };
      const failed = (error: MupError): void => {
        cancel();
        reject(error);
      };
      const session = new ClientSession(port, this.#clock, started, failed);
      channel.on('data', (bytes: Uint8Array) => session.receive(bytes));
      channel.on('error', (error: unknown) => session.closed(errorMessage(error)));
      channel.on('close', () => session.closed(this.#lost));
      session.start();
    });
  }

  #clientOf(session: ClientSession, { sessionId = 0, capabilities }: Hello): NetconfClient {
    let closing: Promise<void> | undefined;
    return {
      sessionId,
      serverCapabilities: capabilities,
      rpc: (operation, options) => session.rpc(operation, options),
      newSession: () => this.openSession(),
      putFile: (name, content) => putFile(this.#client, name, content),
      close: () => {
        closing ??= this.#close(session);
        return closing;
      },
    };
  }

  async #close(session: ClientSession): Promise<void> {
    const options: RpcOptions = { timeoutMs: closeMs };
    // Whether the server agrees or not, the session is over.
    await session.rpc(element(baseNamespace, 'close-session'), options).catch(() => undefined);
    session.closed('the session was closed');
    this.#release();
  }

  #release(): void {
    this.#sessions -= 1;
    if (this.#sessions === 0) this.#client.end();
  }

  #checkHostKey(blob: Uint8Array, verify: (valid: boolean) => void): void {
    const { hostKeyFingerprint, acceptHostKey } = this.#options;
    const key = { type: new SshReader(blob).text() ?? '', sha256: fingerprintOf(blob) };
    const decide = (accepted: boolean): void => {
      if (!accepted) this.#refusedKey = refusedKey(key, this.#options);
      verify(accepted);
    };
    if (hostKeyFingerprint !== undefined) decide(key.sha256 === hostKeyFingerprint);
    else
      Promise.resolve(acceptHostKey?.(key) ?? false).then(decide, () => {
        decide(false);
      });
  }

  #connectError(error: { readonly message: string; readonly level?: string } | undefined): MupError {
    if (this.#refusedKey !== undefined) return this.#refusedKey;
    const where = `${this.#options.host}:${this.#options.port}`;
    switch (error?.level) {
      case 'client-authentication':
        return new PeerError('login-refused', `the server does not let ${this.#options.username} log in`, {
          where,
          hint: 'Check the user name, the password or key; `mup user list` shows the users of a bridge.',
        });
      case 'client-timeout':
        return new UnavailableError('netconf-timeout', 'the server takes too long to let us in', { where });
      default:
        return new UnavailableError(
          'netconf-unreachable',
          `the server cannot be reached: ${error?.message ?? 'it closed the connection'}`,
          { where, hint: 'Check the address and that the bridge runs.' },
        );
    }
  }
}

function refusedKey(key: HostKeyFingerprint, options: NetconfClientOptions): PeerError {
  const { host, port, hostKeyFingerprint } = options;
  return new PeerError(
    'host-key-mismatch',
    `the server's host key ${key.sha256} (${key.type}) was not accepted`,
    {
      where: `${host}:${port}`,
      hint:
        hostKeyFingerprint === undefined
          ? 'Compare it with the fingerprints that the bridge shows when it starts.'
          : `Expected was ${hostKeyFingerprint}. Either the key was replaced, or this is another server.`,
    },
  );
}
