import { errorCode, errorMessage, MupError } from '../base/errors.ts';
import { RpcReplyError } from '../netconf/client.ts';
import { CommandError, type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts';

/** Exit codes by the codes of errors and by the app-tags of rpc-errors. */
const exitCodesByCode: Readonly<Record<string, ExitCode>> = {
  'device-offline': exitCodes.deviceUnavailable,
  'device-timeout': exitCodes.deviceUnavailable,
  'broker-offline': exitCodes.deviceUnavailable,
  'transfer-stalled': exitCodes.deviceUnavailable,
  'token-timeout': exitCodes.deviceUnavailable,
  'manifest-timeout': exitCodes.deviceUnavailable,
  'verify-timeout': exitCodes.deviceUnavailable,
  'restart-timeout': exitCodes.deviceUnavailable,
  'instance-required': exitCodes.deviceUnavailable,
  'login-refused': exitCodes.notAuthorised,
  'host-key-mismatch': exitCodes.notAuthorised,
  'access-denied': exitCodes.notAuthorised,
  'netconf-unreachable': exitCodes.bridgeUnreachable,
  'netconf-timeout': exitCodes.bridgeUnreachable,
  'netconf-closed': exitCodes.bridgeUnreachable,
  'not-updatable': exitCodes.refused,
  'suite-not-understood': exitCodes.refused,
  'no-key-of-suite': exitCodes.refused,
  'version-not-newer': exitCodes.refused,
  'wrong-app-id': exitCodes.refused,
  'wrong-old-version': exitCodes.refused,
  'sftp-refused': exitCodes.refused,
};

/** The error with which a command that talks to a bridge ends: its exit code tells a script what to do. */
export function commandFailure(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const code = errorCode(error) ?? 'failed';
  const { where, hint } = error instanceof MupError ? error : {};
  return new CommandError(exitCodeFor(error, code), code, errorMessage(error), {
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/** The exit code for the failure of an update job: a state of the device, or a code of the bridge. */
export function exitCodeForFailure(failure: string): ExitCode {
  return /^\d\d_/.test(failure) ? exitCodes.refused : (knownExitCode(failure) ?? exitCodes.failed);
}

function knownExitCode(code: string): ExitCode | undefined {
  return Object.hasOwn(exitCodesByCode, code) ? exitCodesByCode[code] : undefined;
}

function exitCodeFor(error: unknown, code: string): ExitCode {
  const known = knownExitCode(code);
  if (known !== undefined) return known;
  return error instanceof RpcReplyError ? exitCodes.refused : exitCodeOf(error);
}
