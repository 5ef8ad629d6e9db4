import type { XmlAttribute, XmlElement, XmlNode } from '../element.ts';

const none: readonly XmlNode[] = [];

/** What a node stands for (XPath 1.0 §5): the root, an element, a text or an attribute. */
type Subject = readonly XmlElement[] | XmlNode | XmlAttribute;

/**
 * A node in a tree of elements, which know neither parent nor place. Made when an evaluation first looks
 * at it; one node is one object. Namespace, comment and processing instruction nodes do not exist.
 */
export class TreeNode {
  readonly kind: 'root' | 'element' | 'text' | 'attribute';
  readonly parent: TreeNode | undefined;
  /** Place among the children of the parent, or, below 0, among its attributes. */
  readonly index: number;
  readonly depth: number;
  readonly #subject: Subject;
  #children: (TreeNode | undefined)[] | undefined;

  private constructor(kind: TreeNode['kind'], subject: Subject, parent: TreeNode | undefined, index: number) {
    this.kind = kind;
    this.#subject = subject;
    this.parent = parent;
    this.index = index;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  static root(topLevel: readonly XmlElement[]): TreeNode {
    return new TreeNode('root', topLevel, undefined, 0);
  }

  get element(): XmlElement | undefined {
    return this.kind === 'element' ? (this.#subject as XmlElement) : undefined;
  }

  get attribute(): XmlAttribute | undefined {
    return this.kind === 'attribute' ? (this.#subject as XmlAttribute) : undefined;
  }

  get text(): string | undefined {
    return this.kind === 'text' ? (this.#subject as string) : undefined;
  }

  /** The children as they are in the tree of elements. */
  get children(): readonly XmlNode[] {
    if (this.kind === 'root') return this.#subject as readonly XmlElement[];
    return this.element?.children ?? none;
  }

  /** The root of its tree. */
  get root(): TreeNode {
    let node: TreeNode = this;
    while (node.parent !== undefined) node = node.parent;
    return node;
  }

  /** The node of a child. */
  child(index: number, child: XmlNode): TreeNode {
    return this.#node(index, index, typeof child === 'string' ? 'text' : 'element', child);
  }

  attributes(): readonly TreeNode[] {
    const { attributes } = this.element ?? { attributes: [] };
    const count = attributes.length;
    return attributes.map((attribute, place) =>
      this.#node(this.children.length + place, place - count, 'attribute', attribute),
    );
  }

  /** Nodes are kept, children first and attributes behind them: identity tells nodes apart. */
  #node(slot: number, index: number, kind: TreeNode['kind'], subject: Subject): TreeNode {
    this.#children ??= [];
    const known = this.#children[slot];
    if (known !== undefined) return known;
    const node = new TreeNode(kind, subject, this, index);
    this.#children[slot] = node;
    return node;
  }
}

/** Negative when `a` comes first in document order (§5), 0 when they are one node. */
export function documentOrder(a: TreeNode, b: TreeNode): number {
  if (a.parent === b.parent) return a.index - b.index;
  let left = a;
  let right = b;
  while (left.depth > right.depth && left.parent !== undefined) left = left.parent;
  while (right.depth > left.depth && right.parent !== undefined) right = right.parent;
  // One holds the other: the holder comes first.
  if (left === right) return a.depth - b.depth;
  while (left.parent !== right.parent && left.parent !== undefined && right.parent !== undefined) {
    left = left.parent;
    right = right.parent;
  }
  return left.index - right.index;
}
