import type { XmlElement } from '../../xml/element.ts';
import type { ModuleSchema } from '../../yang/schema.ts';
import type { Backend } from '../backend.ts';
import type { DataPath } from '../data-path.ts';
import type { ConfigTree, ConfigView } from '../datastore/config-view.ts';
import type { OwnState } from '../operation.ts';
import { findNode } from '../schema-nodes.ts';
import { type AccessRules, nacmOf, readAccessRules } from './access-rules.ts';
import { type DeniedCounters, nacmState } from './nacm-state.ts';
import type { AccessPolicy, UserAccess } from './user-access.ts';
import { UserRules } from './user-rules.ts';
import { WriteCheck } from './write-check.ts';

export interface AccessControlDependencies {
  readonly config: Pick<ConfigView, 'running'>;
  readonly backend: Pick<Backend, 'modules'>;
}

/**
 * Access control (RFC 8341) by the rules in the running configuration. Rules and modules may change at any
 * time: what was given out for a user goes by those of the moment.
 */
export class AccessControl implements AccessPolicy {
  readonly #deps: AccessControlDependencies;
  readonly #denied: DeniedCounters = { operations: 0, dataWrites: 0, notifications: 0 };
  readonly #users = new Map<string, UserRules>();
  #config: ConfigTree | undefined;
  #nacm: XmlElement | undefined;
  #rules: AccessRules = readAccessRules([]);
  #served: ReturnType<Backend['modules']> = [];
  #modules: ReadonlyMap<string, ModuleSchema> = new Map();

  constructor(deps: AccessControlDependencies) {
    this.#deps = deps;
  }

  /** What it denies is counted. */
  forUser(username: string): UserAccess {
    const rules = (): UserRules => this.#rulesOf(username);
    const denied = this.#denied;
    return {
      mayCall: (namespace, operation) => {
        const permitted = rules().mayCall(namespace, operation);
        if (!permitted) denied.operations += 1;
        return permitted;
      },
      mayRead: (path) => rules().mayRead(path),
      readable: (data) => rules().readable(data),
      mayReceive: (notification) => {
        const permitted = rules().mayReceive(notification);
        if (!permitted) denied.notifications += 1;
        return permitted;
      },
      mayWrite: (path, operations) => {
        const permitted = operations.some((operation) => rules().mayWriteAt(operation, path));
        if (!permitted) denied.dataWrites += 1;
        return permitted;
      },
      refusedWrite: (before, after) => {
        const refused = this.#refusedWrite(rules(), before, after);
        if (refused !== undefined) denied.dataWrites += 1;
        return refused;
      },
    };
  }

  /** The counters of what was denied. */
  get state(): OwnState {
    return nacmState(this.#denied);
  }

  #refusedWrite(
    rules: UserRules,
    before: readonly XmlElement[],
    after: readonly XmlElement[],
  ): DataPath | undefined {
    const check = new WriteCheck(
      (operation, chain) => rules.mayWrite(operation, chain),
      (namespace, name) => findNode(this.#modules.get(namespace)?.data ?? [], name),
    );
    return check.refused(before, after);
  }

  #rulesOf(username: string): UserRules {
    this.#renew();
    const known = this.#users.get(username);
    if (known !== undefined) return known;
    const made = new UserRules(this.#rules, username, (namespace) => this.#modules.get(namespace));
    this.#users.set(username, made);
    return made;
  }

  /** Forgets what was made of rules or modules that are no longer those in force. */
  #renew(): void {
    const { config, backend } = this.#deps;
    const served = backend.modules();
    if (served !== this.#served) {
      this.#served = served;
      const implemented = served.filter(({ conformance }) => conformance === 'implement');
      this.#modules = new Map(implemented.map(({ schema }) => [schema.namespace, schema]));
      this.#users.clear();
    }
    const tree = config.running();
    if (tree === this.#config) return;
    this.#config = tree;
    const nacm = nacmOf(tree);
    if (nacm === this.#nacm) return;
    this.#nacm = nacm;
    this.#rules = readAccessRules(tree);
    this.#users.clear();
  }
}
