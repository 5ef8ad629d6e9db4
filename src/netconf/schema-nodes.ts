import type { SchemaNode } from '../yang/schema.ts';

/** The top-level schema node of data, where its module is known. */
export type FindDataNode = (namespace: string, name: string) => SchemaNode | undefined;

/** Finds a node by name among schema nodes, looking into choices. */
export function findNode(nodes: readonly SchemaNode[], name: string): SchemaNode | undefined {
  for (const node of nodes) {
    if (node.kind !== 'choice') {
      if (node.name === name) return node;
      continue;
    }
    for (const one of node.cases) {
      const found = findNode(one, name);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The schema node of a child; choices and cases are not in the data (RFC 6020 §7.9). */
export function childNode(parent: SchemaNode | undefined, name: string): SchemaNode | undefined {
  return parent !== undefined && 'children' in parent ? findNode(parent.children, name) : undefined;
}

const noKeys: readonly string[] = [];

/** The names of the keys of an entry; none for what is no list entry, or unknown. */
export function keyNames(node: SchemaNode | undefined): readonly string[] {
  return node?.kind === 'list' ? node.keys : noKeys;
}
