import type { Cancel, Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { CallHomeTarget } from './call-home-config.ts';

/** What becomes of one call. */
export interface CallEvents {
  /** A user of the client has logged in. */
  loggedIn(): void;
  /** The connection is closed, or could not be made. Called once. */
  ended(reason: string): void;
}

/** A call under way, or a connection that it has led to. */
export interface Call {
  /** Ends its sessions and the connection. */
  hangUp(): void;
}

/** Connects to a client by TCP and serves NETCONF over SSH there. */
export type Dial = (target: CallHomeTarget, events: CallEvents) => Call;

export interface CallHomeDependencies {
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

/** Over this many doublings every wait is the longest. */
const maxDoublings = 31;

/**
 * Keeps one client connected (RFC 8071 §4.1, a persistent connection). What counts as success is a login: a
 * peer that takes the connection and does nothing, or is no SSH client, is called ever more rarely.
 */
export class CallHomeClient {
  readonly #dependencies: CallHomeDependencies;
  #target: CallHomeTarget;
  #call: Call | undefined;
  #failures = 0;
  /** What was logged last. */
  #state: 'unknown' | 'reached' | 'not reached' = 'unknown';
  #cancelTimer: Cancel | undefined;
  #closed = false;

  /** Calls at once. */
  constructor(target: CallHomeTarget, dependencies: CallHomeDependencies) {
    this.#target = target;
    this.#dependencies = dependencies;
    this.#dial();
  }

  get target(): CallHomeTarget {
    return this.#target;
  }

  /** Waits like this from now on. The address and the port stay. */
  setWaits({ reconnectMinMs, reconnectMaxMs }: CallHomeTarget): void {
    const { reconnectMinMs: oldMin, reconnectMaxMs: oldMax } = this.#target;
    if (reconnectMinMs === oldMin && reconnectMaxMs === oldMax) return;
    this.#target = { ...this.#target, reconnectMinMs, reconnectMaxMs };
    if (this.#cancelTimer !== undefined) this.#callLater();
  }

  /** Calls no more. Whoever is connected is disconnected once what was decided now has been answered. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    const call = this.#call;
    if (call !== undefined) this.#dependencies.clock.schedule(0, () => call.hangUp());
  }

  #dial(): void {
    this.#cancelTimer = undefined;
    this.#call = this.#dependencies.dial(this.#target, {
      loggedIn: () => this.#loggedIn(),
      ended: (reason) => this.#ended(reason),
    });
  }

  #loggedIn(): void {
    this.#failures = 0;
    if (this.#closed) return;
    this.#note('reached');
  }

  #ended(reason: string): void {
    this.#call = undefined;
    if (this.#closed) return;
    this.#note('not reached', reason);
    this.#callLater();
    this.#failures = Math.min(this.#failures + 1, maxDoublings);
  }

  #callLater(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#dependencies.clock.schedule(this.#waitMs(), () => this.#dial());
  }

  /** Half of it is up to chance: bridges that lost a client together do not come back together. */
  #waitMs(): number {
    const { reconnectMinMs, reconnectMaxMs } = this.#target;
    const longest = Math.max(reconnectMinMs, reconnectMaxMs);
    const wait = Math.min(longest, reconnectMinMs * 2 ** this.#failures);
    const [high = 0, low = 0] = this.#dependencies.random(2);
    return Math.ceil((wait * (1 + (high * 256 + low) / 65_535)) / 2);
  }

  /** One line for each change, however long a client stays away. */
  #note(state: 'reached' | 'not reached', reason?: string): void {
    if (state === this.#state) return;
    const { name, address, port } = this.#target;
    const before = this.#state;
    this.#state = state;
    const fields = { client: name, address, port, reason };
    if (state === 'reached') this.#dependencies.logger.info('call home: a user has logged in', fields);
    else if (before === 'reached')
      this.#dependencies.logger.info('call home: the connection ended, the client is called again', fields);
    else this.#dependencies.logger.warn('call home: the client is not reached, and called again', fields);
  }
}
