import type { XmlElement, XmlNode } from '../../xml/element.ts';
import type { SchemaNode } from '../../yang/schema.ts';
import { childNode, type FindDataNode, keyNames } from '../schema-nodes.ts';

/** How much is answered of the nodes that a filter selects (RFC 8526 §3.1.1). */
export interface SelectionLimits {
  /** `max-depth`: levels from a selected node on, itself the first; `Infinity`: all. */
  readonly depth: number;
  /** `config-filter`: only nodes that are configuration, or only nodes that are not. */
  readonly config?: boolean;
}

/** What a filter selects of one element. */
export interface Selected {
  /** `whole`: the element with what is below it; `alone`: without; `held`: only what `child` says. */
  readonly kind: 'whole' | 'alone' | 'held';
  /** What it selects of a child besides; `undefined`: nothing. */
  child(child: XmlElement, index: number): Selected | undefined;
}

/** An element that is selected by itself alone. */
export const wholly: Selected = { kind: 'whole', child: () => undefined };

/**
 * What is left of selected data within limits; what holds it and the keys of list entries come along.
 * @param selected says of a top-level element what is selected
 */
export function withinLimits(
  data: readonly XmlElement[],
  limits: SelectionLimits,
  dataNode: FindDataNode,
  selected: (top: XmlElement, index: number) => Selected | undefined,
): readonly XmlElement[] {
  return data.flatMap((top, index) => {
    const schema = dataNode(top.namespace, top.name);
    return part(top, schema, selected(top, index), 0, limits) ?? [];
  });
}

/** @param left levels that selected nodes above it have left */
function part(
  element: XmlElement,
  schema: SchemaNode | undefined,
  selected: Selected | undefined,
  left: number,
  limits: SelectionLimits,
): XmlElement | undefined {
  const levels = selected?.kind === 'whole' ? Math.max(left, limits.depth) : left;
  if (levels <= 0 && selected === undefined) return undefined;
  const keys = keyNames(schema);
  const children: XmlNode[] = [];
  let holdsAny = false;
  for (const [index, child] of element.children.entries()) {
    if (typeof child === 'string') {
      if (levels > 0) children.push(child);
      continue;
    }
    const below = childNode(schema, child.name);
    const kept = part(child, below, selected?.child(child, index), levels - 1, limits);
    holdsAny ||= kept !== undefined;
    if (kept !== undefined) children.push(kept);
    else if (child.namespace === element.namespace && keys.includes(child.name)) children.push(child);
  }
  const isSelected = levels > 0 || selected?.kind === 'alone';
  return holdsAny || (isSelected && isWanted(schema, limits)) ? { ...element, children } : undefined;
}

/** What no schema knows is state: all configuration has one. */
function isWanted(schema: SchemaNode | undefined, { config }: SelectionLimits): boolean {
  return config === undefined || config === (schema !== undefined && schema.config !== false);
}
