import { type ErrorDetails, MupError, UsageError } from '../base/errors.ts';

/** What a command's exit code means; printed by every `--help` and in docs/configuration.md. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  deviceUnavailable: 4,
  notAuthorised: 5,
  bridgeUnreachable: 6,
  faults: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** One line on each exit code. */
export const exitCodeTexts: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'failed, for the reason printed on stderr',
  2: 'wrong usage: command line, configuration, file or key',
  3: 'the device or the bridge refused what was asked',
  4: 'the device is offline or did not answer in time',
  5: 'not authorised: login refused, or the host key is not the expected one',
  6: 'the bridge cannot be reached, or the connection to it was lost',
  7: 'the description has faults, or would break what clients rely on',
  130: 'interrupted by SIGINT or SIGTERM before the work was done',
};

/** A command that ends with a certain exit code: `code` and texts as any other error. */
export class CommandError extends MupError {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, code: string, message: string, details?: ErrorDetails) {
    super(code, message, details);
    this.exitCode = exitCode;
  }
}

/** The exit code of whatever a command threw. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}
