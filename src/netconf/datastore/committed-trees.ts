import type { Logger } from '../../base/logger.ts';
import type { SessionInfo } from '../backend.ts';
import { Listeners } from '../listeners.ts';
import { RpcError } from '../rpc-error.ts';
import type { ConfigChange } from './config-change.ts';
import type { ConfigSchema } from './config-schema.ts';
import { writeConfig } from './config-text.ts';
import type { ConfigTree } from './config-view.ts';
import type { DatastoreName } from './datastore-locks.ts';
import { configEdits } from './edit-diff.ts';

/** Where `startup` is kept. */
export interface DatastoreStore {
  /** The text as it was saved, or `undefined` where there is none. */
  load(): Promise<string | undefined>;
  /** Resolves once it is on disk; `undefined` removes it. On failure what was there is still there. */
  save(text: string | undefined): Promise<void>;
}

export interface CommittedTreesDependencies {
  readonly schema: ConfigSchema;
  readonly store: Pick<DatastoreStore, 'save'>;
  readonly logger: Logger;
}

/**
 * What stands in the datastores, `running` in memory and `startup` on disk too, and who hears when that changes. What
 * is committed here has been found valid.
 */
export class CommittedTrees {
  readonly #deps: CommittedTreesDependencies;
  readonly #changed: Listeners<[running: ConfigTree, before: ConfigTree]>;
  readonly #committed: Listeners<[change: ConfigChange]>;
  #trees: Readonly<Record<DatastoreName, ConfigTree>> = { running: [], startup: [] };
  #hasStartup = false;

  constructor(deps: CommittedTreesDependencies) {
    this.#deps = deps;
    this.#changed = new Listeners(deps.logger);
    this.#committed = new Listeners(deps.logger);
  }

  /** Begins with what `startup` holds. */
  begin(tree: ConfigTree): void {
    this.#trees = { running: tree, startup: tree };
    this.#hasStartup = true;
  }

  get hasStartup(): boolean {
    return this.#hasStartup;
  }

  of(datastore: DatastoreName): ConfigTree {
    return this.#trees[datastore];
  }

  /** How many edits would make `startup` what `running` is. */
  get unsaved(): number {
    return configEdits(this.#trees.startup, this.#trees.running, this.#deps.schema).length;
  }

  /** Calls `listener` after each change of `running`. @returns ends that */
  onChanged(listener: (running: ConfigTree, before: ConfigTree) => void): () => void {
    return this.#changed.add(listener);
  }

  /** Calls `listener` after each commit that changed a datastore. @returns ends that */
  onCommitted(listener: (change: ConfigChange) => void): () => void {
    return this.#committed.add(listener);
  }

  /**
   * Resolves when a datastore is what it is to be.
   * @param by the session that asked for it; absent: the server itself
   * @throws RpcError `operation-failed` when `startup` cannot be written, and nothing has changed then
   */
  async commit(datastore: DatastoreName, after: ConfigTree, by: SessionInfo | undefined): Promise<void> {
    if (datastore === 'startup') await this.#save(after);
    this.#replace(datastore, after, by);
  }

  /**
   * There is no `startup` any more.
   * @throws RpcError as {@link commit}
   */
  async deleteStartup(by: SessionInfo | undefined): Promise<void> {
    await this.#save(undefined);
    this.#replace('startup', [], by);
  }

  async #save(tree: ConfigTree | undefined): Promise<void> {
    try {
      await this.#deps.store.save(tree === undefined ? undefined : writeConfig(tree));
    } catch (error) {
      this.#deps.logger.error('the startup configuration could not be written', { error });
      throw new RpcError(
        'application',
        'operation-failed',
        'the startup configuration could not be written; the server logged why',
      );
    }
    this.#hasStartup = tree !== undefined;
  }

  #replace(datastore: DatastoreName, after: ConfigTree, by: SessionInfo | undefined): void {
    const before = this.#trees[datastore];
    const edits = configEdits(before, after, this.#deps.schema);
    if (edits.length === 0) return;
    this.#trees = { ...this.#trees, [datastore]: after };
    this.#deps.logger.info('the configuration was changed', {
      datastore,
      changes: edits.length,
      ...(by === undefined ? {} : { session: by.id, username: by.username }),
    });
    if (datastore === 'running') this.#changed.call(after, before);
    this.#committed.call({ datastore, edits, ...(by === undefined ? {} : { by }) });
  }
}
