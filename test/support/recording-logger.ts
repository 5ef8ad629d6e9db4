import type { LogFields, Logger } from '../../src/base/logger.ts';

export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace';
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that remembers its lines, and those of its children. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[];
  readonly #context: LogFields;
  /** Looks at each line, of the children too. */
  readonly #watchers: Set<(line: LogLine) => void>;

  constructor(lines: LogLine[] = [], context: LogFields = {}, watchers = new Set<(line: LogLine) => void>()) {
    this.lines = lines;
    this.#context = context;
    this.#watchers = watchers;
  }

  /** Resolves with the first line, past or to come, that the test accepts. */
  line(accept: (line: LogLine) => boolean): Promise<LogLine> {
    const found = this.lines.find(accept);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => {
      const watch = (line: LogLine): void => {
        if (!accept(line)) return;
        this.#watchers.delete(watch);
        resolve(line);
      };
      this.#watchers.add(watch);
    });
  }

  /** Messages of one level. */
  messages(level: LogLine['level']): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#add('error', message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#add('warn', message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#add('info', message, fields);
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#add('debug', message, fields);
  }

  trace(message: string, fields: LogFields = {}): void {
    this.#add('trace', message, fields);
  }

  child(fields: LogFields): Logger {
    return new RecordingLogger(this.lines, { ...this.#context, ...fields }, this.#watchers);
  }

  #add(level: LogLine['level'], message: string, fields: LogFields): void {
    const line = { level, message, fields: { ...this.#context, ...fields } };
    this.lines.push(line);
    for (const watch of this.#watchers) watch(line);
  }
}
