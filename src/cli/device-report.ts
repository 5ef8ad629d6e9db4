import { clipped } from '../base/clipped.ts';
import type { DeviceEvent } from '../device/events.ts';

/** Characters that are shown of what somebody at the broker has sent: a request may be as long as a packet. */
const maxShown = 200;

/** An event for programs: its kind as `event`, operations by their name. */
export function eventObject({ kind, ...fields }: DeviceEvent): Readonly<Record<string, unknown>> {
  const named = 'operation' in fields ? { ...fields, operation: fields.operation.name } : fields;
  return { event: kind, ...named };
}

/** An event as one line for people, or `undefined` for those that only programs follow. */
export function eventLine(event: DeviceEvent): string | undefined {
  switch (event.kind) {
    case 'registered':
      return 'registered at the bridge';
    case 'registration-refused':
      return `registration refused: ${event.code} ${clipped(event.text, maxShown)}`;
    case 'registration-pending':
      return 'registration pending: a user of the bridge has to accept the device';
    case 'server-key-taken':
      return `update server's key taken, epoch ${event.epoch}`;
    case 'server-key-refused':
      return `update server's key refused: ${event.reason}`;
    case 'vendor-key-taken':
      return `vendor's next key taken, counter ${event.counter}`;
    case 'vendor-key-refused':
      return `vendor's next key refused: ${event.state}`;
    case 'request':
      return `${event.operation.name}(${clipped(event.inputs.join(', '), maxShown)}) answered ${event.state}`;
    case 'token-issued':
      return `token issued: version ${event.version}, nonce ${event.nonce}`;
    case 'manifest-accepted':
      return `manifest of version ${event.newVersion} accepted`;
    case 'manifest-refused':
      return `manifest refused: ${event.state}`;
    case 'image-verified':
      return `image of version ${event.newVersion} verified${forgedSlices(event.forged)}`;
    case 'image-refused':
      return `image refused: ${event.reason}`;
    case 'transfer-abandoned':
      return `transfer abandoned: ${event.reason}`;
    case 'transfer-resumed':
      return `transfer goes on at octet ${event.offset}`;
    case 'restarting':
      return `restarting with version ${event.version}`;
    case 'restarted':
      return `restarted with version ${event.version}`;
    case 'state-changed':
    case 'slice':
      return undefined;
  }
}

function forgedSlices(forged = 0): string {
  return forged === 0 ? '' : `; slices that were not the update server's and were dropped: ${forged}`;
}
