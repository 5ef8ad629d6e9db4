import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/deferred.ts';
import { errorMessage } from '../base/errors.ts';
import { CheckSkipped } from './check.ts';
import type { RegistrationDesk } from './registration-desk.ts';

/** How often a device may be silent for as long as an answer may take before it counts as not coming back. */
const patience = 3;

export interface ReconnectionDeps {
  /** Connects with the device's client id, and leaves: a broker keeps one connection an id. */
  readonly takeOver: () => Promise<void>;
  readonly desk: Pick<RegistrationDesk, 'next'>;
  readonly clock: Clock;
  /** How long an answer may take, milliseconds. */
  readonly timeoutMs: number;
}

/** Ends the device's connection, and waits until it has described itself again. */
export class Reconnection {
  readonly #deps: ReconnectionDeps;
  /** Why there was none: it is not tried again then. */
  #obstacle: string | undefined;

  constructor(deps: ReconnectionDeps) {
    this.#deps = deps;
  }

  /** @throws CheckSkipped when the broker does not allow it or the device does not come, now or before */
  async run(): Promise<void> {
    this.#obstacle ??= await this.#attempt();
    if (this.#obstacle !== undefined) throw new CheckSkipped(this.#obstacle);
  }

  /** @returns what was in the way */
  async #attempt(): Promise<string | undefined> {
    const { takeOver, desk, clock, timeoutMs } = this.#deps;
    const late = deferred<'late'>();
    const next = desk.next();
    try {
      await takeOver();
    } catch (error) {
      return `the kit could not connect with the device's MQTT client id, which ends its connection: ${errorMessage(error)}`;
    }
    const cancel = clock.schedule(patience * timeoutMs, () => late.resolve('late'));
    const seen = await Promise.race([next, late.promise]).finally(cancel);
    return seen === 'late'
      ? 'the device did not describe itself again when its connection was to end: name its MQTT client id with --client-id'
      : undefined;
  }
}
