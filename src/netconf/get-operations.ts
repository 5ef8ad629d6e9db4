import { element, type XmlElement } from '../xml/element.ts';
import type { ModuleSchema } from '../yang/schema.ts';
import type { DatastoreName } from './datastore/datastore-locks.ts';
import { namedDatastore } from './datastore/datastore-parameter.ts';
import { applyWithDefaults, type WithDefaultsMode } from './datastore/with-defaults.ts';
import { takeWithDefaults } from './datastore/with-defaults-parameter.ts';
import type { DataFilter } from './filter/data-filter.ts';
import { requestedFilter } from './filter/filter-parameter.ts';
import { mergeData } from './merge-data.ts';
import type { ModuleIndex } from './module-catalog.ts';
import { baseNamespace } from './namespaces.ts';
import type { OperationContext, Reply } from './operation.ts';
import { parameters } from './parameters.ts';

/** `<get>` (RFC 6241 §7.7): the running configuration and state data. */
export async function get(request: XmlElement, context: OperationContext): Promise<Reply> {
  const { mode, operation } = takeWithDefaults(request);
  const filter = requestedFilter(parameters(operation, ['filter']).get('filter'), context.index.dataNode);
  const config = configuration('running', filter, mode, context);
  return dataReply(await withState(config, filter, context), filter, context);
}

/** `<get-config>` (RFC 6241 §7.1). */
export function getConfig(request: XmlElement, context: OperationContext): Reply {
  const { mode, operation } = takeWithDefaults(request);
  const given = parameters(operation, ['source', 'filter']);
  const datastore = namedDatastore(given.get('source'), 'source', operation);
  const filter = requestedFilter(given.get('filter'), context.index.dataNode);
  return dataReply(configuration(datastore, filter, mode, context), filter, context);
}

/** Configuration, and what of the state data the filter may select. */
export async function withState(
  config: readonly XmlElement[],
  filter: DataFilter | undefined,
  context: OperationContext,
): Promise<readonly XmlElement[]> {
  const { index, backend, ownState } = context;
  const own = ownState.filter((state) => maySelect(filter, state)).map((state) => state.build());
  const state = await backend.get(filter, context);
  return mergeData([...config, ...state, ...own], index.dataNode);
}

/** What of a datastore the filter may select. */
export function configuration(
  datastore: DatastoreName,
  filter: DataFilter | undefined,
  mode: WithDefaultsMode,
  { datastores, index }: OperationContext,
): readonly XmlElement[] {
  const data = datastores.read(datastore).filter((top) => maySelect(filter, top));
  return mode === 'explicit' ? data : applyWithDefaults(data, mode, implemented(index));
}

/** The modules whose data can be there. */
export function implemented({ modules }: ModuleIndex): readonly ModuleSchema[] {
  return modules.filter(({ conformance }) => conformance === 'implement').map(({ schema }) => schema);
}

function maySelect(
  filter: DataFilter | undefined,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): boolean {
  return filter === undefined || filter.maySelect(namespace, name);
}

/**
 * What the user may not read is left out before the filter looks at it: what it selects would tell what is
 * there (RFC 8341 §3.4.5).
 */
function dataReply(
  data: readonly XmlElement[],
  filter: DataFilter | undefined,
  { access }: OperationContext,
): Reply {
  const readable = access.readable(data);
  return [element(baseNamespace, 'data', filter === undefined ? readable : filter.apply(readable))];
}
