import { childElement, textOf, type XmlElement } from '../../xml/element.ts';
import type { ModuleSchema, SchemaNode } from '../../yang/schema.ts';
import type { DataPath, PathStep } from '../data-path.ts';
import { baseNamespace } from '../namespaces.ts';
import { childNode, findNode, keyNames } from '../schema-nodes.ts';
import type { AccessOperation, AccessRule, AccessRules } from './access-rules.ts';
import { type NodePlace, NodeRules, placeBelow } from './node-rules.ts';

/** Finds the implemented module of a namespace. */
export type FindModule = (namespace: string) => ModuleSchema | undefined;

type DataOperation = Exclude<AccessOperation, 'exec'>;

/** The event notifications of every subscription (RFC 8341 §3.4.6, step 3), of RFC 5277. */
const ownNotifications = new Set(['replayComplete', 'notificationComplete']);
const notificationNamespace = 'urn:ietf:params:xml:ns:netmod:notification';

/** Denied unless a rule permits them (RFC 8341 §3.4.4, step 11). */
const deniedOperations = new Set(['kill-session', 'delete-config']);

const permitEverything: AccessRule = {
  module: '*',
  target: { kind: 'any' },
  operations: new Set(['*']),
  permit: true,
};

/** What the rules permit one user (RFC 8341 §3.4). Pure but for what it keeps of its own answers. */
export class UserRules {
  readonly #rules: AccessRules;
  readonly #username: string;
  readonly #findModule: FindModule;
  /** In order, of the lists for the user's groups. */
  readonly #own: readonly AccessRule[];
  /** Those of them that are not about data nodes: there can be one for each device. */
  readonly #named: readonly AccessRule[];
  readonly #nodeRules = new Map<DataOperation, Map<string, NodeRules>>();

  constructor(rules: AccessRules, username: string, findModule: FindModule) {
    this.#rules = rules;
    this.#username = username;
    this.#findModule = findModule;
    this.#own = rules.enabled ? rulesOf(rules, username) : [permitEverything];
    this.#named = this.#own.filter(({ target }) => target.kind !== 'data');
  }

  /** §3.4.4. */
  mayCall(namespace: string, operation: string): boolean {
    const base = namespace === baseNamespace;
    if (base && operation === 'close-session') return true;
    const module = this.#findModule(namespace);
    const rule = this.#first('rpc', 'exec', module?.name, operation);
    if (rule !== undefined) return rule.permit;
    if (module?.rpcs.get(operation)?.access === 'deny-all') return false;
    if (base && deniedOperations.has(operation)) return false;
    // Who may change nothing has no use for a lock, and would keep out those who may.
    if (base && operation === 'lock' && !this.#writesSomething()) return false;
    return this.#rules.permitExec;
  }

  /** §3.4.6. */
  mayReceive({ namespace, name }: Pick<XmlElement, 'namespace' | 'name'>): boolean {
    if (namespace === notificationNamespace && ownNotifications.has(name)) return true;
    const module = this.#findModule(namespace);
    const rule = this.#first('notification', 'read', module?.name, name);
    if (rule !== undefined) return rule.permit;
    if (module?.notifications?.get(name)?.access === 'deny-all') return false;
    return this.#rules.permitRead;
  }

  /** §3.4.5, for a node and all that hold it. */
  mayRead(path: DataPath): boolean {
    const [top] = path;
    if (top === undefined) return true;
    const whole = this.#wholeReadable(top);
    if (whole !== undefined) return whole;
    let place = this.#top('read', top.namespace);
    let schema: SchemaNode | undefined;
    for (const [depth, step] of path.entries()) {
      place = placeBelow(place, step.namespace, step.name, (key) => step.keys?.[key]);
      schema = depth === 0 ? this.#topSchema(step) : childNode(schema, step.name);
      if (!this.#permits('read', place, schema)) return false;
    }
    return true;
  }

  /** §3.4.5, for a change of one node, whether or not those that hold it may be changed. */
  mayWriteAt(operation: Exclude<DataOperation, 'read'>, path: DataPath): boolean {
    const [top] = path;
    if (top === undefined) return true;
    let place = this.#top(operation, top.namespace);
    let schema: SchemaNode | undefined;
    for (const [depth, step] of path.entries()) {
      place = placeBelow(place, step.namespace, step.name, (key) => step.keys?.[key]);
      schema = depth === 0 ? this.#topSchema(step) : childNode(schema, step.name);
    }
    return this.#permits(operation, place, schema);
  }

  /** §3.2.4: what may not be read is left out with all below it. The same array where nothing is. */
  readable(data: readonly XmlElement[]): readonly XmlElement[] {
    return mapKept(data, (top) => {
      const whole = this.#wholeReadable(top);
      if (whole !== undefined) return whole ? top : undefined;
      return this.#visible(top, this.#top('read', top.namespace), this.#topSchema(top));
    });
  }

  /**
   * The same as {@link UserRules.mayWriteAt}, for elements.
   * @param chain the node, after those that hold it
   */
  mayWrite(operation: Exclude<DataOperation, 'read'>, chain: readonly XmlElement[]): boolean {
    const [top] = chain;
    if (top === undefined) return true;
    let place = this.#top(operation, top.namespace);
    let schema: SchemaNode | undefined;
    for (const [depth, node] of chain.entries()) {
      place = elementPlace(place, node);
      schema = depth === 0 ? this.#topSchema(node) : childNode(schema, node.name);
    }
    return this.#permits(operation, place, schema);
  }

  /** Whether there is a rule, or the default, by which the user might write a node. */
  #writesSomething(): boolean {
    const writes = ['*', 'create', 'update', 'delete'];
    return (
      this.#rules.permitWrite ||
      this.#own.some(
        ({ permit, target, operations }) =>
          permit &&
          (target.kind === 'any' || target.kind === 'data') &&
          writes.some((operation) => operations.has(operation)),
      )
    );
  }

  /** Whether all of a top-level node is readable, or nothing of it; `undefined`: that is to be found out. */
  #wholeReadable(top: PathStep): boolean | undefined {
    const { ruling, ahead } = this.#top('read', top.namespace);
    if (ahead.length > 0) return undefined;
    if (ruling !== undefined) return ruling.permit;
    return deniesBelow(this.#topSchema(top)) ? undefined : this.#rules.permitRead;
  }

  #visible(node: XmlElement, outer: NodePlace, schema: SchemaNode | undefined): XmlElement | undefined {
    const place = elementPlace(outer, node);
    if (!this.#permits('read', place, schema)) return undefined;
    const settled = place.ahead.length === 0 && (place.ruling !== undefined || !deniesBelow(schema));
    if (settled) return node;
    const children = mapKept(node.children, (child) =>
      typeof child === 'string' ? child : this.#visible(child, place, childNode(schema, child.name)),
    );
    if (children === node.children) return node;
    const visible = { ...node, children };
    // An entry without its keys would be none.
    return keyNames(schema).every((key) => childElement(visible, node.namespace, key) !== undefined)
      ? visible
      : undefined;
  }

  #permits(operation: DataOperation, { ruling }: NodePlace, schema: SchemaNode | undefined): boolean {
    if (ruling !== undefined) return ruling.permit;
    if (schema?.access === 'deny-all') return false;
    if (operation === 'read') return this.#rules.permitRead;
    return schema?.access === undefined && this.#rules.permitWrite;
  }

  #top(operation: DataOperation, namespace: string): NodePlace {
    const byModule = this.#nodeRules.get(operation) ?? new Map<string, NodeRules>();
    this.#nodeRules.set(operation, byModule);
    const module = this.#findModule(namespace)?.name ?? '';
    const known = byModule.get(module);
    if (known !== undefined) return known.top;
    const made = new NodeRules(this.#own, operation, module, this.#username);
    byModule.set(module, made);
    return made.top;
  }

  #topSchema({ namespace, name }: PathStep): SchemaNode | undefined {
    const nodes = this.#findModule(namespace)?.data;
    return nodes === undefined ? undefined : findNode(nodes, name);
  }

  #first(
    kind: 'rpc' | 'notification',
    operation: AccessOperation,
    module: string | undefined,
    name: string,
  ): AccessRule | undefined {
    return this.#named.find(
      (rule) =>
        (rule.module === '*' || rule.module === module) &&
        (rule.target.kind === 'any' ||
          (rule.target.kind === kind && (rule.target.name === '*' || rule.target.name === name))) &&
        (rule.operations.has('*') || rule.operations.has(operation)),
    );
  }
}

/** §3.4.4, steps 4 to 6. Who is in no group has no rules, those for all groups included. */
function rulesOf({ groups, ruleLists }: AccessRules, username: string): readonly AccessRule[] {
  const own = groups.get(username);
  if (own === undefined) return [];
  return ruleLists
    .filter((list) => list.groups.has('*') || [...list.groups].some((group) => own.has(group)))
    .flatMap(({ rules }) => rules);
}

function elementPlace(place: NodePlace, node: XmlElement): NodePlace {
  return placeBelow(place, node.namespace, node.name, (key) => {
    const leaf = key === '.' ? node : childElement(node, node.namespace, key);
    return leaf === undefined ? undefined : textOf(leaf);
  });
}

/** Whether a node or one below it is denied where no rule matches. */
function deniesBelow(schema: SchemaNode | undefined): boolean {
  if (schema === undefined) return false;
  const known = denying.get(schema);
  if (known !== undefined) return known;
  const below = schema.kind === 'choice' ? schema.cases.flat() : 'children' in schema ? schema.children : [];
  const denies = schema.access === 'deny-all' || below.some(deniesBelow);
  denying.set(schema, denies);
  return denies;
}

const denying = new WeakMap<SchemaNode, boolean>();

/** `map` without what becomes `undefined`; the same array where nothing changes. */
function mapKept<T>(items: readonly T[], change: (item: T) => T | undefined): readonly T[] {
  let changed: T[] | undefined;
  for (const [i, item] of items.entries()) {
    const result = change(item);
    if (changed === undefined && result !== item) changed = items.slice(0, i);
    if (result !== undefined) changed?.push(result);
  }
  return changed ?? items;
}
