import type { Clock } from '../base/clock.ts';
import type { RpcConfig } from '../base/config.ts';
import { errorCode, UnavailableError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import { cancelled, denied } from './rpc-failures.ts';

/** More than the slowest answer of the prototype's device takes. */
const answerMs = 2000;

/** More than a device takes to read what it does not answer. */
const readMs = 500;

/** How long one who waits for a device's line does so. */
export interface LineWait {
  /** Milliseconds before it is given up to wait. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lines to devices that take one message at a time: those of the prototype read one MQTT packet a TCP segment,
 * so that nothing may be sent to one before its last answer came (mup-protocol §3). Whoever wants
 * something of such a device waits until those before have their answer, or have given up.
 */
export class DeviceLines {
  readonly #clock: Clock;
  readonly #limits: Pick<RpcConfig, 'maxInFlightPerDevice'>;
  readonly #queue = new KeyedQueue<DeviceUuid>();
  readonly #rests = new Map<DeviceUuid, Promise<void>>();
  readonly #waiting = new Map<DeviceUuid, number>();

  constructor(deps: {
    readonly clock: Clock;
    readonly limits: Pick<RpcConfig, 'maxInFlightPerDevice'>;
  }) {
    this.#clock = deps.clock;
    this.#limits = deps.limits;
  }

  /**
   * Runs an exchange with a device when its line is free. One that has begun holds the line until it has ended,
   * also when its caller has gone: the device may still answer.
   * @throws UnavailableError `device-timeout` when the line was not free in time, `cancelled`,
   *   `resource-denied`, and what the exchange throws
   */
  run<T>(uuid: DeviceUuid, exchange: () => Promise<T>, { waitMs, signal }: LineWait): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#admit(uuid, signal);
      let waits = true;
      const cancelWait = this.#clock.schedule(waitMs, () => leave(busy(uuid, waitMs)));
      const abort = (): void => leave(cancelled(uuid));
      const arrive = (): void => {
        waits = false;
        cancelWait();
        this.#count(uuid, -1);
      };
      const leave = (error: UnavailableError): void => {
        if (waits) arrive();
        reject(error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      void this.#queue.run(uuid, async () => {
        await this.#rests.get(uuid);
        if (waits) {
          arrive();
          await exchange().then(resolve, (error: unknown) => {
            // It may have the request all the same.
            if (errorCode(error) === 'mqtt-lost') this.rest(uuid);
            reject(error);
          });
        }
        signal?.removeEventListener('abort', abort);
      });
    });
  }

  /** Sends a device what it does not answer, once it owes no answer. Then it is left in peace for a while. */
  async tell(uuid: DeviceUuid, send: () => Promise<void>): Promise<void> {
    await this.#queue.run(uuid, send);
    this.rest(uuid, readMs);
  }

  /** Leaves a device in peace for a while: it may still read or answer what it was sent before. */
  rest(uuid: DeviceUuid, ms = answerMs): void {
    const rest = new Promise<void>((resolve) => void this.#clock.schedule(ms, resolve));
    this.#rests.set(uuid, rest);
    void rest.then(() => {
      if (this.#rests.get(uuid) === rest) this.#rests.delete(uuid);
    });
  }

  #admit(uuid: DeviceUuid, signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) throw cancelled(uuid);
    const { maxInFlightPerDevice } = this.#limits;
    if ((this.#waiting.get(uuid) ?? 0) >= maxInFlightPerDevice)
      throw denied(`${maxInFlightPerDevice} requests to device ${uuid} wait for its answer`);
    this.#count(uuid, 1);
  }

  #count(uuid: DeviceUuid, more: number): void {
    const count = (this.#waiting.get(uuid) ?? 0) + more;
    if (count > 0) this.#waiting.set(uuid, count);
    else this.#waiting.delete(uuid);
  }
}

function busy(uuid: DeviceUuid, waitMs: number): UnavailableError {
  return new UnavailableError(
    'device-timeout',
    `device ${uuid} takes one request at a time, and did not answer an earlier one in ${waitMs} ms`,
  );
}
