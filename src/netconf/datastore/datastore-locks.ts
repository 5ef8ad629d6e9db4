import { element } from '../../xml/element.ts';
import { baseNamespace } from '../namespaces.ts';
import { RpcError } from '../rpc-error.ts';

/** The configuration datastores of this server (RFC 6241 §5.1, §8.7). */
export type DatastoreName = 'running' | 'startup';

/** A global lock (RFC 6241 §7.5), as monitoring shows it (RFC 6022 §2.1.2). */
export interface DatastoreLock {
  readonly datastore: DatastoreName;
  readonly sessionId: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Who holds which datastore. */
export class DatastoreLocks {
  readonly #held = new Map<DatastoreName, DatastoreLock>();

  /** The locks that are held now. */
  all(): readonly DatastoreLock[] {
    return [...this.#held.values()];
  }

  /**
   * @param since milliseconds since the epoch
   * @throws RpcError `lock-denied` while anybody, the session itself included, holds it (RFC 6241 §7.5)
   */
  lock(datastore: DatastoreName, sessionId: number, since: number): void {
    const held = this.#held.get(datastore);
    if (held !== undefined) throw lockDenied(held);
    this.#held.set(datastore, { datastore, sessionId, since });
  }

  /** @throws RpcError when the session does not hold it (RFC 6241 §7.6) */
  unlock(datastore: DatastoreName, sessionId: number): void {
    const held = this.#held.get(datastore);
    if (held === undefined)
      throw new RpcError('protocol', 'operation-failed', `the datastore ${datastore} is not locked`);
    if (held.sessionId !== sessionId) throw lockDenied(held);
    this.#held.delete(datastore);
  }

  /** All locks of a session that has ended (RFC 6241 §7.5). */
  release(sessionId: number): void {
    for (const { datastore, sessionId: holder } of this.all())
      if (holder === sessionId) this.#held.delete(datastore);
  }

  /**
   * @param sessionId who wants to change it; absent: the server itself
   * @throws RpcError `in-use` while another one holds it (RFC 6241 §7.5)
   */
  requireFree(datastore: DatastoreName, sessionId: number | undefined): void {
    const held = this.#held.get(datastore);
    if (held === undefined || held.sessionId === sessionId) return;
    throw new RpcError(
      'protocol',
      'in-use',
      `the datastore ${datastore} is locked by session ${held.sessionId}`,
    );
  }
}

/** RFC 6241 Appendix A: error-info names the owner. */
function lockDenied({ datastore, sessionId }: DatastoreLock): RpcError {
  return new RpcError(
    'protocol',
    'lock-denied',
    `the datastore ${datastore} is locked by session ${sessionId}`,
    { info: [element(baseNamespace, 'session-id', String(sessionId))] },
  );
}
