import type { XmlElement } from '../../xml/element.ts';
import type { OperationContext, Reply } from '../operation.ts';
import { parameters, wordOf } from '../parameters.ts';
import { missingElement, operationNotSupported } from '../protocol-errors.ts';
import { identifiedConfig } from './datastore-identity.ts';

/** `<edit-data>` (RFC 8526 §3.1.2): an edit-config that is done whole or not at all. */
export async function editData(operation: XmlElement, context: OperationContext): Promise<Reply> {
  const given = parameters(operation, ['datastore', 'default-operation', 'config', 'url']);
  const target = identifiedConfig(given.get('datastore'), operation.name);
  const defaultOperation = wordOf(given, 'default-operation', ['merge', 'replace', 'none']) ?? 'merge';
  if (given.has('url')) throw operationNotSupported('<url> is not supported, only <config> is', 'url');
  const config = given.get('config');
  if (config === undefined) throw missingElement('config', operation.name);
  await context.datastores.edit({ target, config, defaultOperation }, context);
  return [];
}
