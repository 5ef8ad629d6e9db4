import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { XmlElement } from '../xml/element.ts';
import type { ModuleSchema } from '../yang/schema.ts';
import type { RpcContext } from './backend.ts';
import type { ConfigChange } from './config-change.ts';
import type { ConfigTree, ConfigView } from './config-view.ts';
import { type DatastoreLock, DatastoreLocks, type DatastoreName } from './datastore-locks.ts';
import { operationNotSupported } from './protocol-errors.ts';

/** Where `startup` is kept. */
export interface DatastoreStore {
  /** The text as it was saved, or `undefined` where there is none. */
  load(): Promise<string | undefined>;
  /** Resolves once it is on disk; `undefined` removes it. On failure what was there is still there. */
  save(text: string | undefined): Promise<void>;
}

/**
 * Changes what is about to be committed: hashes clear passwords and the like.
 * @throws RpcError to refuse it
 */
export type PrepareConfig = (after: ConfigTree, before: ConfigTree) => ConfigTree | Promise<ConfigTree>;

export interface DatastoresDependencies {
  /** The modules whose `config true` nodes are the configuration. */
  readonly schemas: readonly ModuleSchema[];
  readonly store: DatastoreStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Octets of a datastore, about. */
  readonly maxConfigBytes: number;
  readonly prepare?: PrepareConfig;
}

/** A request of a user; locks and access control hold for it. */
export type ConfigRequester = Pick<RpcContext, 'session' | 'signal' | 'access'>;

/** One edit-config (RFC 6241 §7.2). */
export interface EditRequest {
  readonly target: DatastoreName;
  /** Its children are the edit: a `<config>` element. */
  readonly config: XmlElement;
  /** `merge` when absent. */
  readonly defaultOperation?: 'merge' | 'replace' | 'none';
  /** `test-then-set` when absent. */
  readonly testOption?: 'test-then-set' | 'set' | 'test-only';
  /** `stop-on-error` when absent. */
  readonly errorOption?: 'stop-on-error' | 'continue-on-error' | 'rollback-on-error';
}

/** A datastore, or a `<config>` element that holds a whole configuration. */
export type ConfigSource = DatastoreName | XmlElement;

/**
 * The configuration datastores: `running`, in memory, and `startup`, on disk, from which `running` begins.
 * Changes happen one at a time, each whole or not at all. Where `by` is absent the server itself acts:
 * locks hold for it too, access control does not.
 */
export class Datastores implements ConfigView {
  readonly #deps: DatastoresDependencies;
  readonly #locks = new DatastoreLocks();
  #trees: Readonly<Record<DatastoreName, ConfigTree>> = { running: [], startup: [] };
  #hasStartup = false;

  private constructor(deps: DatastoresDependencies) {
    this.#deps = deps;
  }

  /** @throws UsageError `startup-unusable` when `startup` cannot be read or is not valid */
  static async open(deps: DatastoresDependencies): Promise<Datastores> {
    return new Datastores(deps);
  }

  /** Whether there is a startup configuration: there is none at the first start and after delete-config. */
  get hasStartup(): boolean {
    return this.#hasStartup;
  }

  running(): ConfigTree {
    return this.#trees.running;
  }

  read(datastore: DatastoreName): ConfigTree {
    return this.#trees[datastore];
  }

  onChanged(_listener: (running: ConfigTree, before: ConfigTree) => void): () => void {
    return () => {};
  }

  /** Calls `listener` after each commit that changed a datastore. @returns ends that */
  onCommitted(_listener: (change: ConfigChange) => void): () => void {
    return () => {};
  }

  /**
   * edit-config (RFC 6241 §7.2).
   * @throws RpcError
   */
  async edit(_request: EditRequest, _by?: ConfigRequester): Promise<void> {
    throw operationNotSupported('not yet');
  }

  /**
   * copy-config (RFC 6241 §7.3): replaces a whole datastore.
   * @throws RpcError
   */
  async copy(_source: ConfigSource, _target: DatastoreName, _by?: ConfigRequester): Promise<void> {
    throw operationNotSupported('not yet');
  }

  /**
   * delete-config of `startup` (RFC 6241 §7.4).
   * @throws RpcError
   */
  async deleteStartup(_by?: ConfigRequester): Promise<void> {
    throw operationNotSupported('not yet');
  }

  /** validate (RFC 6241 §8.6.4.1). @throws RpcError for the first fault */
  validate(_source: ConfigSource): void {
    throw operationNotSupported('not yet');
  }

  /** @throws RpcError `lock-denied` */
  async lock(datastore: DatastoreName, sessionId: number): Promise<void> {
    this.#locks.lock(datastore, sessionId, this.#deps.clock.now());
  }

  /** @throws RpcError */
  unlock(datastore: DatastoreName, sessionId: number): void {
    this.#locks.unlock(datastore, sessionId);
  }

  /** For a session that has ended. */
  releaseLocks(sessionId: number): void {
    this.#locks.release(sessionId);
  }

  locks(): readonly DatastoreLock[] {
    return this.#locks.all();
  }

  /** Waits for what is being committed, and says in the log what of `running` is not in `startup`. */
  async close(): Promise<void> {}
}
