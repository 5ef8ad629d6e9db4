import type { ServedModule } from './backend.ts';
import { base10, base11 } from './hello.ts';
import { monitoringNamespace } from './namespaces.ts';

const capability = 'urn:ietf:params:netconf:capability:';

/** Capabilities of the server that no module tells (RFC 6241 §8, RFC 5277 §3.1.1, RFC 6243 §4.4, RFC 8526 §3.1.1.2). */
const fixed: readonly string[] = [
  base10,
  base11,
  `${capability}writable-running:1.0`,
  `${capability}rollback-on-error:1.0`,
  `${capability}validate:1.1`,
  `${capability}startup:1.0`,
  `${capability}xpath:1.0`,
  `${capability}notification:1.0`,
  `${capability}interleave:1.0`,
  `${capability}with-defaults:1.0?basic-mode=explicit&also-supported=report-all,report-all-tagged,trim`,
  `${capability}with-operational-defaults:1.0`,
];

/** Revision of ietf-netconf-monitoring that is served (RFC 6022); libnetconf2 wants the `?…`. */
const monitoring = `${monitoringNamespace}?module=ietf-netconf-monitoring&revision=2010-10-04`;

/**
 * Capabilities of the server's hello: what is served, and no more. A YANG 1 module is announced by itself
 * (RFC 6020 §5.6.4), which is how every client finds it; those of YANG 1.1 stand in the YANG library alone
 * (RFC 7950 §5.6.4).
 * @param contentId of the YANG library
 */
export function serverCapabilities(modules: readonly ServedModule[], contentId: string): readonly string[] {
  const library = `${capability}yang-library:1.1?revision=2019-01-04&content-id=${contentId}`;
  const announced = modules
    .filter(({ conformance, schema }) => conformance === 'implement' && schema.yangVersion === undefined)
    .map(moduleCapability);
  return [...new Set([...fixed, library, monitoring, ...announced])];
}

function moduleCapability({ schema: { namespace, name, revision }, features = [] }: ServedModule): string {
  const tail = features.length === 0 ? '' : `&features=${features.join(',')}`;
  return `${namespace}?module=${name}&revision=${revision}${tail}`;
}
