/** Cancels what was scheduled; harmless when it has run or was cancelled before. */
export type Cancel = () => void;

/** Time, injected so that tests own it. All durations are milliseconds. */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970-01-01T00:00:00Z. May jump. */
  now(): number;
  /** Monotonic time in milliseconds from an arbitrary origin; deadlines and round trips use it. */
  monotonic(): number;
  /** Runs `task` once after `delayMs`, never at once: with 0 in the next turn. A pending task does not keep the process alive. */
  schedule(delayMs: number, task: () => void): Cancel;
}

/** RFC 3339 date and time with milliseconds in UTC, as YANG's `date-and-time` takes it (RFC 6991). */
export function dateAndTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
