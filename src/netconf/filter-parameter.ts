import { attributeOf, type XmlElement } from '../xml/element.ts';
import type { DataFilter } from './data-filter.ts';
import { baseNamespace } from './namespaces.ts';
import { operationNotSupported, unacceptableAttribute } from './protocol-errors.ts';
import type { FindDataNode } from './schema-nodes.ts';
import { SubtreeFilter } from './subtree-filter.ts';

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
  const type = filterAttribute(filter, 'type') ?? 'subtree';
  if (type === 'subtree') return new SubtreeFilter(filter, dataNode);
  if (type === 'xpath')
    throw operationNotSupported(
      'XPath filters are not supported: the :xpath capability is not announced; use a subtree filter',
      'filter',
    );
  throw unacceptableAttribute('type', 'filter', 'is subtree');
}

/** Old clients qualify the attributes, which RFC 6241 does not. */
function filterAttribute(filter: XmlElement, name: string): string | undefined {
  return attributeOf(filter, name) ?? attributeOf(filter, name, baseNamespace);
}
