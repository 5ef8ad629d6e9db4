import { MupError } from '../base/errors.ts';
import { type DeviceStateName, deviceStateOf } from '../mup/states.ts';
import { RpcError } from '../netconf/rpc-error.ts';
import { uuidInputName } from '../yang/identifiers.ts';

/** operation-failed with an app-tag of ours. */
export function operationFailed(appTag: string, message: string): RpcError {
  return new RpcError('application', 'operation-failed', message, { appTag });
}

/** What a check of ours refuses, as a NETCONF client is told it. @throws RpcError with the code of the error */
export function refusedIf<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof MupError ? operationFailed(error.code, error.message) : error;
  }
}

/** A device answered what its description does not allow. */
export function answerInvalid(message: string): RpcError {
  return operationFailed('device-answer-invalid', message);
}

/** operation-not-supported by this device, although its module has the RPC. */
export function operationNotSupported(appTag: string, message: string): RpcError {
  return new RpcError('application', 'operation-not-supported', message, { appTag });
}

/** The UUID of no registered device. */
export function unknownDevice(uuid: string, leaf = uuidInputName): RpcError {
  return new RpcError('application', 'data-missing', `no device ${uuid} is registered`, {
    appTag: 'instance-required',
    path: leaf,
  });
}

/** Nobody has accepted the device yet. */
export function devicePending(uuid: string): RpcError {
  return operationFailed('device-pending', `device ${uuid} waits until accept-device names it`);
}

/** The digest of no image of the repository. */
export function unknownImage(digest: string, leaf: string): RpcError {
  return new RpcError('application', 'data-missing', `the bridge holds no image ${digest}`, {
    appTag: 'unknown-image',
    path: leaf,
  });
}

/** What was asked for is not on disk, so nothing of it was done. */
export function storeFailed(reason: string): RpcError {
  return operationFailed('store-failed', diskRefuses(reason));
}

/** That the disk does not take something, for people. */
export function diskRefuses(reason: string): string {
  return `the bridge cannot write to its disk: ${reason}`;
}

/** A device of profile `myno` takes an image that has all arrived, whatever it is told. */
export function cancelTooLate(uuid: string): RpcError {
  return operationFailed(
    'cancel-too-late',
    `device ${uuid} has all of the image and takes it if it is valid: no message of its profile drops it`,
  );
}

/** Whether the order of a job stands is not known before the next start of the bridge. */
export function orderUncertain(job: string): RpcError {
  return operationFailed(
    'store-uncertain',
    `the bridge could not write job ${job} to its disk, nor take it back: unless its disk has room again before it is restarted, the job may begin then`,
  );
}

/** The state of mup-protocol §3 with which a device itself refused what was asked of it. */
export function deviceStateIn(error: unknown): DeviceStateName | undefined {
  const info = error instanceof RpcError ? error.fields.info : undefined;
  const said = info?.find(({ name }) => name === 'device-state')?.children[0];
  return typeof said === 'string' ? deviceStateOf(said) : undefined;
}

/** Whether a device itself refused what was asked of it. */
export function isDeviceError(error: unknown): boolean {
  return error instanceof RpcError && error.fields.appTag === 'device-error';
}
