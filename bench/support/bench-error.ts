import { MupError } from '../../src/base/errors.ts';

/** What was measured did not do what it should: figures of such a run would say nothing. */
export class BenchError extends MupError {
  /** @param message what did not happen, and what came instead */
  constructor(message: string) {
    super('bench-failed', message);
  }
}
