import { childElements, textOf, type XmlElement, type XmlNode } from '../xml/element.ts';
import type { SchemaNode } from '../yang/schema.ts';
import { RpcError } from './rpc-error.ts';

/** Elements of a filter: the work is at most this times the elements of the data. */
const maxFilterNodes = 1000;

/** The top-level schema node of data, where its module is known; says which leaves are list keys. */
export type FindDataNode = (namespace: string, name: string) => SchemaNode | undefined;

/**
 * Applies a subtree filter (RFC 6241 §6).
 * @param data top-level elements
 * @param filter the `<filter>` element; `undefined` selects all, one without children nothing (§6.4.1, §6.4.2)
 * @returns what is selected of each element, in the order of the data; keys of lists come along
 * @throws RpcError `too-big`
 */
export function filterSubtree(
  data: readonly XmlElement[],
  filter: XmlElement | undefined,
  findDataNode: FindDataNode = () => undefined,
): readonly XmlElement[] {
  if (filter === undefined) return data;
  const budget = { left: maxFilterNodes };
  const nodes = childElements(filter).map((child) => compile(child, budget));
  return data.flatMap((top) => {
    const matching = nodes.filter((node) => matches(node, top));
    const schema = findDataNode(top.namespace, top.name);
    const selected = matching.length === 0 ? undefined : select(top, matching, schema);
    return selected ?? [];
  });
}

/** Whether a filter can select anything of a top-level element, so that others need not be built. */
export function maySelect(filter: XmlElement | undefined, namespace: string, name: string): boolean {
  if (filter === undefined) return true;
  return childElements(filter).some(
    (node) => node.name === name && (node.namespace === namespace || node.namespace === ''),
  );
}

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
  };
}

/** §6.2.1 (no namespace: any) and §6.2.2 (all attributes equal). Content is matched by {@link select}. */
function matches({ element }: FilterNode, data: XmlElement): boolean {
  return (
    element.name === data.name &&
    (element.namespace === data.namespace || element.namespace === '') &&
    element.attributes.every((wanted) =>
      data.attributes.some(
        ({ name, namespace, value }) =>
          name === wanted.name && namespace === wanted.namespace && value === wanted.value,
      ),
    )
  );
}

function hasContent(test: FilterNode, data: XmlElement): boolean {
  return matches(test, data) && childElements(data).length === 0 && textOf(data).trim() === test.content;
}

/** What the filter nodes, all of which match the element, select of it together. */
function select(
  data: XmlElement,
  nodes: readonly FilterNode[],
  schema: SchemaNode | undefined,
): XmlElement | undefined {
  if (nodes.some(({ kind }) => kind === 'selection')) return data;
  if (nodes.some((node) => node.kind === 'content' && hasContent(node, data))) return data;
  const children = childElements(data);
  const passed = nodes.filter(({ kind, tests }) => kind === 'containment' && passes(tests, children));
  // §6.2.5: where only content is matched, the whole sibling set is selected.
  if (passed.some(({ parts }) => parts.length === 0)) return data;
  const tests = passed.flatMap((node) => node.tests);
  const parts = passed.flatMap((node) => node.parts);
  return parts.length === 0 ? undefined : assemble(data, tests, parts, schema);
}

/** §6.2.5: all content match nodes of a sibling set have to be true. */
function passes(tests: readonly FilterNode[], children: readonly XmlElement[]): boolean {
  return tests.every((test) => children.some((child) => hasContent(test, child)));
}

function assemble(
  data: XmlElement,
  tests: readonly FilterNode[],
  parts: readonly FilterNode[],
  schema: SchemaNode | undefined,
): XmlElement | undefined {
  const keys = schema?.kind === 'list' ? schema.keys : [];
  const kept: XmlNode[] = [];
  let selectedAny = false;
  for (const child of data.children) {
    if (typeof child === 'string') continue;
    const selected = selectChild(child, tests, parts, schema);
    selectedAny ||= selected !== undefined;
    if (selected !== undefined) kept.push(selected);
    else if (child.namespace === data.namespace && keys.includes(child.name)) kept.push(child);
  }
  return selectedAny ? { ...data, children: kept } : undefined;
}

function selectChild(
  child: XmlElement,
  tests: readonly FilterNode[],
  parts: readonly FilterNode[],
  schema: SchemaNode | undefined,
): XmlElement | undefined {
  if (tests.some((test) => hasContent(test, child))) return child;
  const matching = parts.filter((part) => matches(part, child));
  return matching.length === 0 ? undefined : select(child, matching, childNode(schema, child.name));
}

/** The schema node of a child; choices and cases are not in the data (RFC 6020 §7.9). */
function childNode(parent: SchemaNode | undefined, name: string): SchemaNode | undefined {
  return parent !== undefined && 'children' in parent ? findNode(parent.children, name) : undefined;
}

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
