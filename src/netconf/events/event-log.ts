/** What earlier runs of the server left in a log. */
export interface KeptEvents {
  /** When the log was begun, milliseconds since the epoch (RFC 5277 §3.4, replayLogCreationTime). */
  readonly created: number;
  /** Records as they were appended, oldest first. */
  readonly records: readonly string[];
}

/**
 * Where events outlive the process. Bounded: old records make room for new ones. What cannot be kept is
 * logged and lost; that stops nobody.
 */
export interface EventLog {
  /** Reads what is there; once, before the first `append`. */
  load(): Promise<KeptEvents>;
  /** Takes a record, a text of one line, and stores it soon. Never throws and never waits. */
  append(record: string): void;
  /** Stores what was appended. */
  close(): Promise<void>;
}
