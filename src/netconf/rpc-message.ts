import {
  attributeOf,
  childElements,
  element,
  textOf,
  type XmlAttribute,
  type XmlElement,
} from '../xml/element.ts';
import { baseNamespace } from './namespaces.ts';
import {
  badElement,
  badNamespace,
  missingAttribute,
  missingElement,
  unknownElement,
} from './protocol-errors.ts';
import { RpcError } from './rpc-error.ts';

/** What an `<rpc-reply>` returns of its `<rpc>` (RFC 6241 §4.1): all attributes, `xmlns` ones included. */
export interface Echo {
  readonly attributes: readonly XmlAttribute[];
  readonly scope?: ReadonlyMap<string, string> | undefined;
}

export const noEcho: Echo = { attributes: [] };

/** What a reply must echo of a message, be it a sound request or not. */
export function echoOf(root: XmlElement): Echo {
  if (root.name !== 'rpc') return noEcho;
  return { attributes: root.attributes, scope: root.scope };
}

/**
 * The operation that a message asks for.
 * @throws RpcError when the message is not an `<rpc>` with one operation
 */
export function operationOf(root: XmlElement): XmlElement {
  if (root.name !== 'rpc' || root.namespace !== baseNamespace) throw notAnRpc(root);
  if (attributeOf(root, 'message-id') === undefined) throw missingAttribute('rpc', 'message-id', 'rpc');
  const [operation, second] = childElements(root);
  if (textOf(root).trim() !== '')
    throw new RpcError('rpc', 'malformed-message', '<rpc> holds text beside its operation');
  if (operation === undefined) throw missingElement('rpcOperation', 'rpc');
  if (second !== undefined) throw unknownElement(second, 'rpc');
  return operation;
}

function notAnRpc({ name, namespace }: XmlElement): RpcError {
  const shown = `<${name}> of the namespace ${JSON.stringify(namespace)}`;
  const foreign = namespace !== baseNamespace;
  return new RpcError(
    'application',
    foreign ? 'unknown-namespace' : 'unknown-element',
    `a session takes <rpc> of the namespace "${baseNamespace}", not ${shown}`,
    { info: [badElement(name), ...(foreign ? [badNamespace(namespace)] : [])] },
  );
}

/** An `<rpc-reply>`; no children means `<ok/>` (RFC 6241 §4.4). */
export function rpcReply({ attributes, scope }: Echo, children: readonly XmlElement[]): XmlElement {
  return {
    name: 'rpc-reply',
    namespace: baseNamespace,
    attributes,
    children: children.length === 0 ? [element(baseNamespace, 'ok')] : children,
    scope,
  };
}
