import { type Logger as PinoLogger, pino } from 'pino';
import type { LogConfig } from '../config.ts';
import { InternalError, MupError } from '../errors.ts';
import { formatLogLine } from '../log-line.ts';
import type { LogFields, Logger } from '../logger.ts';

/** Where log lines go; written synchronously, so that nothing is lost when the process ends. */
export interface LogDestination {
  write(line: string): unknown;
}

/**
 * The process's logger, on stderr unless told otherwise: `json` writes pino's lines (level by name, time
 * in RFC 3339, `msg`), `pretty` lines for people. Both are one line an entry, whatever a peer put in it.
 */
export function createLogger(config: LogConfig, destination: LogDestination = stderr()): Logger {
  const sink = config.format === 'pretty' ? prettySink(destination) : destination;
  const options = {
    level: config.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (value: unknown) => value },
  };
  return wrap(pino(options, { write: (line: string) => void sink.write(line) }));
}

/** Octets of log that wait for a disk that is full; what comes then is dropped. */
const maxWaitingBytes = 1024 * 1024;

/** A log that cannot be written costs its lines, never the process. */
function stderr(): LogDestination {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: maxWaitingBytes });
  // pino's own listener throws on, once, whatever is no broken pipe.
  destination.removeAllListeners('error').on('error', () => {});
  return destination;
}

function wrap(inner: PinoLogger): Logger {
  const at = (level: 'error' | 'warn' | 'info' | 'debug' | 'trace') => {
    return (message: string, fields: LogFields = {}): void => {
      if (inner.isLevelEnabled(level)) inner[level](loggable(fields), message);
    };
  };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    trace: at('trace'),
    child: (fields) => wrap(inner.child(loggable(fields))),
  };
}

function prettySink(destination: LogDestination): LogDestination {
  return {
    write(line) {
      const entry: LogFields = JSON.parse(line);
      return destination.write(`${formatLogLine(entry)}\n`);
    },
  };
}

/** Fields as data. A name that the line itself has gets a mark, so that no field can pose as the line. */
function loggable(fields: LogFields): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => [
    /^(time|level|msg)$/.test(name) ? `${name}_` : name,
    plainError(value),
  ]);
  return Object.fromEntries(entries);
}

/** An error as data. Its stack only where the fault may be ours: a peer's mistake has none to tell. */
function plainError(value: unknown): unknown {
  if (value instanceof MupError) {
    const { code, message, where, hint, stack } = value;
    return { code, message, where, hint, ...(value instanceof InternalError ? { stack } : {}) };
  }
  if (typeof value !== 'object' || value === null || !('message' in value && 'stack' in value)) return value;
  const code = 'code' in value ? value.code : undefined;
  return { code, message: value.message, stack: value.stack };
}
