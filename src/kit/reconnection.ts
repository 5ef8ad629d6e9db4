import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/deferred.ts';
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
  #fails = false;

  constructor(deps: ReconnectionDeps) {
    this.#deps = deps;
  }

  /** @throws CheckSkipped when the device does not come, now or before */
  async run(): Promise<void> {
    const { takeOver, desk, clock, timeoutMs } = this.#deps;
    if (!this.#fails) {
      const late = deferred<'late'>();
      const next = desk.next();
      await takeOver();
      const cancel = clock.schedule(patience * timeoutMs, () => late.resolve('late'));
      this.#fails = (await Promise.race([next, late.promise]).finally(cancel)) === 'late';
    }
    if (this.#fails)
      throw new CheckSkipped(
        'the device did not describe itself again when its connection was to end: name its MQTT client id with --client-id',
      );
  }
}
