import type { LogFields, Logger } from '../base/logger.ts';

const maxRemembered = 1000;

/** Logs each refusal once for each reason: whoever is refused tries again. */
export class RefusalLog {
  readonly #logger: Logger;
  /** The last refusal of each name. */
  readonly #last = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * @param refusal what makes it the same as the one before
   * @returns whether it is not
   */
  refused(name: string, level: 'warn' | 'error', refusal: string, fields: LogFields): boolean {
    const isNew = this.#last.get(name) !== refusal;
    if (isNew) this.#logger[level]('description refused', fields);
    else this.#logger.debug('description refused again', fields);
    if (this.#last.size >= maxRemembered) this.#last.clear();
    this.#last.set(name, refusal);
    return isNew;
  }

  /** The next refusal is news. */
  taken(name: string): void {
    this.#last.delete(name);
  }
}
