import { childElement, childElements, textOf, type XmlElement } from '../../xml/element.ts';
import type { SchemaNode } from '../../yang/schema.ts';
import type { DataPath, PathStep } from '../data-path.ts';
import { withoutSameEnds } from '../same-ends.ts';
import { childNode, type FindDataNode, keyNames } from '../schema-nodes.ts';
import { sameMeaning } from './access-path.ts';

/** Whether one node, the last of `chain`, may be changed so. */
export type MayWrite = (operation: 'create' | 'update' | 'delete', chain: readonly XmlElement[]) => boolean;

/**
 * Finds the first node that differs between two trees and may not (RFC 8341 §3.2.2, §3.4.5). A container
 * without presence is nothing by itself: only what it holds is asked for.
 */
export class WriteCheck {
  readonly #mayWrite: MayWrite;
  readonly #findDataNode: FindDataNode;

  constructor(mayWrite: MayWrite, findDataNode: FindDataNode) {
    this.#mayWrite = mayWrite;
    this.#findDataNode = findDataNode;
  }

  /** @returns the path of the node, or `undefined` when all may be */
  refused(before: readonly XmlElement[], after: readonly XmlElement[]): DataPath | undefined {
    return this.#children(before, after, [], ({ namespace, name }) => this.#findDataNode(namespace, name));
  }

  #children(
    before: readonly XmlElement[],
    after: readonly XmlElement[],
    chain: readonly XmlElement[],
    schemaOf: (node: XmlElement) => SchemaNode | undefined,
  ): DataPath | undefined {
    if (before === after) return undefined;
    const [gone, come] = withoutSameEnds(before, after);
    const was = new Map(gone.map((node) => [identity(node, schemaOf(node)), node]));
    const is = new Map(come.map((node) => [identity(node, schemaOf(node)), node]));
    for (const [id, node] of was)
      if (!is.has(id)) {
        const refused = this.#whole('delete', [...chain, node], schemaOf(node));
        if (refused !== undefined) return refused;
      }
    for (const [id, node] of is) {
      const old = was.get(id);
      const refused =
        old === undefined
          ? this.#whole('create', [...chain, node], schemaOf(node))
          : this.#changed(old, node, chain, schemaOf(node));
      if (refused !== undefined) return refused;
    }
    return this.#order(was, is, chain, schemaOf);
  }

  #changed(
    old: XmlElement,
    node: XmlElement,
    chain: readonly XmlElement[],
    schema: SchemaNode | undefined,
  ): DataPath | undefined {
    if (old === node) return undefined;
    const here = [...chain, node];
    if (schema !== undefined && 'children' in schema)
      return this.#children(childElements(old), childElements(node), here, (child) =>
        childNode(schema, child.name),
      );
    const text = textOf(node);
    if (text === textOf(old) && sameMeaning(text, old.scope, node.scope)) return undefined;
    return this.#ask('update', here);
  }

  /** A node that comes or goes, with all below it. */
  #whole(
    operation: 'create' | 'delete',
    chain: readonly XmlElement[],
    schema: SchemaNode | undefined,
  ): DataPath | undefined {
    const node = chain.at(-1);
    if (node === undefined) return undefined;
    if (schema?.kind !== 'container' || schema.presence) {
      const refused = this.#ask(operation, chain);
      if (refused !== undefined) return refused;
    }
    for (const child of childElements(node)) {
      const refused = this.#whole(operation, [...chain, child], childNode(schema, child.name));
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  /** RFC 6020 §7.7.5: where the user orders entries, to move one is to update it. */
  #order(
    was: ReadonlyMap<string, XmlElement>,
    is: ReadonlyMap<string, XmlElement>,
    chain: readonly XmlElement[],
    schemaOf: (node: XmlElement) => SchemaNode | undefined,
  ): DataPath | undefined {
    const before = userOrders(was, is, schemaOf);
    for (const [list, entries] of userOrders(is, was, schemaOf))
      for (const [rank, [id, moved]] of entries.entries())
        if (before.get(list)?.[rank]?.[0] !== id) {
          const refused = this.#ask('update', [...chain, moved]);
          if (refused !== undefined) return refused;
        }
    return undefined;
  }

  #ask(operation: 'create' | 'update' | 'delete', chain: readonly XmlElement[]): DataPath | undefined {
    return this.#mayWrite(operation, chain) ? undefined : pathOf(chain, this.#findDataNode);
  }
}

/** The entries that both have of the lists that the user orders, by the list's name. */
function userOrders(
  nodes: ReadonlyMap<string, XmlElement>,
  others: ReadonlyMap<string, XmlElement>,
  schemaOf: (node: XmlElement) => SchemaNode | undefined,
): Map<string, [string, XmlElement][]> {
  const lists = new Map<string, [string, XmlElement][]>();
  for (const [id, node] of nodes) {
    const schema = schemaOf(node);
    if (!others.has(id) || schema === undefined) continue;
    if (!('orderedBy' in schema) || schema.orderedBy !== 'user') continue;
    const entries = lists.get(node.name) ?? [];
    entries.push([id, node]);
    lists.set(node.name, entries);
  }
  return lists;
}

/** What makes a node the same one in two trees: its name, and of an entry the keys or the value. */
function identity(node: XmlElement, schema: SchemaNode | undefined): string {
  const { namespace, name } = node;
  const parts: unknown[] = [namespace, name];
  // What no schema knows is compared whole.
  if (schema === undefined) parts.push(node.children);
  else if (schema.kind === 'list') parts.push(keysOf(node, schema));
  else if (schema.kind === 'leaf-list') parts.push(textOf(node));
  return JSON.stringify(parts);
}

function keysOf(entry: XmlElement, schema: SchemaNode): Record<string, string> {
  const keys = keyNames(schema).map((key): [string, string] => {
    const leaf = childElement(entry, entry.namespace, key);
    return [key, leaf === undefined ? '' : textOf(leaf)];
  });
  return Object.fromEntries(keys);
}

/** The path of the last of `chain`. */
function pathOf(chain: readonly XmlElement[], findDataNode: FindDataNode): DataPath {
  let schema: SchemaNode | undefined;
  return chain.map((node, depth): PathStep => {
    const { namespace, name } = node;
    schema = depth === 0 ? findDataNode(namespace, name) : childNode(schema, name);
    if (schema?.kind === 'leaf-list') return { namespace, name, keys: { '.': textOf(node) } };
    return schema?.kind === 'list' ? { namespace, name, keys: keysOf(node, schema) } : { namespace, name };
  });
}
