import { textOf, type XmlElement } from '../../xml/element.ts';
import { datastoresNamespace } from '../namespaces.ts';
import { invalidValue, missingElement } from '../protocol-errors.ts';
import type { DatastoreName } from './datastore-locks.ts';

/** The datastores of RFC 8342 that are served: those of configuration, and what is in use. */
export const servedDatastores = ['running', 'startup', 'operational'] as const;

/**
 * The datastore that a leaf `datastore` names, an identityref (RFC 7950 §9.10.3).
 * @param leaf `undefined`: it is missing
 * @param operation that needs it
 * @throws RpcError `invalid-value` when it is not served (RFC 8526 §3.1.1), `missing-element`
 */
export function identifiedDatastore(
  leaf: XmlElement | undefined,
  operation: string,
): (typeof servedDatastores)[number] {
  if (leaf === undefined) throw missingElement('datastore', operation);
  const text = textOf(leaf).trim();
  const [name = '', prefix = ''] = text.split(':').reverse();
  const served = servedDatastores.find((one) => one === name);
  if (served === undefined || text.split(':').length > 2 || leaf.scope?.get(prefix) !== datastoresNamespace)
    throw invalidValue('datastore', `<datastore> is one of ${servedDatastores.join(', ')}, with its prefix`);
  return served;
}

/**
 * The same, of what only a datastore of configuration can be the subject of.
 * @throws RpcError `invalid-value` for others (RFC 8526 §3.1.2, §3.2)
 */
export function identifiedConfig(leaf: XmlElement | undefined, operation: string): DatastoreName {
  const datastore = identifiedDatastore(leaf, operation);
  if (datastore === 'operational')
    throw invalidValue('datastore', `<${operation}> is for running and startup: operational is only read`);
  return datastore;
}
