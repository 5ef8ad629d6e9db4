import { LineFiles, readLineFiles } from '../../base/adapters/line-files.ts';
import { utf8Length } from '../../base/bytes.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { errorMessage } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { EventLog, KeptEvents } from '../events/event-log.ts';

export interface EventLogFileOptions {
  readonly directory: string;
  /** Octets of all records; the files hold about an eighth more at times. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Records are written together, this long after the first of them: a disk wears by writes, not by octets. */
const batchMs = 1000;
/** Octets of records that wait before they are written at once. */
const batchBytes = 64 * 1024;

/** An {@link EventLog} in {@link LineFiles}, each of which begins with a line that says when the log was begun. */
export class EventLogFiles implements EventLog {
  readonly #options: EventLogFileOptions;
  readonly #files: LineFiles;
  #created = 0;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #cancelTimer: Cancel | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** A write is to come that takes all that waits. */
  #writeWaits = false;
  /** The last write failed. */
  #failing = false;

  constructor(options: EventLogFileOptions) {
    this.#options = options;
    const { directory, maxBytes } = options;
    this.#files = new LineFiles({
      directory,
      fileBytes: Math.ceil(maxBytes / 8),
      maxBytes,
      head: () => `${headBegin}${Math.trunc(this.#created)}}\n`,
    });
  }

  async load(): Promise<KeptEvents> {
    const { directory, clock, logger } = this.#options;
    this.#created = clock.now();
    const records: string[] = [];
    try {
      await this.#files.open();
      const lines = await readLineFiles(directory);
      this.#created = createdOf(lines.find((line) => line.startsWith(headBegin))) ?? this.#created;
      for (const line of lines) if (!line.startsWith(headBegin)) records.push(line);
    } catch (error) {
      logger.warn('the event log cannot be read', { directory, error: errorMessage(error) });
    }
    return { created: this.#created, records };
  }

  append(record: string): void {
    // The disk hangs.
    if (this.#waitingBytes > this.#options.maxBytes) return;
    const line = `${record}\n`;
    this.#waiting.push(line);
    this.#waitingBytes += utf8Length(line);
    if (this.#waitingBytes >= batchBytes) this.#flush();
    else this.#cancelTimer ??= this.#options.clock.schedule(batchMs, () => this.#flush());
  }

  close(): Promise<void> {
    this.#flush();
    return this.#writing;
  }

  #flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#writeWaits) return;
    this.#writeWaits = true;
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    this.#writeWaits = false;
    const text = this.#waiting.join('');
    const octets = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (octets === 0) return;
    try {
      await this.#files.append(text);
      if (this.#failing) this.#options.logger.info('events are kept again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#options.logger.warn('events are not kept for a replay after a restart', {
          directory: this.#options.directory,
          error: errorMessage(error),
        });
      this.#failing = true;
    }
  }
}

const headBegin = '{"created":';

/** What a file's first line says, milliseconds since the epoch. */
function createdOf(head = ''): number | undefined {
  const digits = /^\{"created":(\d{1,15})\}$/.exec(head)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
