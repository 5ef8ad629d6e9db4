import { PeerError, UnavailableError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { RpcCall } from './rpc-call.ts';

/** The request went out, and its fate is unknown. */
export function lost(call: RpcCall, why: string): UnavailableError {
  return new UnavailableError('mqtt-lost', `no answer of device ${call.uuid} to ${nameOf(call)}: ${why}`, {
    where: call.topic,
    hint: 'The device may have carried out the request all the same.',
  });
}

/** The device took longer than it may. */
export function overdue(call: RpcCall, timeoutMs: number): UnavailableError {
  return new UnavailableError(
    'device-timeout',
    `device ${call.uuid} did not answer ${nameOf(call)} in ${timeoutMs} ms`,
    { where: call.topic },
  );
}

/** A device with messages of its own has no methods. */
function nameOf({ method }: RpcCall): string {
  return method === '' ? 'a request' : method;
}

/** Too many requests are in flight. */
export function denied(why: string): UnavailableError {
  return new UnavailableError('resource-denied', why, { hint: 'Try again when some are answered.' });
}

/** Nobody waits for the answer any more. */
export function cancelled(uuid: DeviceUuid): UnavailableError {
  return new UnavailableError('cancelled', `the request to device ${uuid} was cancelled`);
}

/** The device would hear nothing any more (`deafens`). */
export function deafening(call: RpcCall): PeerError {
  return new PeerError(
    'bad-value',
    `a message as long as ${nameOf(call)} is with these values makes device ${call.uuid} deaf`,
    { where: call.topic, hint: 'Make a value shorter or longer by some characters.' },
  );
}
