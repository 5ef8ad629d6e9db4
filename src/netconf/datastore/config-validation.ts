import { element, textOf, type XmlElement } from '../../xml/element.ts';
import type { SchemaNode } from '../../yang/schema.ts';
import type { DataPath } from '../data-path.ts';
import { badElement } from '../protocol-errors.ts';
import { RpcError, type RpcErrorFields } from '../rpc-error.ts';
import type { ConfigSchema } from './config-schema.ts';
import { stepTo } from './config-schema.ts';
import type { ConfigTree } from './config-view.ts';
import { dataMissing } from './edit-errors.ts';
import type { Steps } from './steps.ts';

/** RFC 6020 §13.7: what the element `missing-choice` is of. */
const yangNamespace = 'urn:ietf:params:xml:ns:yang:1';

/** The instances of one parent's children by name. */
type Children = ReadonlyMap<string, readonly XmlElement[]>;

/**
 * Says whether a datastore is valid as a whole (RFC 6020 §8.1): what has to be there is, and there is not too
 * much of it. That every single node is known and its value of its type has been seen to when it was edited.
 */
export class ConfigValidation {
  readonly #schema: ConfigSchema;
  readonly #maxBytes: number;
  /** Octets, about, of what was found valid: trees share what an edit did not touch. */
  readonly #valid = new WeakMap<XmlElement, number>();

  /** @param maxBytes of a datastore, about, without white space */
  constructor(schema: ConfigSchema, maxBytes: number) {
    this.#schema = schema;
    this.#maxBytes = maxBytes;
  }

  /**
   * The same tree, once it was found valid.
   * @throws RpcError `data-missing`, `operation-failed` (RFC 6020 §13.2, §13.3), `too-big`
   */
  *checked(tree: ConfigTree): Steps<ConfigTree> {
    let bytes = 0;
    for (const { namespace, data } of this.#schema.modules) {
      const own = tree.filter((top) => top.namespace === namespace);
      bytes += yield* this.#children(data, own, namespace, []);
    }
    if (bytes > this.#maxBytes)
      throw new RpcError('application', 'too-big', `the datastore would hold over ${this.#maxBytes} octets`);
    return tree;
  }

  *#children(
    nodes: readonly SchemaNode[],
    elements: readonly XmlElement[],
    namespace: string,
    path: DataPath,
    keys: readonly string[] = [],
  ): Steps<number> {
    const members = this.#schema.members(nodes, keys);
    const children = new Map<string, XmlElement[]>();
    let bytes = 0;
    for (const child of elements) {
      const node = members.get(child.name)?.node;
      if (node === undefined) continue;
      const same = children.get(child.name);
      if (same === undefined) children.set(child.name, [child]);
      else same.push(child);
      bytes += 2 * child.name.length + 5;
      bytes += 'children' in node ? yield* this.#inner(node, child, path) : textOf(child).length;
    }
    this.#required(nodes, children, namespace, path);
    return bytes;
  }

  *#inner(
    node: Extract<SchemaNode, { children: unknown }>,
    child: XmlElement,
    path: DataPath,
  ): Steps<number> {
    yield;
    let bytes = this.#valid.get(child);
    if (bytes === undefined) {
      const elements = child.children.filter((one) => typeof one !== 'string');
      const keys = node.kind === 'list' ? node.keys : [];
      const own = [...path, stepTo(node, child)];
      bytes = yield* this.#children(node.children, elements, child.namespace, own, keys);
      this.#valid.set(child, bytes);
    }
    return bytes;
  }

  #required(nodes: readonly SchemaNode[], children: Children, namespace: string, path: DataPath): void {
    for (const node of nodes) if (node.config !== false) this.#requireNode(node, children, namespace, path);
  }

  #requireNode(node: SchemaNode, children: Children, namespace: string, path: DataPath): void {
    if (node.kind === 'choice') {
      const chosen = node.cases.find((one) => one.some((inner) => isGiven(inner, children)));
      if (chosen !== undefined) this.#required(chosen, children, namespace, path);
      else if (node.mandatory) throw this.#missingChoice(node.name, namespace, path);
      return;
    }
    const own = [...path, { namespace, name: node.name }];
    const count = children.get(node.name)?.length ?? 0;
    if (node.kind === 'leaf') {
      if (node.mandatory && count === 0) throw this.#missing(node.name, own);
    } else if (node.kind === 'container') {
      // One that is absent is there all the same, unless its presence means something (RFC 6020 §7.5.1).
      if (count === 0 && !node.presence) this.#required(node.children, new Map(), namespace, own);
    } else if (count < (node.minElements ?? 0))
      throw this.#wrongCount({ appTag: 'too-few-elements' }, `at least ${node.minElements}`, node.name, own);
    else if (count > (node.maxElements ?? Number.POSITIVE_INFINITY))
      throw this.#wrongCount({ appTag: 'too-many-elements' }, `at most ${node.maxElements}`, node.name, own);
  }

  #missing(name: string, path: DataPath): RpcError {
    const { type, tag, fields } = dataMissing(name, this.#schema.place(path));
    return new RpcError(type, tag, `<${name}> is mandatory`, { ...fields, info: [badElement(name)] });
  }

  /** RFC 6020 §13.2, §13.3. */
  #wrongCount(fields: RpcErrorFields, wanted: string, name: string, path: DataPath): RpcError {
    const message = `there have to be ${wanted} <${name}>`;
    return new RpcError('application', 'operation-failed', message, {
      ...fields,
      ...this.#schema.place(path),
    });
  }

  /** RFC 6020 §13.7. */
  #missingChoice(name: string, namespace: string, path: DataPath): RpcError {
    const place = path.length === 0 ? {} : this.#schema.place(path);
    const prefix = this.#schema.module(namespace)?.name ?? namespace;
    return new RpcError('application', 'data-missing', `one case of ${prefix}:${name} has to be there`, {
      appTag: 'missing-choice',
      ...place,
      info: [element(yangNamespace, 'missing-choice', name)],
    });
  }
}

function isGiven(node: SchemaNode, children: Children): boolean {
  if (node.kind === 'choice') return node.cases.some((one) => one.some((inner) => isGiven(inner, children)));
  return children.has(node.name);
}
