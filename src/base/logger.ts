/** Structured data of a log line. Never a secret: keys, passwords and tokens are not logged. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * What every component logs to; injected, never imported. Levels (docs/configuration.md):
 * `error` needs a person, `warn` was survived but is not normal, `info` is what an operator follows,
 * `debug` explains decisions, `trace` is the wire.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
  /** A logger whose lines carry `fields` too. */
  child(fields: LogFields): Logger;
}

/** A logger that drops everything, for tests and for commands that print results only. */
export const silentLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  trace() {},
  child: () => silentLogger,
};
