import { childElements, textOf, type XmlElement, type XmlNode } from '../../xml/element.ts';
import type { SchemaNode } from '../../yang/schema.ts';
import { RpcError } from '../rpc-error.ts';
import { childNode, type FindDataNode, keyNames } from '../schema-nodes.ts';
import type { DataFilter } from './data-filter.ts';
import { type Selected, type SelectionLimits, withinLimits } from './selection-limits.ts';
import { filterBudget, type WorkBudget } from './work-budget.ts';

/** Elements of a filter. */
const maxFilterNodes = 1000;

/** A node of a filter (§6.2), with its children sorted by what they are. */
interface FilterNode {
  readonly element: XmlElement;
  readonly kind: 'containment' | 'selection' | 'content';
  /** Text to match, trimmed (§6.2.5: leading and trailing white space does not count). */
  readonly content: string;
  /** Content match nodes among the children. */
  readonly tests: readonly FilterNode[];
  /** Containment and selection nodes among the children. */
  readonly parts: readonly FilterNode[];
  /** All children, by their names. */
  readonly below: ReadonlyMap<string, readonly FilterNode[]>;
}

/** A subtree filter (RFC 6241 §6). */
export class SubtreeFilter implements DataFilter {
  readonly #nodes: readonly FilterNode[];
  readonly #dataNode: FindDataNode;

  /**
   * @param filter the `<filter>` element; one without children selects nothing (§6.4.2)
   * @param dataNode says which leaves are list keys
   * @throws RpcError `too-big`
   */
  constructor(filter: XmlElement, dataNode: FindDataNode = () => undefined) {
    const budget = { left: maxFilterNodes };
    this.#nodes = childElements(filter).map((child) => compile(child, budget));
    this.#dataNode = dataNode;
  }

  maySelect(namespace: string, name: string): boolean {
    return this.#nodes.some(({ element }) => isOf(element, namespace, name));
  }

  keys(path: readonly string[], key: string): ReadonlySet<string> | undefined {
    let entries = this.#nodes;
    for (const [depth, name] of path.entries()) {
      entries = entries.filter(({ element }) => element.name === name);
      if (depth === path.length - 1) break;
      // A node without parts selects all that its data holds.
      if (entries.some(({ parts }) => parts.length === 0)) return undefined;
      entries = entries.flatMap(({ parts }) => parts);
    }
    const keys = new Set<string>();
    for (const { tests } of entries) {
      const test = tests.find(({ element }) => element.name === key);
      if (test === undefined) return undefined;
      keys.add(test.content);
    }
    return keys;
  }

  apply(data: readonly XmlElement[], limits?: SelectionLimits): readonly XmlElement[] {
    const selection = new Selection(filterBudget(data));
    if (limits !== undefined)
      return withinLimits(data, limits, this.#dataNode, (top) => selection.selected(top, this.#nodes));
    return data.flatMap((top) => {
      const matching = selection.matching(this.#nodes, top);
      if (matching.length === 0) return [];
      return selection.select(top, matching, this.#dataNode(top.namespace, top.name)) ?? [];
    });
  }
}

function compile(element: XmlElement, budget: { left: number }): FilterNode {
  budget.left -= 1;
  if (budget.left < 0)
    throw new RpcError('application', 'too-big', `the filter has over ${maxFilterNodes} elements`);
  const children = childElements(element).map((child) => compile(child, budget));
  const content = children.length === 0 ? textOf(element).trim() : '';
  const leafKind = content === '' ? 'selection' : 'content';
  return {
    element,
    kind: children.length > 0 ? 'containment' : leafKind,
    content,
    tests: children.filter(({ kind }) => kind === 'content'),
    parts: children.filter(({ kind }) => kind !== 'content'),
    below: byName(children),
  };
}

function byName(nodes: readonly FilterNode[]): ReadonlyMap<string, readonly FilterNode[]> {
  const named = new Map<string, FilterNode[]>();
  for (const node of nodes) {
    const same = named.get(node.element.name);
    if (same === undefined) named.set(node.element.name, [node]);
    else same.push(node);
  }
  return named;
}

/** §6.2.1: a filter node without a namespace is of any. */
function isOf(element: XmlElement, namespace: string, name: string): boolean {
  return element.name === name && (element.namespace === namespace || element.namespace === '');
}

/** Applies filter nodes to data once, counting the work. */
class Selection {
  readonly #budget: WorkBudget;

  constructor(budget: WorkBudget) {
    this.#budget = budget;
  }

  /** The filter nodes that are of the element. Content is matched by {@link select}. */
  matching(nodes: readonly FilterNode[], data: XmlElement): FilterNode[] {
    this.#budget.spend(nodes.length);
    return nodes.filter((node) => matches(node, data));
  }

  /** What the filter nodes, all of which match the element, select of it together. */
  select(
    data: XmlElement,
    nodes: readonly FilterNode[],
    schema: SchemaNode | undefined,
  ): XmlElement | undefined {
    if (nodes.some((node) => selectsAtOnce(node, data))) return data;
    const passed = this.#passed(nodes, data);
    if (passed.some(selectsSiblings)) return data;
    return passed.length === 0 ? undefined : this.#assemble(data, passed, schema);
  }

  /** The same, for {@link withinLimits}: what the filter nodes that match an element select of it. */
  selected(data: XmlElement, nodes: readonly FilterNode[]): Selected | undefined {
    const matching = this.matching(nodes, data);
    if (matching.length === 0) return undefined;
    const passed = this.#passed(matching, data);
    const whole = passed.some(selectsSiblings) || matching.some((node) => selectsAtOnce(node, data));
    if (!whole && passed.length === 0) return undefined;
    return {
      kind: whole ? 'whole' : 'held',
      child: (child) => this.selected(child, this.#below(passed, child.name)),
    };
  }

  #passed(nodes: readonly FilterNode[], data: XmlElement): FilterNode[] {
    return nodes.filter(({ kind, tests }) => kind === 'containment' && this.#passes(tests, data));
  }

  /** §6.2.5: all content match nodes of a sibling set have to be true. */
  #passes(tests: readonly FilterNode[], data: XmlElement): boolean {
    return tests.every((test) => {
      this.#budget.spend(data.children.length);
      return data.children.some((child) => typeof child !== 'string' && isMatched(test, child));
    });
  }

  /** What the children of containment nodes select of the children of an element. */
  #assemble(
    data: XmlElement,
    nodes: readonly FilterNode[],
    schema: SchemaNode | undefined,
  ): XmlElement | undefined {
    const keys = keyNames(schema);
    const kept: XmlNode[] = [];
    let selectedAny = false;
    for (const child of data.children) {
      if (typeof child === 'string') continue;
      const selected = this.#child(child, this.#below(nodes, child.name), schema);
      selectedAny ||= selected !== undefined;
      if (selected !== undefined) kept.push(selected);
      else if (child.namespace === data.namespace && keys.includes(child.name)) kept.push(child);
    }
    return selectedAny ? { ...data, children: kept } : undefined;
  }

  #below(nodes: readonly FilterNode[], name: string): readonly FilterNode[] {
    this.#budget.spend(nodes.length);
    const [only] = nodes;
    if (only !== undefined && nodes.length === 1) return only.below.get(name) ?? none;
    return nodes.flatMap(({ below }) => below.get(name) ?? none);
  }

  #child(
    child: XmlElement,
    nodes: readonly FilterNode[],
    schema: SchemaNode | undefined,
  ): XmlElement | undefined {
    if (nodes.length === 0) return undefined;
    const matching = this.matching(nodes, child);
    return matching.length === 0 ? undefined : this.select(child, matching, childNode(schema, child.name));
  }
}

const none: readonly FilterNode[] = [];

/** Whether a node that is of an element selects it with all that is below it. */
function selectsAtOnce(node: FilterNode, data: XmlElement): boolean {
  return node.kind === 'selection' || (node.kind === 'content' && hasContent(node, data));
}

/** §6.2.5: where only content is matched, the whole sibling set is selected. */
function selectsSiblings({ parts }: FilterNode): boolean {
  return parts.length === 0;
}

/** §6.2.1, §6.2.2: of the same name and namespace, all attributes of the filter node equal. */
function matches({ element }: FilterNode, data: XmlElement): boolean {
  return (
    isOf(element, data.namespace, data.name) &&
    element.attributes.every((wanted) =>
      data.attributes.some(
        ({ name, namespace, value }) =>
          name === wanted.name && namespace === wanted.namespace && value === wanted.value,
      ),
    )
  );
}

function isMatched(test: FilterNode, data: XmlElement): boolean {
  return matches(test, data) && hasContent(test, data);
}

/** §6.2.5: the text of a leaf, without the white space around it. */
function hasContent({ content }: FilterNode, data: XmlElement): boolean {
  return data.children.every((child) => typeof child === 'string') && textOf(data).trim() === content;
}
