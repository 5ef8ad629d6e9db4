import type { LogFields, Logger } from '../../src/base/logger.ts';
import type { Who } from './plan.ts';

/** Writes the log of a process into the trace of a run. */
export class TraceLogger implements Logger {
  readonly #who: Who;
  readonly #write: (text: string) => void;

  constructor(who: Who, write: (text: string) => void) {
    this.#who = who;
    this.#write = write;
  }

  error(message: string, fields?: LogFields): void {
    this.#log('error', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log('warn', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log('info', message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#log('debug', message, fields);
  }

  trace(): void {}

  child(): Logger {
    return this;
  }

  #log(level: string, message: string, fields: LogFields = {}): void {
    const shown = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`);
    this.#write(`${this.#who} ${level}: ${message}${shown.join('')}`);
  }
}
