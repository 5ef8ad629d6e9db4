import { childElements, element, type XmlElement } from '../../xml/element.ts';
import type { ContainerNode, LeafNode, ListNode } from '../../yang/schema.ts';
import type { DataPath } from '../data-path.ts';
import { type ErrorPlace, invalidValue, unknownElement, unknownNamespace } from '../protocol-errors.ts';
import { RpcError } from '../rpc-error.ts';
import {
  type ConfigSchema,
  identityOf,
  keyIdentity,
  keyValues,
  type Member,
  stepTo,
} from './config-schema.ts';
import type { ConfigTree } from './config-view.ts';
import { accessAsked, type EditorAccess } from './edit-access.ts';
import {
  type EditAttributes,
  type EditOperation,
  editAttributes,
  plainAttributes,
} from './edit-attributes.ts';
import {
  accessDenied,
  attributeFault,
  dataExists,
  dataMissing,
  misplaced,
  requestPlace,
} from './edit-errors.ts';
import { insertPlace } from './edit-insert.ts';
import { EditLevel } from './edit-level.ts';
import { keyLeaves, leafElement, leafValue, sameLeaf } from './edit-values.ts';
import type { Steps } from './steps.ts';

export interface EditOptions {
  readonly defaultOperation: 'merge' | 'replace' | 'none';
  /**
   * A node that cannot be edited is left as it was, with the list entry that it is in, and the rest of the
   * edit is done (RFC 6241 §7.2, `continue-on-error`). Otherwise the first failure is thrown.
   */
  readonly continueOnError?: boolean;
  /** What the user may do who edits; absent: everything. */
  readonly access?: EditorAccess;
}

export interface EditResult {
  readonly tree: ConfigTree;
  /** What failed; without `continueOnError` nothing did. */
  readonly failures: readonly RpcError[];
}

/** Failures of one edit that are reported. */
const maxFailures = 20;

/**
 * Applies the edit of an edit-config (RFC 6241 §7.2) to a datastore. What comes out need not be valid as a
 * whole: {@link ConfigValidation} says that.
 * @param tree is not changed; what the edit does not touch is shared with the result
 * @param config its children are the edit
 * @throws RpcError
 */
export function* editConfig(
  tree: ConfigTree,
  config: XmlElement,
  schema: ConfigSchema,
  options: EditOptions,
): Steps<EditResult> {
  const editor = new Editor(schema, options, editAttributes);
  const edited = yield* editor.root(tree, config, options.defaultOperation);
  return { tree: edited, failures: editor.failures };
}

/**
 * The datastore that a `<config>` element spells out (RFC 6241 §7.3).
 * @throws RpcError
 */
export function readConfig(config: XmlElement, schema: ConfigSchema): Steps<ConfigTree> {
  return new Editor(schema, { defaultOperation: 'replace' }, plainAttributes).root([], config, 'replace');
}

/** A node of an edit, with where it is and what is to be done with it. */
interface Step {
  readonly given: XmlElement;
  readonly attributes: EditAttributes;
  readonly operation: EditOperation;
  readonly path: DataPath;
  readonly identity: string;
  /** What is there. */
  readonly existing: XmlElement | undefined;
}

class Editor {
  readonly failures: RpcError[] = [];
  readonly #schema: ConfigSchema;
  readonly #options: EditOptions;
  readonly #attributes: (node: XmlElement) => EditAttributes;

  constructor(schema: ConfigSchema, options: EditOptions, attributes: (node: XmlElement) => EditAttributes) {
    this.#schema = schema;
    this.#options = options;
    this.#attributes = attributes;
  }

  *root(tree: ConfigTree, config: XmlElement, operation: EditOperation): Steps<ConfigTree> {
    this.#refuseText(config, []);
    const levels = new Map(
      this.#schema.modules.map(({ namespace, data }) => [
        namespace,
        new EditLevel(namespace, this.#schema.members(data), tree, operation !== 'replace'),
      ]),
    );
    for (const child of childElements(config)) {
      const level = levels.get(child.namespace);
      yield* this.#attempt(
        operation !== 'replace',
        level === undefined
          ? refusal(unknownNamespace(child, config.name))
          : this.#child(level, child, config.name, operation, []),
      );
    }
    return [...levels.values()].flatMap((level) => this.#finished(level, []));
  }

  /** @param alone whether the action can fail by itself, under `continue-on-error` */
  *#attempt(alone: boolean, action: Steps<void>): Steps<void> {
    try {
      yield* action;
    } catch (error) {
      if (!this.#options.continueOnError || !(error instanceof RpcError) || !alone) throw error;
      // A change of which a part is refused is refused (RFC 8341 §3.4.5).
      if (error.tag === 'access-denied') throw error;
      if (this.failures.length < maxFailures) this.failures.push(error);
    }
  }

  *#child(
    level: EditLevel,
    given: XmlElement,
    holder: string,
    inherited: EditOperation,
    path: DataPath,
  ): Steps<void> {
    yield;
    const member = this.#member(level, given, holder, path);
    const { node } = member;
    const attributes = this.#attributes(given);
    const operation = attributes.operation ?? inherited;
    const listPlace = [...path, { namespace: level.namespace, name: node.name }];
    if (node.kind === 'leaf') {
      const step = this.#step(level, { given, attributes, operation, path: listPlace, identity: '' });
      if (step !== undefined) this.#leaf(level, node, step);
    } else if (node.kind === 'leaf-list') {
      const entry = leafElement(
        node,
        given,
        leafValue(node, given, () => this.#place(listPlace)),
      );
      const identity = identityOf(node, entry);
      const own = [...path, stepTo(node, entry)];
      const step = this.#step(level, { given, attributes, operation, path: own, identity });
      if (step !== undefined) this.#put(level, node, step, step.existing ?? entry);
    } else if (node.kind === 'list') {
      const keys = keyLeaves(node, given, () => this.#place(listPlace));
      const values = keyValues(node.keys, { ...given, children: keys });
      const own = [...path, { namespace: level.namespace, name: node.name, keys: values }];
      const identity = keyIdentity(Object.values(values));
      const step = this.#step(level, { given, attributes, operation, path: own, identity });
      if (step !== undefined) this.#put(level, node, step, yield* this.#inner(node, step, keys));
    } else {
      const step = this.#step(level, { given, attributes, operation, path: listPlace, identity: '' }, node);
      if (step !== undefined) yield* this.#container(level, node, step);
    }
  }

  #member(level: EditLevel, given: XmlElement, holder: string, path: DataPath): Member {
    if (given.namespace !== level.namespace) throw unknownNamespace(given, holder, this.#holderPlace(path));
    const member = level.members.get(given.name);
    if (member === undefined) throw unknownElement(given, holder, this.#holderPlace(path));
    if (member.node.config !== false) return member;
    throw new RpcError('application', 'unknown-element', `<${given.name}> is state data, not configuration`, {
      ...unknownElement(given, holder, this.#holderPlace(path)).fields,
    });
  }

  #holderPlace(path: DataPath): ErrorPlace {
    return path.length === 0 ? {} : this.#place(path);
  }

  /**
   * What every kind of node does alike: `create`, `delete`, `remove` and `none` against what is there.
   * @returns `undefined` when that is all
   */
  #step(level: EditLevel, of: Omit<Step, 'existing'>, container?: ContainerNode): Step | undefined {
    const { operation, identity, path, given } = of;
    const { name } = given;
    if (!level.claim(name, identity)) throw misplaced(name, `<${name}> is given twice`, this.#place(path));
    const existing = level.existing(name, identity);
    this.#guard(level, of, existing);
    if (operation === 'create' && existing !== undefined) throw this.#revealing(path, dataExists);
    if (operation === 'delete' && existing === undefined) throw this.#revealing(path, dataMissing);
    // A container without presence is there wherever its parent is (RFC 6020 §7.5.1).
    const implied = container !== undefined && !container.presence;
    if (operation === 'none' && existing === undefined && !implied) throw this.#revealing(path, dataMissing);
    if (operation !== 'delete' && operation !== 'remove') return { ...of, existing };
    level.entries(name).delete(identity);
    return undefined;
  }

  /** RFC 8341 §3.4.5: what is refused for certain is refused at once, before work is done for the rest. */
  #guard(
    level: EditLevel,
    { given, attributes, operation, path }: Omit<Step, 'existing'>,
    existing?: XmlElement,
  ): void {
    const { access } = this.#options;
    const node = level.members.get(given.name)?.node;
    if (access === undefined || node === undefined) return;
    const keys = node.kind === 'list' ? node.keys : [];
    const asked = accessAsked(node, operation, {
      exists: existing !== undefined,
      readable: access.mayRead(path),
      isDefault: attributes.isDefault === true,
      leaf: childElements(given).every(({ name }) => keys.includes(name)),
    });
    if (asked.length > 0 && !access.mayWrite(path, asked)) throw accessDenied(this.#place(path));
  }

  #leaf(level: EditLevel, node: LeafNode, step: Step): void {
    const { given, path, operation, existing, attributes } = step;
    if (operation === 'none') return;
    const value = leafValue(node, given, () => this.#place(path));
    if (attributes.isDefault) {
      if (value !== node.default)
        throw invalidValue(node.name, `<${node.name}>: this is not its default`, this.#place(path));
      level.entries(node.name).delete('');
      return;
    }
    const leaf = leafElement(node, given, value);
    this.#put(level, node, step, existing !== undefined && sameLeaf(existing, leaf) ? existing : leaf);
  }

  *#container(level: EditLevel, node: ContainerNode, step: Step): Steps<void> {
    const edited = yield* this.#inner(node, step, []);
    // Without presence, an empty container says nothing (RFC 6020 §7.5.1).
    if (edited.children.length > 0 || node.presence) this.#put(level, node, step, edited);
    else level.entries(node.name).delete('');
  }

  /** A container or entry with its children edited. */
  *#inner(node: ContainerNode | ListNode, step: Step, keys: readonly XmlElement[]): Steps<XmlElement> {
    const { given, operation, path, existing } = step;
    const { namespace, name } = given;
    this.#refuseText(given, path);
    const keyNames = node.kind === 'list' ? node.keys : [];
    const members = this.#schema.members(node.children, keyNames);
    const level = new EditLevel(namespace, members, existing?.children ?? [], operation !== 'replace');
    for (const key of keys) level.entries(key.name).set('', level.existing(key.name, '') ?? key);
    const inEntry = path.some(({ keys }) => keys !== undefined);
    for (const child of childElements(given)) {
      if (keyNames.includes(child.name)) {
        this.#checkKey(child, path);
        continue;
      }
      // What fails in an entry fails the entry: half an access rule permits more than the whole.
      const isEntry = members.get(child.name)?.node.kind === 'list';
      // A parent that is replaced holds nothing to which its child could be left.
      const alone = operation !== 'replace' && (isEntry || !inEntry);
      yield* this.#attempt(alone, this.#child(level, child, name, operation, path));
    }
    const children = this.#finished(level, path);
    const same =
      existing?.children.length === children.length &&
      children.every((child, i) => child === existing.children[i]);
    return same ? existing : element(namespace, name, children);
  }

  /** An entry keeps its keys; whatever else may be said of them is said of the entry. */
  #checkKey(key: XmlElement, path: DataPath): void {
    const { operation } = this.#attributes(key);
    if (operation === 'delete' || operation === 'remove')
      throw attributeFault('bad-attribute', 'operation', key.name, 'would leave an entry without its key', {
        ...this.#place(path),
      });
  }

  #put(level: EditLevel, node: Member['node'], step: Step, value: XmlElement): void {
    const { attributes, given, identity, path, operation } = step;
    const { insert, isDefault } = attributes;
    if (isDefault && node.kind !== 'leaf')
      throw attributeFault('bad-attribute', 'default', node.name, 'is for leaves', this.#place(path));
    const entries = level.entries(node.name);
    if (operation !== 'none') level.given(node.name);
    if (insert === undefined || operation === 'none') entries.set(identity, value);
    else if (node.kind === 'list' || node.kind === 'leaf-list')
      entries.place(
        identity,
        value,
        insertPlace(node, { insert, given, identity }, entries, () => this.#place(path)),
      );
    else
      throw attributeFault(
        'bad-attribute',
        'insert',
        node.name,
        'is for entries of lists',
        this.#place(path),
      );
  }

  #finished(level: EditLevel, path: DataPath): XmlElement[] {
    const conflict = level.conflict();
    if (conflict === undefined) return level.children();
    const [name, rival] = conflict;
    const where = [...path, { namespace: level.namespace, name }];
    throw misplaced(name, `<${name}> and <${rival}> exclude one another`, this.#place(where));
  }

  #refuseText({ name, children }: XmlElement, path: DataPath): void {
    if (children.some((child) => typeof child === 'string' && child.trim() !== ''))
      throw misplaced(name, `<${name}> holds text beside its elements`, this.#place(path));
  }

  /** Whether a node is there is told to those who may read it only. */
  #revealing(path: DataPath, fault: (name: string, place: ErrorPlace) => RpcError): RpcError {
    const place = this.#place(path);
    if (this.#options.access?.mayRead(path) === false) return accessDenied(place);
    return fault(path.at(-1)?.name ?? '', place);
  }

  #place(path: DataPath): ErrorPlace {
    return path.length === 0 ? requestPlace : this.#schema.place(path);
  }
}

// biome-ignore lint/correctness/useYield: it ends before its first step
function* refusal(error: RpcError): Steps<never> {
  throw error;
}
