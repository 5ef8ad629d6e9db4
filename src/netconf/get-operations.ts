import { childElements, element, type XmlElement } from '../xml/element.ts';
import type { DataFilter } from './data-filter.ts';
import { requestedFilter } from './filter-parameter.ts';
import { baseNamespace } from './namespaces.ts';
import type { OperationContext, Reply } from './operation.ts';
import { parameters } from './parameters.ts';
import { missingElement, operationNotSupported, unexpectedChild } from './protocol-errors.ts';

/** `<get>` (RFC 6241 §7.7): the running configuration and state data. */
export async function get(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const given = parameters(operation, ['filter']);
  const filter = requestedFilter(given.get('filter'), context.index.dataNode);
  const own = context.ownState
    .filter(({ namespace, name }) => filter === undefined || filter.maySelect(namespace, name))
    .map((state) => state.build());
  const data = await context.backend.get(filter, context);
  return dataReply([...data, ...own], filter);
}

/** `<get-config>` (RFC 6241 §7.1). */
export function getConfig(operation: XmlElement, context: OperationContext): Reply {
  const given = parameters(operation, ['source', 'filter']);
  requireRunning(given.get('source'), operation);
  return dataReply([], requestedFilter(given.get('filter'), context.index.dataNode));
}

function dataReply(data: readonly XmlElement[], filter: DataFilter | undefined): Reply {
  return [element(baseNamespace, 'data', filter === undefined ? data : filter.apply(data))];
}

/** Datastores that capabilities bring which are not announced (RFC 6241 §8.3, §8.7, §8.8). */
const otherDatastores = new Set(['candidate', 'startup', 'url']);

function requireRunning(source: XmlElement | undefined, operation: XmlElement): void {
  if (source === undefined) throw missingElement('source', operation.name);
  const [datastore, second] = childElements(source);
  if (datastore === undefined) throw missingElement('running', 'source');
  if (second !== undefined) throw unexpectedChild(second, source);
  if (datastore.namespace !== source.namespace) throw unexpectedChild(datastore, source);
  if (otherDatastores.has(datastore.name))
    throw operationNotSupported(
      `<${datastore.name}> is not supported as a source, only <running> is`,
      datastore.name,
    );
  if (datastore.name !== 'running') throw unexpectedChild(datastore, source);
}
