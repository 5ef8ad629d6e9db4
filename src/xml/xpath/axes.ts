import type { XmlNode } from '../element.ts';
import type { Budget } from './budget.ts';
import type { Axis, NodeTest } from './expression.ts';
import type { TreeNode } from './tree-node.ts';

/** The axes along which positions count backwards through the document (XPath 1.0 §2.4). */
export const reverseAxes: ReadonlySet<Axis> = new Set<Axis>([
  'ancestor',
  'ancestor-or-self',
  'parent',
  'preceding',
  'preceding-sibling',
]);

/** The nodes of an axis that a test takes, in the order of the axis (XPath 1.0 §2.2, §2.3). */
export function walk(node: TreeNode, axis: Axis, test: NodeTest, budget: Budget): TreeNode[] {
  budget.spend(1);
  const walker = new Walker(test, budget);
  walker.walk(node, axis);
  return walker.found;
}

/** Making a node costs as much as looking at some. */
const stepsPerNode = 8;

class Walker {
  readonly found: TreeNode[] = [];
  readonly #test: NodeTest;
  readonly #budget: Budget;

  constructor(test: NodeTest, budget: Budget) {
    this.#test = test;
    this.#budget = budget;
  }

  walk(node: TreeNode, axis: Axis): void {
    const { parent } = node;
    switch (axis) {
      case 'self':
        this.#take(node);
        break;
      case 'child':
        this.#children(node);
        break;
      case 'descendant':
        this.#descendants(node);
        break;
      case 'descendant-or-self':
        this.#take(node);
        this.#descendants(node);
        break;
      case 'attribute':
        this.#attributes(node);
        break;
      case 'parent':
        if (parent !== undefined) this.#take(parent);
        break;
      case 'ancestor':
        this.#ancestors(parent);
        break;
      case 'ancestor-or-self':
        this.#ancestors(node);
        break;
      case 'following-sibling':
        this.#siblings(node, 1, (sibling) => this.#take(sibling));
        break;
      case 'preceding-sibling':
        this.#siblings(node, -1, (sibling) => this.#take(sibling));
        break;
      case 'following':
        this.#following(node);
        break;
      case 'preceding':
        this.#preceding(node);
        break;
      case 'namespace':
        break;
    }
  }

  #take(node: TreeNode): void {
    this.#budget.spend(stepsPerNode);
    if (takes(this.#test, node)) this.found.push(node);
  }

  #attributes(node: TreeNode): void {
    const attributes = node.attributes();
    this.#budget.spend(attributes.length * stepsPerNode);
    const test = this.#test;
    for (const one of attributes)
      if (
        test.kind === 'type'
          ? test.type === 'node'
          : one.attribute !== undefined && isNamed(test, one.attribute)
      )
        this.found.push(one);
  }

  /** Makes nodes of those children only that the test takes. */
  #children(node: TreeNode): void {
    const { children } = node;
    this.#budget.spend(children.length);
    for (let index = 0; index < children.length; index += 1) {
      const child = children[index];
      if (child !== undefined && takesChild(this.#test, child))
        this.found.push(this.#node(node, index, child));
    }
  }

  #descendants(node: TreeNode): void {
    const { children } = node;
    this.#budget.spend(children.length);
    for (let index = 0; index < children.length; index += 1) {
      const child = children[index];
      if (child === undefined) continue;
      if (takesChild(this.#test, child)) this.found.push(this.#node(node, index, child));
      // What is below a leaf is text, which most tests do not take.
      if (typeof child !== 'string' && this.#looksInto(child.children))
        this.#descendants(this.#node(node, index, child));
    }
  }

  #node(parent: TreeNode, index: number, child: XmlNode): TreeNode {
    this.#budget.spend(stepsPerNode);
    return parent.child(index, child);
  }

  #looksInto(children: readonly XmlNode[]): boolean {
    return this.#test.kind === 'type' || children.length > 1 || typeof children[0] === 'object';
  }

  #ancestors(from: TreeNode | undefined): void {
    for (let node = from; node !== undefined; node = node.parent) this.#take(node);
  }

  #siblings({ parent, index }: TreeNode, direction: 1 | -1, visit: (sibling: TreeNode) => void): void {
    if (parent === undefined || index < 0) return;
    const { children } = parent;
    for (let place = index + direction; place >= 0 && place < children.length; place += direction) {
      const child = children[place];
      if (child !== undefined) visit(parent.child(place, child));
    }
  }

  #following(node: TreeNode): void {
    for (let from: TreeNode | undefined = node; from?.parent !== undefined; from = from.parent) {
      // §2.2: what is in the element of an attribute follows the attribute.
      if (from.index < 0) this.#descendants(from.parent);
      this.#siblings(from, 1, (sibling) => {
        this.#take(sibling);
        this.#descendants(sibling);
      });
    }
  }

  #preceding(node: TreeNode): void {
    for (let from: TreeNode | undefined = node; from !== undefined; from = from.parent)
      this.#siblings(from, -1, (sibling) => this.#backwards(sibling));
  }

  /** A node and its descendants, last first. */
  #backwards(node: TreeNode): void {
    const { children } = node;
    for (let index = children.length - 1; index >= 0; index -= 1) {
      const child = children[index];
      if (child !== undefined) this.#backwards(node.child(index, child));
    }
    this.#take(node);
  }
}

function takes(test: NodeTest, node: TreeNode): boolean {
  if (test.kind === 'type') return test.type === 'node' || (test.type === 'text' && node.kind === 'text');
  // §2.3: only on the attribute axis, which walks by itself, is a name that of an attribute.
  return node.element !== undefined && isNamed(test, node.element);
}

function takesChild(test: NodeTest, child: XmlNode): boolean {
  if (test.kind === 'type')
    return test.type === 'node' || (test.type === 'text' && typeof child === 'string');
  return typeof child !== 'string' && isNamed(test, child);
}

function isNamed(
  test: Exclude<NodeTest, { kind: 'type' }>,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): boolean {
  if (test.kind === 'name' && test.name !== name) return false;
  return test.namespace === undefined || test.namespace === namespace;
}
