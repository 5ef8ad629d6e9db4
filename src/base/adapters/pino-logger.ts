import { type Logger as PinoLogger, pino } from 'pino';
import { clipped } from '../clipped.ts';
import type { Clock } from '../clock.ts';
import type { LogConfig } from '../config.ts';
import { InternalError, MupError } from '../errors.ts';
import { formatLogLine } from '../log-line.ts';
import type { LogFields, Logger } from '../logger.ts';
import { type BoundedLevel, RepeatBound } from '../repeat-bound.ts';
import { systemClock } from './node-runtime.ts';

/** Where log lines go; written synchronously, so that nothing is lost when the process ends. */
export interface LogDestination {
  write(line: string): unknown;
}

/**
 * The process's logger, on stderr unless told otherwise: `json` writes pino's lines (level by name, time
 * in RFC 3339, `msg`), `pretty` lines for people. Both are one line an entry, whatever a peer put in it, with
 * values that are cut off; lines that repeat are counted instead ({@link RepeatBound}).
 */
export function createLogger(
  config: LogConfig,
  destination: LogDestination = stderr(),
  clock: Clock = systemClock,
): Logger {
  const { maxValueLength } = config;
  const sink = config.format === 'pretty' ? prettySink(destination, maxValueLength) : destination;
  const options = {
    level: config.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (value: unknown) => value },
  };
  const root = pino(options, { write: (line: string) => void sink.write(line) });
  const repeats = new RepeatBound({
    limits: config,
    clock,
    tell: ({ level, message, lines }) =>
      root[level]({ said: message, lines }, 'lines were left out that said the same too often'),
  });
  return wrap(root, repeats, maxValueLength);
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

function wrap(inner: PinoLogger, repeats: RepeatBound, maxLength: number): Logger {
  const at = (level: BoundedLevel) => {
    return (message: string, fields: LogFields = {}): void => {
      if (!inner.isLevelEnabled(level)) return;
      const text = clipped(message, maxLength);
      if (repeats.mayWrite(level, text)) inner[level](loggable(fields, maxLength), text);
    };
  };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    // What is traced has bounds of its own.
    trace: (message, fields = {}) => {
      if (inner.isLevelEnabled('trace')) inner.trace(loggable(fields, Number.POSITIVE_INFINITY), message);
    },
    child: (fields) => wrap(inner.child(loggable(fields, maxLength)), repeats, maxLength),
  };
}

function prettySink(destination: LogDestination, maxLength: number): LogDestination {
  return {
    write(line) {
      const entry: LogFields = JSON.parse(line);
      return destination.write(`${formatLogLine(entry, maxLength)}\n`);
    },
  };
}

/** Fields as data, their values cut at a length. A name that the line itself has gets a mark, so that no field can pose as the line. */
function loggable(fields: LogFields, maxLength: number): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => [
    /^(time|level|msg)$/.test(name) ? `${name}_` : name,
    bounded(value, maxLength),
  ]);
  return Object.fromEntries(entries);
}

/** Each text of an error is cut; what is else too long as JSON becomes a text that is. */
function bounded(value: unknown, maxLength: number): unknown {
  if (typeof value === 'string') return clipped(value, maxLength);
  if (typeof value !== 'object' || value === null) return value;
  const error = plainError(value);
  if (error !== undefined)
    return Object.fromEntries(
      Object.entries(error).map(([name, part]) => [
        name,
        typeof part === 'string' ? clipped(part, maxLength) : part,
      ]),
    );
  const text = jsonOf(value);
  return text === undefined || text.length <= maxLength ? value : clipped(text, maxLength);
}

/** Undefined where JSON cannot hold it; pino writes such values its own way, and short. */
function jsonOf(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** An error as data. Its stack only where the fault may be ours: a peer's mistake has none to tell. */
function plainError(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value instanceof MupError) {
    const { code, message, where, hint, stack } = value;
    return { code, message, where, hint, ...(value instanceof InternalError ? { stack } : {}) };
  }
  if (typeof value !== 'object' || value === null || !('message' in value && 'stack' in value))
    return undefined;
  const code = 'code' in value ? value.code : undefined;
  return { code, message: value.message, stack: value.stack };
}
