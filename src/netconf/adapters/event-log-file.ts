import { appendFile, mkdir, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
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

interface Segment {
  readonly path: string;
  octets: number;
}

/**
 * An {@link EventLog} of files `0000000001.jsonl` and so on: the newest one grows, the oldest is removed.
 * Each begins with a line that says when the log was begun. Records survive the process, not a power cut;
 * one that was not written whole is dropped at the next start.
 */
export class EventLogFiles implements EventLog {
  readonly #options: EventLogFileOptions;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  #created = 0;
  #lastNumber = 0;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #cancelTimer: Cancel | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** A write is to come that takes all that waits. */
  #writeWaits = false;
  /** The last write failed, perhaps in the middle of a record. */
  #failing = false;

  constructor(options: EventLogFileOptions) {
    this.#options = options;
    this.#segmentBytes = Math.ceil(options.maxBytes / 8);
  }

  async load(): Promise<KeptEvents> {
    const { directory, clock, logger } = this.#options;
    this.#created = clock.now();
    const records: string[] = [];
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      for (const name of (await readdir(directory)).filter((one) => /^\d{10}\.jsonl$/.test(one)).sort())
        records.push(...(await this.#loadSegment(name)));
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

  async #loadSegment(name: string): Promise<string[]> {
    const path = join(this.#options.directory, name);
    this.#lastNumber = Number.parseInt(name, 10);
    const content = await readFile(path);
    const whole = content.lastIndexOf(0x0a) + 1;
    if (whole < content.length) await truncate(path, whole);
    this.#segments.push({ path, octets: whole });
    const lines = content.subarray(0, whole).toString().split('\n');
    const heads = lines.filter((line) => line.startsWith(headBegin));
    if (this.#segments.length === 1) this.#created = createdOf(heads[0]) ?? this.#created;
    return lines.filter((line) => line !== '' && !line.startsWith(headBegin));
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
      const segment = await this.#segmentToWrite();
      await appendFile(segment.path, `${this.#beginning(segment)}${text}`, { mode: 0o600 });
      segment.octets += octets;
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

  /** The line that a file begins with; behind a record that may be cut, the end of its line. */
  #beginning({ octets }: Segment): string {
    const end = this.#failing ? '\n' : '';
    return octets === 0 ? `${end}${headBegin}${Math.trunc(this.#created)}}\n` : end;
  }

  async #segmentToWrite(): Promise<Segment> {
    const newest = this.#segments.at(-1);
    if (newest !== undefined && newest.octets < this.#segmentBytes) return newest;
    await this.#removeOldest();
    this.#lastNumber += 1;
    const name = `${String(this.#lastNumber).padStart(10, '0')}.jsonl`;
    const segment = { path: join(this.#options.directory, name), octets: 0 };
    this.#segments.push(segment);
    return segment;
  }

  async #removeOldest(): Promise<void> {
    let octets = this.#segments.reduce((sum, segment) => sum + segment.octets, 0);
    for (let oldest = this.#segments[0]; oldest !== undefined; oldest = this.#segments[0]) {
      octets -= oldest.octets;
      if (octets < this.#options.maxBytes) return;
      await rm(oldest.path, { force: true });
      this.#segments.shift();
    }
  }
}

const headBegin = '{"created":';

/** What a file's first line says, milliseconds since the epoch. */
function createdOf(head = ''): number | undefined {
  const digits = /^\{"created":(\d{1,15})\}$/.exec(head)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
