import { errorMessage } from '../base/errors.ts';
import type { JobId } from '../base/ids.ts';
import type { Logger } from '../base/logger.ts';
import type { DocumentStore } from '../registry/document-store.ts';
import { orderUncertain, storeFailed } from './rpc-errors.ts';

/**
 * Jobs that are not to come up after a restart and may be on the disk all the same: a write that failed may have
 * got there.
 */
export class UnwantedJobs {
  readonly #store: Pick<DocumentStore, 'delete'>;
  readonly #logger: Logger;
  readonly #ids = new Set<JobId>();

  constructor(deps: { readonly store: Pick<DocumentStore, 'delete'>; readonly logger: Logger }) {
    this.#store = deps.store;
    this.#logger = deps.logger;
  }

  /** Takes back the order of a job. @throws RpcError `store-uncertain` when that has to be tried again */
  async takeBack(id: JobId): Promise<void> {
    this.#ids.add(id);
    try {
      await this.removeAll();
    } catch {
      throw orderUncertain(id);
    }
  }

  /** @param ids jobs that the store holds beside those under way */
  async found(ids: readonly JobId[]): Promise<void> {
    for (const id of ids) this.#ids.add(id);
    await this.retry();
  }

  /** Resolves when the store holds none of them. @throws RpcError `store-failed` */
  async removeAll(): Promise<void> {
    for (const id of this.#ids) {
      try {
        await this.#store.delete('jobs', id);
        this.#ids.delete(id);
        this.#logger.info('a job that was never under way was removed', { job: id });
      } catch (error) {
        throw storeFailed(errorMessage(error));
      }
    }
  }

  /** Tries to remove them; what fails is tried again the next time. */
  async retry(): Promise<void> {
    await this.removeAll().catch(() => {});
  }
}
