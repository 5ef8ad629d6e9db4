import { element, textOf, type XmlElement } from '../xml/element.ts';
import type { ModuleIndex } from './module-catalog.ts';
import { monitoringNamespace } from './namespaces.ts';
import { parameters, requiredText } from './parameters.ts';
import { invalidValue } from './protocol-errors.ts';
import { RpcError } from './rpc-error.ts';

/**
 * `<get-schema>` (RFC 6022 §3.1): the text of exactly one module.
 * @throws RpcError `invalid-value` when there is none, `operation-failed` with app-tag `data-not-unique`
 *   when several revisions are served and none is named
 */
export async function getSchema(operation: XmlElement, index: ModuleIndex): Promise<readonly XmlElement[]> {
  const given = parameters(operation, ['identifier', 'version', 'format']);
  const identifier = requiredText(operation, given, 'identifier');
  requireYang(given.get('format'));
  const version = given.get('version');
  const revision = version === undefined ? undefined : textOf(version).trim();
  const found = index
    .revisionsOf(identifier)
    .filter(({ schema }) => revision === undefined || schema.revision === revision);
  const [module, second] = found;
  if (module === undefined) {
    const asked = revision === undefined ? identifier : `${identifier} of revision ${revision}`;
    throw invalidValue(revision === undefined ? 'identifier' : 'version', `no module ${asked} is served`);
  }
  if (second !== undefined) throw notUnique(identifier);
  return [element(monitoringNamespace, 'data', await module.text())];
}

/** RFC 6022 §3.1: the default format is yang; the value is an identityref, with a prefix or not. */
function requireYang(format: XmlElement | undefined): void {
  if (format === undefined) return;
  const [local = '', prefix] = textOf(format).trim().split(':').reverse();
  const isYang =
    local === 'yang' && (prefix === undefined || format.scope?.get(prefix) === monitoringNamespace);
  if (!isYang) throw invalidValue('format', 'modules are served in the format yang only');
}

function notUnique(identifier: string): RpcError {
  return new RpcError(
    'application',
    'operation-failed',
    `several revisions of ${identifier} are served: name one in <version>`,
    { appTag: 'data-not-unique' },
  );
}
