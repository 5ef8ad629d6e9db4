import { RpcError } from './rpc-error.ts';

/**
 * Steps that one filter may take on one request's data: some tens of milliseconds. What a filter costs is
 * its size times the size of the data, and no session may hold up the others for that long.
 */
export const maxFilterSteps = 2_000_000;

/** Counts the steps of one piece of work, and ends it when there are too many. */
export class WorkBudget {
  readonly #what: string;
  #left: number;

  /** @param what the work, as an error-message names it */
  constructor(what: string, steps: number) {
    this.#what = what;
    this.#left = steps;
  }

  /** @throws RpcError `too-big` */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0)
      throw new RpcError('application', 'too-big', `${this.#what} takes more work than one request may`);
  }
}
