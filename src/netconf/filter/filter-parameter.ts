import { attributeOf, type XmlElement } from '../../xml/element.ts';
import { baseNamespace } from '../namespaces.ts';
import { missingAttribute, unacceptableAttribute } from '../protocol-errors.ts';
import type { FindDataNode } from '../schema-nodes.ts';
import type { DataFilter } from './data-filter.ts';
import { SubtreeFilter } from './subtree-filter.ts';
import { XPathFilter } from './xpath-filter.ts';

/**
 * What the `<filter>` of an operation selects (RFC 6241 §6, §8.9.4).
 * @param filter `undefined`: there is none
 * @param dataNode says which leaves are list keys
 * @returns `undefined`: everything
 * @throws RpcError
 */
export function requestedFilter(
  filter: XmlElement | undefined,
  dataNode: FindDataNode,
): DataFilter | undefined {
  if (filter === undefined) return undefined;
  const { select } = filterKind(filter);
  if (select === undefined) return new SubtreeFilter(filter, dataNode);
  return new XPathFilter(select, filter.scope ?? new Map(), dataNode);
}

/**
 * The type of a `<filter>` (RFC 6241 §8.9.5.1): the attribute `select` is there when it is xpath, and only
 * then used.
 * @returns no `select`: it is a subtree filter
 * @throws RpcError
 */
export function filterKind(filter: XmlElement): { readonly select?: string } {
  const type = filterAttribute(filter, 'type') ?? 'subtree';
  if (type === 'subtree') return {};
  if (type !== 'xpath') throw unacceptableAttribute('type', 'filter', 'is subtree or xpath');
  const select = filterAttribute(filter, 'select');
  if (select === undefined) throw missingAttribute('protocol', 'select', 'filter');
  return { select };
}

/** Old clients qualify the attributes, which RFC 6241 does not. */
function filterAttribute(filter: XmlElement, name: string): string | undefined {
  return attributeOf(filter, name) ?? attributeOf(filter, name, baseNamespace);
}
