import { element } from '../../xml/element.ts';
import { nacmNamespace } from '../namespaces.ts';
import type { OwnState } from '../operation.ts';

/** What was denied since the server started (RFC 8341 §9: zero-based-counter32). */
export interface DeniedCounters {
  operations: number;
  dataWrites: number;
  notifications: number;
}

/** The state leaves of `nacm` (RFC 8341 §9); its configuration stands beside them in the same container. */
export function nacmState(counters: DeniedCounters): OwnState {
  const leaf = (name: string, count: number) => element(nacmNamespace, name, String(count >>> 0));
  return {
    namespace: nacmNamespace,
    name: 'nacm',
    build: () =>
      element(nacmNamespace, 'nacm', [
        leaf('denied-operations', counters.operations),
        leaf('denied-data-writes', counters.dataWrites),
        leaf('denied-notifications', counters.notifications),
      ]),
  };
}
