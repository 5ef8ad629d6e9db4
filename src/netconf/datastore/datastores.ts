import type { Clock } from '../../base/clock.ts';
import { KeyedQueue } from '../../base/keyed-queue.ts';
import type { Logger } from '../../base/logger.ts';
import { element, type XmlElement } from '../../xml/element.ts';
import type { ModuleSchema } from '../../yang/schema.ts';
import type { RpcContext } from '../backend.ts';
import { baseNamespace } from '../namespaces.ts';
import { RpcError } from '../rpc-error.ts';
import { CommittedTrees, type DatastoreStore } from './committed-trees.ts';
import type { ConfigChange } from './config-change.ts';
import { ConfigSchema } from './config-schema.ts';
import { parseConfig } from './config-text.ts';
import { ConfigValidation } from './config-validation.ts';
import type { ConfigTree, ConfigView } from './config-view.ts';
import { type DatastoreLock, DatastoreLocks, type DatastoreName } from './datastore-locks.ts';
import { editConfig, readConfig } from './edit-config.ts';
import { accessDenied, requestPlace } from './edit-errors.ts';
import { inPieces, type Steps } from './steps.ts';
import { applyWithDefaults, type WithDefaultsMode } from './with-defaults.ts';

/**
 * Changes what is about to be committed: hashes clear passwords and the like.
 * @returns the same tree where there is nothing to change
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
  /** `test-then-set` when absent. As a datastore is always valid, `set` tests too. */
  readonly testOption?: 'test-then-set' | 'set' | 'test-only';
  /**
   * `stop-on-error` when absent. Nothing is committed where anything failed, under `stop-on-error` as under
   * `rollback-on-error`; under `continue-on-error` what did not fail is.
   */
  readonly errorOption?: 'stop-on-error' | 'continue-on-error' | 'rollback-on-error';
}

/** A datastore, or a `<config>` element that holds a whole configuration. */
export type ConfigSource = DatastoreName | XmlElement;

/** A change that took this long is followed by a turn of everything else. */
const longChangeMs = 10;

/** What a change makes of a datastore, and what of the request failed all the same. */
interface Outcome {
  readonly tree: ConfigTree;
  readonly failures?: readonly RpcError[];
}

interface ChangeOptions {
  /** Whether access control looks at what is written; true when absent. */
  readonly checkWrite?: boolean;
  readonly testOnly?: boolean;
}

/**
 * The configuration datastores: `running`, in memory, and `startup`, on disk, from which `running` begins.
 * Changes happen one at a time, each whole or not at all. Where `by` is absent the server itself acts:
 * locks hold for it too, access control does not.
 */
export class Datastores implements ConfigView {
  readonly #deps: DatastoresDependencies;
  readonly #schema: ConfigSchema;
  readonly #validation: ConfigValidation;
  readonly #locks = new DatastoreLocks();
  /**
   * One change at a time, those of the other datastore included: a copy reads one and writes the other. What is
   * only looked at goes one after the other as well, so that many users together take no more than one does.
   */
  readonly #queue = new KeyedQueue<'change' | 'validate'>();
  readonly #trees: CommittedTrees;
  /** Whether the last change took long. */
  #longChange = false;

  /** With nothing in it: {@link Datastores.open} is what fills it. */
  constructor(deps: DatastoresDependencies) {
    this.#deps = deps;
    this.#schema = new ConfigSchema(deps.schemas);
    this.#validation = new ConfigValidation(this.#schema, deps.maxConfigBytes);
    const { store, logger } = deps;
    this.#trees = new CommittedTrees({ schema: this.#schema, store, logger });
  }

  /** @throws UsageError `startup-unusable` when `startup` cannot be read or is not valid */
  static async open(deps: DatastoresDependencies): Promise<Datastores> {
    const datastores = new Datastores(deps);
    const text = await deps.store.load();
    if (text !== undefined)
      datastores.#trees.begin(parseConfig(text, datastores.#schema, datastores.#validation));
    return datastores;
  }

  /** Whether there is a startup configuration: there is none at the first start and after delete-config. */
  get hasStartup(): boolean {
    return this.#trees.hasStartup;
  }

  running(): ConfigTree {
    return this.#trees.of('running');
  }

  read(datastore: DatastoreName): ConfigTree {
    return this.#trees.of(datastore);
  }

  onChanged(listener: (running: ConfigTree, before: ConfigTree) => void): () => void {
    return this.#trees.onChanged(listener);
  }

  /** Calls `listener` after each commit that changed a datastore. @returns ends that */
  onCommitted(listener: (change: ConfigChange) => void): () => void {
    return this.#trees.onCommitted(listener);
  }

  /**
   * edit-config (RFC 6241 §7.2). Resolves when it is committed.
   * @throws RpcError
   */
  edit(request: EditRequest, by?: ConfigRequester): Promise<void> {
    const { target, config, defaultOperation = 'merge', errorOption, testOption } = request;
    const options = {
      defaultOperation,
      continueOnError: errorOption === 'continue-on-error',
      ...(by === undefined ? {} : { access: by.access }),
    };
    const make = (before: ConfigTree): Steps<Outcome> => editConfig(before, config, this.#schema, options);
    return this.#change(target, make, by, { testOnly: testOption === 'test-only' });
  }

  /**
   * copy-config (RFC 6241 §7.3): replaces a whole datastore.
   * @param withDefaults what of a datastore that is the source is copied (RFC 6243 §4.5.1)
   * @throws RpcError
   */
  copy(
    source: ConfigSource,
    target: DatastoreName,
    by?: ConfigRequester,
    withDefaults: WithDefaultsMode = 'explicit',
  ): Promise<void> {
    const toStartup = source === 'running' && target === 'startup';
    const make = (): Steps<Outcome> => this.#copied(source, toStartup, by, withDefaults);
    return this.#change(target, make, by, { checkWrite: !toStartup });
  }

  /**
   * delete-config of `startup` (RFC 6241 §7.4): the next start is a first one.
   * @throws RpcError
   */
  deleteStartup(by?: ConfigRequester): Promise<void> {
    return this.#queue.run('change', async () => {
      this.#requireAllowed('startup', by);
      await this.#trees.deleteStartup(by?.session);
    });
  }

  /**
   * validate (RFC 6241 §8.6.4.1).
   * @throws RpcError for the first fault
   */
  validate(source: ConfigSource, by?: ConfigRequester): Promise<void> {
    return this.#queue.run('validate', async () => {
      by?.signal.throwIfAborted();
      const given =
        typeof source === 'string'
          ? this.read(source)
          : await this.#inPieces(readConfig(source, this.#schema), by);
      const tree = await this.#inPieces(this.#validation.checked(given), by);
      if (typeof source === 'string') return;
      // Hashing passwords is work that is not done for whoever may not even read users.
      const readable = by === undefined ? tree : by.access.readable(tree);
      await this.#deps.prepare?.(readable, this.running());
    });
  }

  /**
   * Resolves when no change is under way and the lock is had.
   * @throws RpcError `lock-denied`
   */
  lock(datastore: DatastoreName, { session, signal }: Pick<RpcContext, 'session' | 'signal'>): Promise<void> {
    return this.#queue.run('change', async () => {
      // Nobody would release the lock of a session that has ended meanwhile.
      signal.throwIfAborted();
      this.#locks.lock(datastore, session.id, this.#deps.clock.now());
    });
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

  /** Waits for what is being committed, and says in the log whether `running` is not in `startup`. */
  async close(): Promise<void> {
    await this.#queue.run('change', async () => {});
    const { unsaved } = this.#trees;
    if (unsaved > 0)
      this.#deps.logger.info('changes of the running configuration end with the process', {
        changes: unsaved,
        hint: 'copy-config from running to startup keeps them',
      });
  }

  *#copied(
    source: ConfigSource,
    toStartup: boolean,
    by: ConfigRequester | undefined,
    withDefaults: WithDefaultsMode,
  ): Steps<Outcome> {
    if (typeof source !== 'string') return { tree: yield* readConfig(source, this.#schema) };
    if (source === 'startup' && !this.hasStartup)
      throw new RpcError('application', 'data-missing', 'there is no startup configuration');
    const tree = yield* this.#withDefaults(this.read(source), withDefaults);
    // RFC 8341 §3.2.6: a user who may copy running to startup needs no more; else what may not be read
    // is not copied.
    return { tree: by === undefined || toStartup ? tree : by.access.readable(tree) };
  }

  *#withDefaults(tree: ConfigTree, mode: WithDefaultsMode): Steps<ConfigTree> {
    if (mode === 'explicit') return tree;
    const reported = applyWithDefaults(tree, mode, this.#schema.modules);
    // A leaf that is tagged as a default is copied as what it is: not set.
    return yield* readConfig(element(baseNamespace, 'config', reported), this.#schema);
  }

  /** So that a long configuration keeps nobody waiting. */
  #inPieces<Result>(steps: Steps<Result>, by: ConfigRequester | undefined): Promise<Result> {
    return inPieces(steps, this.#deps.clock, () => by?.signal.throwIfAborted());
  }

  #change(
    target: DatastoreName,
    make: (before: ConfigTree) => Steps<Outcome>,
    by: ConfigRequester | undefined,
    { checkWrite = true, testOnly = false }: ChangeOptions,
  ): Promise<void> {
    return this.#inTurn(async () => {
      this.#requireAllowed(target, by);
      const before = this.read(target);
      const { tree: made, failures = [] } = await this.#inPieces(make(before), by);
      const tree = await this.#inPieces(this.#validation.checked(made), by);
      if (checkWrite) this.#requireWritable(before, tree, by);
      const after = await this.#prepared(tree, before);
      by?.signal.throwIfAborted();
      if (!testOnly) await this.#trees.commit(target, after, by?.session);
      throwAll(failures);
    });
  }

  /** Changes that wait follow one another without a rest of the event loop but for this one. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    const { clock } = this.#deps;
    return this.#queue.run('change', async () => {
      if (this.#longChange) await new Promise<void>((resolve) => clock.schedule(0, resolve));
      const begun = clock.monotonic();
      try {
        await task();
      } finally {
        this.#longChange = clock.monotonic() - begun >= longChangeMs;
      }
    });
  }

  #requireAllowed(target: DatastoreName, by: ConfigRequester | undefined): void {
    // Whoever has gone meanwhile waits for no answer.
    by?.signal.throwIfAborted();
    this.#locks.requireFree(target, by?.session.id);
  }

  /** RFC 8341 §3.4.5. */
  #requireWritable(before: ConfigTree, after: ConfigTree, by: ConfigRequester | undefined): void {
    const refused = before === after ? undefined : by?.access.refusedWrite(before, after);
    if (refused === undefined || by === undefined) return;
    // What may not be read has no name.
    let told = refused;
    while (told.length > 0 && !by.access.mayRead(told)) told = told.slice(0, -1);
    throw accessDenied(told.length === 0 ? requestPlace : this.#schema.place(told));
  }

  async #prepared(tree: ConfigTree, before: ConfigTree): Promise<ConfigTree> {
    const prepared = (await this.#deps.prepare?.(tree, before)) ?? tree;
    return prepared === tree ? tree : this.#inPieces(this.#validation.checked(prepared), undefined);
  }
}

/** RFC 6241 §4.3: an rpc-error each. */
function throwAll([first, ...further]: readonly RpcError[]): void {
  if (first === undefined) return;
  const { type, tag, message, fields } = first;
  throw further.length === 0 ? first : new RpcError(type, tag, message, { ...fields, further });
}
