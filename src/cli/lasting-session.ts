import type { Clock } from '../base/clock.ts';
import { baseNamespace } from '../netconf/namespaces.ts';
import { element, type XmlElement } from '../xml/element.ts';
import { commandFailure } from './command-failure.ts';
import { exitCodes } from './exit-codes.ts';
import { sleep } from './sleep.ts';
import type { UpdateSession } from './update-preparation.ts';

/** How long a bridge that is out of reach is waited for: more than its restart takes, or a reboot of its machine. */
export const reconnectMs = 120_000;

/** Between two attempts. */
const pauseMs = 500;

/** A session that somebody has to close, and its uploads. */
export interface ClosableSession extends UpdateSession {
  /** @throws PeerError `sftp-refused`, also when the connection is lost */
  putFile(name: string, content: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Asks for nothing: an empty filter selects nothing (RFC 6241 §6.4.2). */
const nothing = element(baseNamespace, 'get', [element(baseNamespace, 'filter', [])]);

export interface LastingSessionOptions {
  readonly first: ClosableSession;
  /** A new session with the same bridge, wherever it is now. */
  readonly connect: () => Promise<ClosableSession>;
  readonly clock: Clock;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Called when the bridge is out of reach. */
  readonly onLost: (reason: string) => void;
  /** Called when it is back. */
  readonly onBack: () => void;
}

/**
 * A session that outlives a restart of the bridge: when the bridge is out of reach it is waited for, up to
 * {@link reconnectMs}, and what was asked is asked again. So only for what may be asked twice.
 */
export class LastingSession implements ClosableSession {
  readonly #options: LastingSessionOptions;
  #session: ClosableSession;

  constructor(options: LastingSessionOptions) {
    this.#options = options;
    this.#session = options.first;
  }

  /** Asks what must not be asked twice. @throws what the session throws; the next {@link rpc} mends it */
  once(operation: XmlElement, options?: Parameters<UpdateSession['rpc']>[1]): Promise<XmlElement> {
    return this.#session.rpc(operation, options);
  }

  /** Sends a file, and once more when the bridge was lost meanwhile. @throws as {@link rpc} */
  async putFile(name: string, content: Uint8Array): Promise<void> {
    for (;;) {
      const session = this.#session;
      try {
        return await session.putFile(name, content);
      } catch (error) {
        // SFTP does not say whether the bridge refuses the file or is gone: another request does.
        await this.rpc(nothing, { signal: this.#options.signal });
        if (this.#session === session) throw error;
      }
    }
  }

  /** @throws what the session throws; when the bridge does not come back, that it was lost */
  async rpc(operation: XmlElement, options?: Parameters<UpdateSession['rpc']>[1]): Promise<XmlElement> {
    for (;;) {
      try {
        return await this.#session.rpc(operation, options);
      } catch (error) {
        if (!isOutOfReach(error) || this.#options.signal.aborted) throw error;
        await this.#reconnect(error);
      }
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async #reconnect(lost: unknown): Promise<void> {
    const { clock, signal, connect, onLost, onBack } = this.#options;
    const until = clock.monotonic() + reconnectMs;
    onLost(commandFailure(lost).message);
    await this.#session.close();
    while (clock.monotonic() < until) {
      await sleep(pauseMs, clock, signal);
      if (signal.aborted) break;
      try {
        this.#session = await connect();
        return onBack();
      } catch (error) {
        if (!isOutOfReach(error)) throw error;
      }
    }
    throw lost;
  }
}

/** Whether an error says that the bridge cannot be asked, or does not answer. */
export function isOutOfReach(error: unknown): boolean {
  return commandFailure(error).exitCode === exitCodes.bridgeUnreachable;
}
