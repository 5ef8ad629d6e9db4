import type { XmlElement, XmlNode } from '../xml/element.ts';
import type { SchemaNode } from '../yang/schema.ts';
import { childNode, type FindDataNode } from './schema-nodes.ts';

/**
 * Makes one element of top-level elements that are of one node, such as the configuration of a container
 * and its state: containers become one, and what else they hold stands side by side. No list of a module
 * that is served has entries of both.
 */
export function mergeData(data: readonly XmlElement[], dataNode: FindDataNode): readonly XmlElement[] {
  const merged = new Map<string, XmlElement>();
  for (const top of data) {
    const node = `${top.name} ${top.namespace}`;
    const other = merged.get(node);
    merged.set(node, other === undefined ? top : merge(other, top, dataNode(top.namespace, top.name)));
  }
  return [...merged.values()];
}

function merge(first: XmlElement, second: XmlElement, schema: SchemaNode | undefined): XmlElement {
  const children: XmlNode[] = [...first.children];
  for (const child of second.children) {
    const node = typeof child === 'string' ? undefined : childNode(schema, child.name);
    const place =
      typeof child !== 'string' && node?.kind === 'container'
        ? children.findIndex((other) => typeof other !== 'string' && isSameNode(child, other))
        : -1;
    const other = children[place];
    if (typeof other === 'object' && typeof child === 'object') children[place] = merge(other, child, node);
    else children.push(child);
  }
  return { ...first, children };
}

function isSameNode(a: XmlElement, b: XmlElement): boolean {
  return a.name === b.name && a.namespace === b.namespace;
}
