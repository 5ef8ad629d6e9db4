import type { Clock } from '../../base/clock.ts';
import { errorMessage } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { printable } from '../../base/printable.ts';
import type { TaskLimit } from '../../base/task-limit.ts';
import type { LoginAttempt } from '../audit.ts';
import type { LoginThrottle } from '../users/login-throttle.ts';
import { type Authenticator, isUserName } from '../users/users.ts';
import { type AuthContext, type KeyboardAuthContext, type PublicKeyAuthContext, parseKey } from './ssh2.ts';

export interface SshLoginOptions {
  readonly authenticator: Authenticator;
  readonly throttle: LoginThrottle;
  /** Passwords that are checked at one time, of all connections: hashing them is dear. */
  readonly passwordTurns: TaskLimit;
  readonly maxAttempts: number;
  readonly sourceHost: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with a login, and with one that failed: a password, or the last of several keys. */
  readonly onLogin?: ((attempt: LoginAttempt) => void) | undefined;
  /** Cuts the connection: it has failed too often. */
  readonly giveUp: () => void;
}

type Method = 'publickey' | 'password' | 'keyboard-interactive';
const methods: Method[] = ['publickey', 'password', 'keyboard-interactive'];

/**
 * Requests beside the failed attempts: `none`, a key that is asked for before it is used, prompts that are
 * not answered. More than this only keep the server, and its log, busy.
 */
const spareRequests = 16;

/** The login of one SSH connection (RFC 4252, 4256): as many attempts as allowed, each failure slower. */
export class SshLogin {
  readonly #options: SshLoginOptions;
  #attempts = 0;
  #requests = 0;
  #over = false;
  /** How the client has tried last. */
  #method = 'none';

  constructor(options: SshLoginOptions) {
    this.#options = options;
  }

  /** Decides one request. ssh2 refuses to change the user's name within a connection. */
  handle(context: AuthContext): void {
    if (this.#over) return;
    this.#requests += 1;
    if (this.#requests > this.#options.maxAttempts + spareRequests) {
      this.#over = true;
      this.#options.logger.warn('login given up: too many requests', { requests: this.#requests });
      this.#options.giveUp();
      return;
    }
    this.#method = context.method;
    switch (context.method) {
      case 'publickey':
        this.#decide(context, this.#checkKey(context));
        return;
      case 'password':
        this.#decide(context, this.#checkPassword(context, context.password));
        return;
      case 'keyboard-interactive':
        this.#ask(context);
        return;
      default:
        // `none` asks which methods there are and is no attempt (RFC 4252 §5.2).
        context.reject(methods);
    }
  }

  /** The connection has ended: nothing is answered any more. */
  end(): void {
    this.#over = true;
  }

  /** Somebody has logged in. */
  succeeded(username: string): void {
    this.#over = true;
    this.#options.throttle.succeeded(this.#options.sourceHost);
    this.#tell(username, true);
  }

  #tell(username: string, allowed: boolean): void {
    const { onLogin, sourceHost } = this.#options;
    onLogin?.({ username, sourceHost, method: this.#method, allowed });
  }

  #ask(context: KeyboardAuthContext): void {
    context.prompt([{ prompt: 'Password: ', echo: false }], (answers: unknown) => {
      // An error instead of answers: the client has begun another request.
      const answer: unknown = Array.isArray(answers) ? answers[0] : undefined;
      if (typeof answer === 'string') this.#decide(context, this.#checkPassword(context, answer));
      else this.#fail(context);
    });
  }

  #decide(context: AuthContext, verdict: Promise<boolean>): void {
    verdict
      .catch((error: unknown) => {
        this.#options.logger.warn('a login could not be checked', { reason: errorMessage(error) });
        return undefined;
      })
      .then((allowed) => {
        if (this.#over) return;
        if (allowed === undefined) this.#reject(context, this.#attempts >= this.#options.maxAttempts);
        else if (allowed) context.accept();
        else this.#fail(context);
      })
      .catch((error: unknown) => {
        this.#options.logger.warn('a login could not be answered', { reason: errorMessage(error) });
        this.#options.giveUp();
      });
  }

  async #checkPassword(context: AuthContext, password: unknown): Promise<boolean> {
    // Counted before the work: a client may start the next request without waiting for an answer.
    this.#attempts += 1;
    if (this.#attempts > this.#options.maxAttempts) return false;
    // A request to change the password holds two of them (RFC 4252 §8); ssh2 hands them over as an object.
    if (typeof password !== 'string') return false;
    const { passwordTurns, authenticator } = this.#options;
    // Whoever is gone when it is his turn costs those behind him nothing.
    return passwordTurns.run(async () =>
      this.#over ? false : authenticator.checkPassword(context.username, password),
    );
  }

  async #checkKey(context: PublicKeyAuthContext): Promise<boolean> {
    const { username, key, signature, blob, hashAlgo } = context;
    const allowed = await this.#options.authenticator.mayUseKey(username, key.data);
    const good = allowed && (signature === undefined || verifies(key.data, blob, signature, hashAlgo));
    if (!good) this.#attempts += 1;
    return good;
  }

  #fail(context: AuthContext): void {
    if (this.#over) return;
    const { throttle, sourceHost, clock, logger, maxAttempts } = this.#options;
    const { method } = context;
    const username = isUserName(context.username)
      ? context.username
      : printable(context.username.slice(0, 32));
    const last = this.#attempts >= maxAttempts;
    // Keys cannot be guessed, and clients offer several: only passwords are slowed down.
    const delay = method === 'publickey' ? 0 : throttle.failed(sourceHost, clock.monotonic());
    const level = method === 'publickey' && !last ? 'debug' : 'warn';
    logger[level]('login failed', { username, method, attempt: this.#attempts });
    if (level === 'warn') this.#tell(username, false);
    if (delay === 0) this.#reject(context, last);
    else clock.schedule(delay, () => this.#reject(context, last));
  }

  #reject(context: AuthContext, last: boolean): void {
    if (this.#over) return;
    context.reject(methods);
    if (last) this.#options.giveUp();
  }
}

/** RFC 4252 §7, RFC 8332: RSA signatures over SHA-1 are refused. */
function verifies(
  publicKey: Uint8Array,
  signed: Uint8Array | undefined,
  signature: Uint8Array,
  hash: string | undefined,
): boolean {
  const key = parseKey(publicKey);
  if (key === undefined || signed === undefined) return false;
  if (key.type === 'ssh-rsa' && hash !== 'sha256' && hash !== 'sha512') return false;
  // ssh2 returns an error, which is truthy, where it cannot verify.
  return key.verify(Buffer.from(signed), Buffer.from(signature), hash) === true;
}
