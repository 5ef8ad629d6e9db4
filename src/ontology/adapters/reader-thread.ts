import { Worker } from 'node:worker_threads';
import { packageFile } from '../../base/adapters/package-files.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { type Deferred, deferred } from '../../base/deferred.ts';
import type { DeviceDescription } from '../../base/description.ts';
import { errorCode, InternalError, MupError, UnavailableError } from '../../base/errors.ts';
import type { DeviceUuid } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { DescriptionError } from '../description-error.ts';
import { ReadingQueue } from '../reading-queue.ts';
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

/** How long a description may take at its first attempt while others wait. */
const patienceMs = 2000;

interface Job {
  readonly uuid: DeviceUuid;
  readonly bytes: Uint8Array;
  /** Whether it has had its first attempt. */
  tried: boolean;
  readonly result: Deferred<DeviceDescription>;
}

/**
 * Young generation of the thread, MiB. Node ends a thread that reaches its limit with 16 MiB to spare: were a
 * third of this more than that, one collection could use them up and end the whole process.
 */
const youngMib = 32;

/** From the sources, the worker needs a loader for TypeScript first. */
const entry = import.meta.filename.endsWith('.ts')
  ? packageFile('src', 'ontology', 'adapters', 'typescript-worker.mjs')
  : packageFile('dist', 'ontology', 'adapters', 'description-worker.js');

/**
 * The thread that reads descriptions, one at a time and in the order of {@link ReadingQueue}: started when
 * there is one to read, ended when it takes too long, too much memory or has nothing to do. A description
 * that ends the thread fails alone; those that wait go to the next. One that is slow while others wait is
 * put back once, behind those that came until then, and has its whole time when it is its turn again.
 */
export class ReaderThread {
  readonly #options: ReaderThreadOptions;
  readonly #waiting: ReadingQueue<Job>;
  #worker: Worker | undefined;
  #ready = false;
  #problemsTold = false;
  #current: Job | undefined;
  #cancelTimer: Cancel = () => {};
  #startedAt = 0;
  #closed = false;

  constructor(options: ReaderThreadOptions) {
    this.#options = options;
    this.#waiting = new ReadingQueue(options.maxWaiting);
  }

  /**
   * @param uuid who has sent it
   * @throws DescriptionError; UnavailableError `reader-busy`, `reader-closed`
   */
  async read(uuid: DeviceUuid, bytes: Uint8Array): Promise<DeviceDescription> {
    if (this.#closed) throw closedError();
    const job: Job = { uuid, bytes, tried: false, result: deferred<DeviceDescription>() };
    this.#wait(job);
    this.#proceed();
    return job.result.promise;
  }

  #wait(job: Job): void {
    const { clock, maxWaiting } = this.#options;
    this.#waiting.add(job.uuid, job.bytes.length, job, clock.monotonic())?.result.reject(
      new UnavailableError('reader-busy', `${maxWaiting} descriptions wait to be read`, {
        hint: 'Send the description again later.',
      }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    const jobs = [...(this.#current === undefined ? [] : [this.#current]), ...this.#waiting.drain()];
    this.#current = undefined;
    for (const { result } of jobs) result.reject(closedError());
    await this.#end();
  }

  /** Gives the next description to the thread, or starts the thread, or lets it idle. */
  #proceed(): void {
    if (this.#current !== undefined || this.#closed) return;
    if (this.#waiting.size === 0) this.#idle();
    else if (this.#worker === undefined) this.#tryToStart();
    else this.#hand(this.#worker);
  }

  #hand(worker: Worker): void {
    worker.ref();
    if (!this.#ready) return;
    const job = this.#waiting.next();
    this.#current = job;
    if (job === undefined) return;
    const { clock, deadlineMs } = this.#options;
    this.#startedAt = clock.monotonic();
    if (job.tried || patienceMs >= deadlineMs) this.#timer(deadlineMs, () => this.#overdue());
    else this.#timer(patienceMs, () => this.#impatient(job));
    worker.postMessage({ bytes: job.bytes } satisfies WorkerRequest);
  }

  /** A slow description goes back behind those that wait, if there are any; it comes again, once. */
  #impatient(job: Job): void {
    const { deadlineMs, logger } = this.#options;
    if (this.#waiting.size === 0) {
      this.#timer(deadlineMs - patienceMs, () => this.#overdue());
      return;
    }
    logger.info('a description that is slow to read lets others pass', { uuid: job.uuid });
    job.tried = true;
    this.#finish();
    this.#wait(job);
    void this.#end().then(() => this.#proceed());
  }

  /** The current description is read, or is not to be read further. */
  #finish(): Job | undefined {
    const job = this.#current;
    this.#current = undefined;
    const now = this.#options.clock.monotonic();
    if (job !== undefined) this.#waiting.spent(job.uuid, now - this.#startedAt, now);
    return job;
  }

  /** Where the machine has no room for a thread, what waits is refused instead of waiting for ever. */
  #tryToStart(): void {
    try {
      this.#start();
    } catch (error) {
      this.#options.logger.warn('the reader of descriptions does not start', { error });
      for (const { result } of this.#waiting.drain())
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
    const job = this.#finish();
    if (answer.kind === 'ready') this.#started(answer.problems);
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

  /** Files that cannot be used are told once: a thread that idles ends, and its successor finds the same. */
  #started(problems: readonly string[]): void {
    this.#ready = true;
    if (this.#problemsTold) return;
    this.#problemsTold = true;
    for (const problem of problems)
      this.#options.logger.warn('a file of ontologies cannot be used', { problem });
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
    const job = this.#finish() ?? this.#waiting.next();
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
