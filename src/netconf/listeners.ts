import { errorMessage } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';

/** Those who want to hear of something. One that throws keeps nobody else from hearing it. */
export class Listeners<Arguments extends readonly unknown[]> {
  readonly #logger: Logger;
  readonly #listeners = new Set<(...of: Arguments) => void>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @returns ends that */
  add(listener: (...of: Arguments) => void): () => void {
    // The same function may listen twice.
    const own = (...of: Arguments): void => listener(...of);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  call(...of: Arguments): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(...of);
      } catch (error) {
        this.#logger.error('a listener failed', { reason: errorMessage(error) });
      }
    }
  }
}
