import type { Clock } from './clock.ts';
import type { LogConfig } from './config.ts';

/** Levels whose lines are bounded. `trace` is the wire, and switched on to see all of it. */
export type BoundedLevel = 'error' | 'warn' | 'info' | 'debug';

/** Lines of a minute that said the same and were not written. */
export interface LeftOut {
  readonly level: BoundedLevel;
  readonly message: string;
  readonly lines: number;
}

export interface RepeatBoundOptions {
  readonly limits: Pick<LogConfig, 'maxRepeatsPerMinute'>;
  readonly clock: Clock;
  /** Called at the end of a minute in which lines were left out. */
  readonly tell: (leftOut: LeftOut) => void;
}

const minuteMs = 60_000;

/** More than there are messages in this code; some hold a few words of a reason. */
const maxMessages = 1000;

interface Minute {
  /** Monotonic time of its beginning. */
  readonly since: number;
  lines: number;
  leftOut: number;
}

/**
 * Keeps a peer from flooding the log: of lines that say the same, whatever their fields are, only so many are
 * written in a minute. What is left out is counted, and told once the minute is over.
 */
export class RepeatBound {
  readonly #options: RepeatBoundOptions;
  readonly #minutes = new Map<string, Minute>();

  constructor(options: RepeatBoundOptions) {
    this.#options = options;
  }

  /** Counts a line. @returns whether it is to be written */
  mayWrite(level: BoundedLevel, message: string): boolean {
    const minute = this.#minuteOf(`${level} ${message}`);
    if (minute.lines < this.#options.limits.maxRepeatsPerMinute) {
      minute.lines += 1;
      return true;
    }
    minute.leftOut += 1;
    if (minute.leftOut === 1) this.#tellLater(level, message, minute);
    return false;
  }

  #minuteOf(line: string): Minute {
    const now = this.#options.clock.monotonic();
    const known = this.#minutes.get(line);
    if (known !== undefined && now - known.since < minuteMs) return known;
    if (known === undefined && this.#minutes.size >= maxMessages) this.#minutes.clear();
    const minute = { since: now, lines: 0, leftOut: 0 };
    this.#minutes.set(line, minute);
    return minute;
  }

  #tellLater(level: BoundedLevel, message: string, minute: Minute): void {
    const { clock, tell } = this.#options;
    const restMs = Math.max(0, minute.since + minuteMs - clock.monotonic());
    clock.schedule(restMs, () => tell({ level, message, lines: minute.leftOut }));
  }
}
