import { errorMessage, PeerError, UsageError } from '../../base/errors.ts';
import { readXml } from '../../xml/adapters/saxes-reader.ts';
import { element } from '../../xml/element.ts';
import { indented } from '../../xml/indent.ts';
import { XmlError } from '../../xml/xml-error.ts';
import { writeXml } from '../../xml/xml-writer.ts';
import { baseNamespace } from '../namespaces.ts';
import { RpcError } from '../rpc-error.ts';
import type { ConfigSchema } from './config-schema.ts';
import type { ConfigValidation } from './config-validation.ts';
import type { ConfigTree } from './config-view.ts';
import { readConfig } from './edit-config.ts';
import { atOnce } from './steps.ts';

/** The file is the operator's own: what bounds it is the datastore's limit. */
const limits = { maxBytes: 2 ** 30, maxDepth: 256, maxAttributes: 1024 };

/** A datastore as it is kept: a `<config>` element (RFC 6241 §7.2), indented for people. */
export function writeConfig(tree: ConfigTree): string {
  return `${writeXml(indented(element(baseNamespace, 'config', tree)))}\n`;
}

/**
 * Reads what {@link writeConfig} wrote, or a person.
 * @throws UsageError `startup-unusable`: to begin without some of it might begin without an access rule
 */
export function parseConfig(text: string, schema: ConfigSchema, validation: ConfigValidation): ConfigTree {
  try {
    const config = readXml(text, limits);
    if (config.name !== 'config' || config.namespace !== baseNamespace)
      throw new PeerError('not-config', `it holds <${config.name}>, not <config> of ${baseNamespace}`);
    return atOnce(validation.checked(atOnce(readConfig(config, schema))));
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    const path = error instanceof RpcError ? error.fields.path : error.where;
    const where = path === undefined ? '' : ` (${path})`;
    throw new UsageError(
      'startup-unusable',
      `the startup configuration cannot be used: ${reasonOf(error)}${where}`,
      {
        hint: 'Correct datastore/startup.xml in the state directory, or restore it from a backup.',
        cause: error,
      },
    );
  }
}

/** What is wrong. A name that XML finds in a damaged file may be a piece of a password: the place says enough. */
function reasonOf(error: PeerError): string {
  const message = errorMessage(error);
  return error instanceof XmlError ? (message.split(': ')[0] ?? message) : message;
}
