import { element, type XmlElement } from '../xml/element.ts';
import { baseNamespace } from './namespaces.ts';
import type { RpcError } from './rpc-error.ts';

/** Writes an `<rpc-error>`: its children in the order of RFC 6241 §4.3, which libnetconf2 insists on. */
export function rpcErrorElement(error: RpcError): XmlElement {
  const { appTag, info } = error.fields;
  return element(baseNamespace, 'rpc-error', [
    leaf('error-type', error.type),
    leaf('error-tag', error.tag),
    leaf('error-severity', 'error'),
    appTag === undefined ? undefined : leaf('error-app-tag', appTag),
    errorPath(error),
    // libnetconf2 refuses an empty error-message.
    leaf('error-message', error.message.trim() === '' ? error.tag : error.message),
    info === undefined || info.length === 0 ? undefined : element(baseNamespace, 'error-info', info),
  ]);
}

/** The path's prefixes are declared on the element itself (RFC 6241 §4.3: an XPath in its own context). */
function errorPath({ fields: { path, pathPrefixes } }: RpcError): XmlElement | undefined {
  if (path === undefined) return undefined;
  return { ...leaf('error-path', path), scope: new Map(Object.entries(pathPrefixes ?? {})) };
}

function leaf(name: string, text: string): XmlElement {
  return element(baseNamespace, name, text);
}
