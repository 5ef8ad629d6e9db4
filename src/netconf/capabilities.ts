import type { ServedModule } from './backend.ts';
import { base10, base11 } from './hello.ts';
import { monitoringNamespace } from './namespaces.ts';

/** Revision of ietf-netconf-monitoring that is served (RFC 6022). */
const monitoringCapability = `${monitoringNamespace}?module=ietf-netconf-monitoring&revision=2010-10-04`;

/**
 * Capabilities of the server's hello: what is served, and no more. A YANG 1 module is announced by itself
 * (RFC 6020 §5.6.4), which is how every client finds it. libnetconf2 wants the `?…` of the monitoring one.
 */
export function serverCapabilities(modules: readonly ServedModule[]): readonly string[] {
  const announced = modules
    .filter(({ conformance }) => conformance === 'implement')
    .map(({ schema: { namespace, name, revision } }) => `${namespace}?module=${name}&revision=${revision}`);
  return [...new Set([base10, base11, monitoringCapability, ...announced])];
}
