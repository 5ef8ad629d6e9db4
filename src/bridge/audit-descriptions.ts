import type { DeviceUuid } from '../base/ids.ts';
import type { AuditFacts } from './audit-entry.ts';

/** Where descriptions come from. Whoever may publish at the broker can cause such entries. */
export const fromBroker = 'mqtt';

/** A device described itself anew, or somebody else tried that. */
export function describedByDevice(uuid: DeviceUuid, outcome: 'ok' | 'refused', code?: string): AuditFacts {
  return { user: uuid, from: fromBroker, operation: 'describe-device', outcome, code, device: uuid };
}
