import { childElements, element, type XmlElement } from '../../xml/element.ts';
import { baseNamespace, nmdaNamespace } from '../namespaces.ts';
import { missingElement, operationNotSupported, unexpectedChild } from '../protocol-errors.ts';
import { identifiedConfig } from './datastore-identity.ts';
import type { DatastoreName } from './datastore-locks.ts';
import type { ConfigSource } from './datastores.ts';

/** What capabilities bring that are not announced (RFC 6241 §8.3, §8.8). */
const notSupported = new Set(['candidate', 'url']);

/**
 * The datastore that a `<source>` or `<target>` names.
 * @param parameter `undefined`: it is missing
 * @throws RpcError
 */
export function namedDatastore(
  parameter: XmlElement | undefined,
  name: 'source' | 'target',
  operation: XmlElement,
): DatastoreName {
  const { holder, child } = soleChild(parameter, name, operation);
  const datastore = datastoreName(child);
  if (datastore === undefined) throw unexpectedChild(child, holder);
  return datastore;
}

/**
 * The same, of a `<source>` that may be a whole configuration, as `<config>`.
 * @throws RpcError
 */
export function namedSource(parameter: XmlElement | undefined, operation: XmlElement): ConfigSource {
  const { holder, child } = soleChild(parameter, 'source', operation);
  if (child.namespace === baseNamespace && child.name === 'config') return child;
  const datastore = datastoreName(child);
  if (datastore === undefined) throw unexpectedChild(child, holder);
  return datastore;
}

/**
 * A `<source>` or `<target>` of an operation that RFC 8526 §3.2 lets name a datastore by its identity, with
 * each `<datastore>` made the element of RFC 6241 for it.
 * @throws RpcError
 */
export function namedByElement(
  parameter: XmlElement | undefined,
  operation: XmlElement,
): XmlElement | undefined {
  if (parameter === undefined) return undefined;
  const children = childElements(parameter).map((child) =>
    child.namespace === nmdaNamespace && child.name === 'datastore'
      ? element(baseNamespace, identifiedConfig(child, operation.name))
      : child,
  );
  return { ...parameter, children };
}

function soleChild(
  parameter: XmlElement | undefined,
  name: string,
  operation: XmlElement,
): { readonly holder: XmlElement; readonly child: XmlElement } {
  if (parameter === undefined) throw missingElement(name, operation.name);
  const [child, second] = childElements(parameter);
  if (child === undefined) throw missingElement('running', name);
  if (second !== undefined) throw unexpectedChild(second, parameter);
  return { holder: parameter, child };
}

/** @returns `undefined` for what never names one */
function datastoreName({ namespace, name }: XmlElement): DatastoreName | undefined {
  if (namespace !== baseNamespace) return undefined;
  if (name === 'running' || name === 'startup') return name;
  if (!notSupported.has(name)) return undefined;
  throw operationNotSupported(`<${name}> is not supported, only <running> and <startup> are`, name);
}
