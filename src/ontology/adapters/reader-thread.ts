import { Worker } from 'node:worker_threads';
import type { Cancel, Clock } from '../../base/clock.ts';
import { type Deferred, deferred } from '../../base/deferred.ts';
import type { DeviceDescription } from '../../base/description.ts';
import { errorCode, InternalError, MupError, UnavailableError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { DescriptionError } from '../description-error.ts';
import type { WorkerAnswer, WorkerRequest, WorkerSettings } from '../worker-protocol.ts';

export interface ReaderThreadOptions {
  readonly settings: WorkerSettings;
  /** How long one description may take. */
  readonly deadlineMs: number;
  readonly heapMib: number;
  /** How long the thread stays after its last description. */
  readonly idleMs: number;
  /** Descriptions that may wait. */
  readonly maxWaiting: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** No peer has a hand in the start, and on a busy machine it takes its time. */
const startDeadlineMs = 60_000;

interface Job {
  readonly bytes: Uint8Array;
  readonly result: Deferred<DeviceDescription>;
}

/**
 * Young generation of the thread, MiB. Node ends a thread that reaches its limit with 16 MiB to spare: were a
 * third of this more than that, one collection could use them up and end the whole process.
 */
const youngMib = 32;

/** Compiled, the worker stands beside this file; from the sources, it needs a loader for TypeScript first. */
const entry = new URL(
  import.meta.url.endsWith('.ts') ? './typescript-worker.mjs' : './description-worker.js',
  import.meta.url,
);

/**
 * The thread that reads descriptions, one at a time: started when there is one to read, ended when it
 * takes too long, too much memory or has nothing to do. A description that ends the thread fails alone;
 * those that wait go to the next.
 */
export class ReaderThread {
  readonly #options: ReaderThreadOptions;
  readonly #waiting: Job[] = [];
  #worker: Worker | undefined;
  #ready = false;
  #current: Job | undefined;
  #cancelTimer: Cancel = () => {};
  #closed = false;

  constructor(options: ReaderThreadOptions) {
    this.#options = options;
  }

  /** @throws DescriptionError; UnavailableError `reader-busy`, `reader-closed` */
  async read(bytes: Uint8Array): Promise<DeviceDescription> {
    if (this.#closed) throw closedError();
    if (this.#waiting.length >= this.#options.maxWaiting)
      throw new UnavailableError('reader-busy', `${this.#waiting.length} descriptions wait to be read`, {
        hint: 'Send the description again later.',
      });
    const job: Job = { bytes, result: deferred<DeviceDescription>() };
    this.#waiting.push(job);
    this.#proceed();
    return job.result.promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const jobs = [...(this.#current === undefined ? [] : [this.#current]), ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const { result } of jobs) result.reject(closedError());
    await this.#end();
  }

  /** Gives the next description to the thread, or starts the thread, or lets it idle. */
  #proceed(): void {
    if (this.#current !== undefined || this.#closed) return;
    if (this.#waiting.length === 0) this.#idle();
    else if (this.#worker === undefined) this.#tryToStart();
    else this.#hand(this.#worker);
  }

  #hand(worker: Worker): void {
    worker.ref();
    if (!this.#ready) return;
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) return;
    this.#timer(this.#options.deadlineMs, () => this.#overdue());
    worker.postMessage({ bytes: this.#current.bytes } satisfies WorkerRequest);
  }

  /** Where the machine has no room for a thread, what waits is refused instead of waiting for ever. */
  #tryToStart(): void {
    try {
      this.#start();
    } catch (error) {
      this.#options.logger.warn('the reader of descriptions does not start', { error });
      for (const { result } of this.#waiting.splice(0))
        result.reject(
          new UnavailableError('reader-busy', 'descriptions cannot be read now', { cause: error }),
        );
    }
  }

  #start(): void {
    const { settings, heapMib } = this.#options;
    const worker = new Worker(entry, {
      workerData: settings,
      resourceLimits: {
        maxOldGenerationSizeMb: heapMib,
        maxYoungGenerationSizeMb: youngMib,
        stackSizeMb: 4,
      },
      execArgv: [],
    });
    this.#worker = worker;
    this.#timer(startDeadlineMs, () =>
      this.#lost(new UnavailableError('reader-stuck', 'the reader does not start')),
    );
    worker.on('message', (answer: WorkerAnswer) => {
      if (this.#worker === worker) this.#answered(answer);
    });
    worker.on('error', (error) => {
      if (this.#worker === worker) this.#lost(error);
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#lost(new InternalError('the reader ended'));
    });
  }

  #answered(answer: WorkerAnswer): void {
    this.#cancelTimer();
    const job = this.#current;
    this.#current = undefined;
    if (answer.kind === 'ready') this.#ready = true;
    if (answer.kind === 'description') job?.result.resolve(answer.description);
    if (answer.kind === 'failed') {
      this.#options.logger.error('a description could not be read', { reason: answer.reason });
      job?.result.reject(new InternalError('the description could not be read'));
    }
    if (answer.kind === 'refused') {
      const { code, message, findings } = answer.refusal;
      job?.result.reject(new DescriptionError(code, message, findings));
    }
    this.#proceed();
  }

  #overdue(): void {
    const { deadlineMs, logger } = this.#options;
    logger.warn('a description took too long to read', { deadlineMs });
    this.#fail(
      new DescriptionError('description-timeout', `reading the description took more than ${deadlineMs} ms`),
    );
  }

  /** The thread broke: over its heap, or a bug. */
  #lost(error: unknown): void {
    const outOfMemory = errorCode(error) === 'ERR_WORKER_OUT_OF_MEMORY';
    this.#options.logger.warn('the reader of descriptions broke', { code: errorCode(error) });
    if (outOfMemory && this.#current !== undefined)
      this.#fail(
        new DescriptionError('description-too-big', 'reading the description takes too much memory'),
      );
    else if (error instanceof MupError) this.#fail(error);
    else this.#fail(new InternalError('the reader of descriptions broke', { cause: error }));
  }

  /** Ends the thread with its description; where it broke before it had one, the next to wait fails. */
  #fail(error: Error): void {
    const job = this.#current ?? this.#waiting.shift();
    this.#current = undefined;
    job?.result.reject(error);
    void this.#end().then(() => this.#proceed());
  }

  #idle(): void {
    if (this.#worker === undefined) return;
    this.#worker.unref();
    this.#timer(this.#options.idleMs, () => void this.#end());
  }

  async #end(): Promise<void> {
    this.#cancelTimer();
    const worker = this.#worker;
    this.#worker = undefined;
    this.#ready = false;
    await worker?.terminate();
  }

  #timer(delayMs: number, task: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.schedule(delayMs, task);
  }
}

function closedError(): UnavailableError {
  return new UnavailableError('reader-closed', 'descriptions are no longer read');
}
