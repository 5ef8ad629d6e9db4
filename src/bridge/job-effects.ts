import type { Clock } from '../base/clock.ts';
import type { RandomBytes } from '../base/random.ts';
import type { UpdateEffect, UpdateJob } from '../mup/update-job-types.ts';
import type { EventQueue } from './event-queue.ts';
import type { JobRequest, JobRequests } from './job-requests.ts';

export interface JobEffectsDependencies {
  readonly requests: JobRequests;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Where what came of an effect goes. */
  readonly events: EventQueue;
  /** The job as it is now. */
  readonly job: () => UpdateJob;
}

/** Does what the state machine of one job asks for, once that is on disk. */
export class JobEffects {
  readonly #deps: JobEffectsDependencies;
  #transfer: AbortController | undefined;
  #cancelRequest: () => void = () => {};
  #closed = false;

  constructor(deps: JobEffectsDependencies) {
    this.#deps = deps;
  }

  perform(effect: UpdateEffect): void {
    const { requests, clock, job } = this.#deps;
    if (effect.type === 'stop-transfer') {
      this.#transfer?.abort();
      this.#transfer = undefined;
    } else if (effect.type === 'cancel-device') {
      void requests.cancel(job());
    } else {
      this.#cancelRequest();
      const delay = 'afterMs' in effect ? this.#jittered(effect.afterMs) : 0;
      if (delay === 0) void this.#request(effect);
      else this.#cancelRequest = clock.schedule(delay, () => void this.#request(effect));
    }
  }

  /** Stops what is under way; nothing is asked any more. */
  close(): void {
    this.#closed = true;
    this.#cancelRequest();
    this.#transfer?.abort();
  }

  /** Between half of it and all of it: devices that were lost together do not come again together. */
  #jittered(ms: number): number {
    const [high = 0, low = 0] = this.#deps.random(2);
    return (ms * (1 + (256 * high + low) / 65_536)) / 2;
  }

  /** Asks the device, and feeds what came of it back. A request that is out of date is left out. */
  async #request(request: JobRequest): Promise<void> {
    const { requests, events } = this.#deps;
    const { attempt } = request;
    const job = this.#deps.job();
    if (this.#closed || attempt !== job.attempt) return;
    const transfer = new AbortController();
    if (request.type === 'start-transfer') this.#transfer = transfer;
    const outcome = await requests.perform(job, request, {
      signal: transfer.signal,
      onProgress: (offset) => events.addLatest({ type: 'transfer-progress', attempt, offset }),
    });
    await events.add(outcome);
  }
}
