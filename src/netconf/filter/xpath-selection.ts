import type { XmlElement, XmlNode } from '../../xml/element.ts';
import type { TreeNode } from '../../xml/xpath/tree-node.ts';
import type { NodeSet } from '../../xml/xpath/values.ts';
import type { SchemaNode } from '../../yang/schema.ts';
import { childNode, type FindDataNode, keyNames } from '../schema-nodes.ts';
import { type Selected, type SelectionLimits, wholly, withinLimits } from './selection-limits.ts';

/**
 * What a node-set selects of data (RFC 6241 §8.9.5): each node with all below it, what holds it, and the
 * keys of the list entries among that. A text selects its leaf, an attribute its element without content.
 * @param data the children of the root of the nodes
 * @param limits how much of the nodes is wanted; absent: all that is below them
 */
export function selectNodes(
  nodes: NodeSet,
  data: readonly XmlElement[],
  dataNode: FindDataNode,
  limits?: SelectionLimits,
): readonly XmlElement[] {
  const marks = new Marks();
  for (const node of nodes) marks.select(node);
  const [{ root } = { root: undefined }] = nodes;
  if (root === undefined) return [];
  const tops = marks.held(root);
  if (limits !== undefined)
    return withinLimits(data, limits, dataNode, (_top, index) => marks.selectedAt(root, index));
  if (marks.isWhole(root)) return data;
  return data.flatMap((top, index) => {
    const node = tops?.get(index);
    return node === undefined ? [] : [marks.part(top, node, dataNode(top.namespace, top.name))];
  });
}

/** Which nodes are selected whole, and which children of the others hold something selected. */
class Marks {
  readonly #whole = new Set<TreeNode>();
  readonly #held = new Map<TreeNode, Map<number, TreeNode>>();

  select(node: TreeNode): void {
    const { parent } = node;
    if (parent === undefined || node.kind === 'element') this.#whole.add(node);
    else if (node.kind === 'text') this.#whole.add(parent);
    this.#hold(node.kind === 'element' ? node : parent);
  }

  isWhole(node: TreeNode): boolean {
    return this.#whole.has(node);
  }

  held(node: TreeNode): ReadonlyMap<number, TreeNode> | undefined {
    return this.#held.get(node);
  }

  /** What is selected of a child; those of the root are selected with it. */
  selectedAt(parent: TreeNode, index: number): Selected | undefined {
    const node = this.#held.get(parent)?.get(index);
    const withRoot = parent.parent === undefined && this.#whole.has(parent);
    if (node === undefined) return withRoot ? wholly : undefined;
    // What is neither selected nor holds what is selected has a selected attribute.
    const kind = this.#held.has(node) ? 'held' : 'alone';
    return {
      kind: withRoot || this.#whole.has(node) ? 'whole' : kind,
      child: (_child, at) => this.selectedAt(node, at),
    };
  }

  /** What is selected of an element that holds something selected. */
  part(element: XmlElement, node: TreeNode, schema: SchemaNode | undefined): XmlElement {
    if (this.#whole.has(node)) return element;
    const held = this.#held.get(node);
    const keys = keyNames(schema);
    const children: XmlNode[] = [];
    for (const [index, child] of element.children.entries()) {
      if (typeof child === 'string') continue;
      const below = held?.get(index);
      if (below !== undefined) children.push(this.part(child, below, childNode(schema, child.name)));
      else if (child.namespace === element.namespace && keys.includes(child.name)) children.push(child);
    }
    return { ...element, children };
  }

  #hold(from: TreeNode | undefined): void {
    for (let node = from; node?.parent !== undefined; node = node.parent) {
      const siblings = this.#held.get(node.parent);
      if (siblings?.has(node.index) === true) return;
      if (siblings === undefined) this.#held.set(node.parent, new Map([[node.index, node]]));
      else siblings.set(node.index, node);
    }
  }
}
