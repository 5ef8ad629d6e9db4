import { element, textOf, type XmlElement } from '../xml/element.ts';
import { identifiedDatastore } from './datastore/datastore-identity.ts';
import { applyOperationalDefaults, type WithDefaultsMode } from './datastore/with-defaults.ts';
import { withDefaultsModes } from './datastore/with-defaults-parameter.ts';
import type { DataFilter } from './filter/data-filter.ts';
import { type SelectionLimits, wholly, withinLimits } from './filter/selection-limits.ts';
import { SubtreeFilter } from './filter/subtree-filter.ts';
import { XPathFilter } from './filter/xpath-filter.ts';
import { configuration, implemented, withState } from './get-operations.ts';
import { nmdaNamespace } from './namespaces.ts';
import type { OperationContext, Reply } from './operation.ts';
import { parameters, wordOf } from './parameters.ts';
import { invalidValue, refusedElement } from './protocol-errors.ts';
import type { FindDataNode } from './schema-nodes.ts';

/** Those of the features that are served (RFC 8526 §4): `with-defaults`, but not `origin`. */
const names = [
  'datastore',
  'subtree-filter',
  'xpath-filter',
  'config-filter',
  'max-depth',
  'with-defaults',
] as const;

type Given = ReadonlyMap<string, XmlElement>;

/** `<get-data>` (RFC 8526 §3.1.1). */
export async function getData(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const { dataNode } = context.index;
  const given = parameters(operation, names);
  const datastore = identifiedDatastore(given.get('datastore'), operation.name);
  const filter = dataFilter(given, dataNode);
  const limits = selectionLimits(given);
  const mode = wordOf(given, 'with-defaults', withDefaultsModes);
  const data =
    datastore === 'operational'
      ? await operational(filter, mode ?? 'report-all', context)
      : configuration(datastore, filter, mode ?? 'explicit', context);
  const readable = context.access.readable(data);
  return [element(nmdaNamespace, 'data', selectedData(readable, filter, limits, dataNode))];
}

/** RFC 8342 §5.3: state, and the configuration in use, defaults included. */
async function operational(
  filter: DataFilter | undefined,
  mode: WithDefaultsMode,
  context: OperationContext,
): Promise<readonly XmlElement[]> {
  const data = await withState(configuration('running', filter, 'explicit', context), filter, context);
  return applyOperationalDefaults(data, mode, implemented(context.index));
}

/** @throws RpcError */
function dataFilter(given: Given, dataNode: FindDataNode): DataFilter | undefined {
  const subtree = given.get('subtree-filter');
  const xpath = given.get('xpath-filter');
  if (subtree !== undefined && xpath !== undefined)
    throw refusedElement('xpath-filter', '<subtree-filter> and <xpath-filter> are not for one request');
  if (subtree !== undefined) return new SubtreeFilter(subtree, dataNode);
  if (xpath === undefined) return undefined;
  return new XPathFilter(textOf(xpath), xpath.scope ?? new Map(), dataNode, 'xpath-filter');
}

/** @returns `undefined`: there are none */
function selectionLimits(given: Given): SelectionLimits | undefined {
  const config = wordOf(given, 'config-filter', ['true', 'false']);
  const depth = maxDepth(given.get('max-depth'));
  if (config !== undefined) return { depth, config: config === 'true' };
  return depth === Number.POSITIVE_INFINITY ? undefined : { depth };
}

function maxDepth(leaf: XmlElement | undefined): number {
  const text = leaf === undefined ? 'unbounded' : textOf(leaf).trim();
  if (text === 'unbounded') return Number.POSITIVE_INFINITY;
  const depth = /^\+?[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  if (depth < 1 || depth > 65535) throw invalidValue('max-depth', '<max-depth> is 1 to 65535, or unbounded');
  return depth;
}

/** Without a filter, the top-level nodes are the selected ones. */
function selectedData(
  data: readonly XmlElement[],
  filter: DataFilter | undefined,
  limits: SelectionLimits | undefined,
  dataNode: FindDataNode,
): readonly XmlElement[] {
  if (filter !== undefined) return filter.apply(data, limits);
  return limits === undefined ? data : withinLimits(data, limits, dataNode, () => wholly);
}
