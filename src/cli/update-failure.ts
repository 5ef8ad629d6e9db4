import { commandFailure } from './command-failure.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

/**
 * What an update ends with whose bridge was lost while this command drove its steps: nothing goes on by itself.
 * @returns any other error as it is
 */
export function brokenOff(error: unknown): unknown {
  const { exitCode, code, message } = commandFailure(error);
  if (exitCode !== exitCodes.bridgeUnreachable) return error;
  return new CommandError(exitCode, code, message, {
    hint: 'With --key this command drives the update, which has no job that goes on: run it again.',
    cause: error,
  });
}

/**
 * The error with which an update ends, with the exit code that tells a script what to do about it.
 * @param interrupted whether the user has asked to stop
 */
export function updateFailure(error: unknown, interrupted: boolean): CommandError {
  const thrown = error instanceof CommandError ? (error.cause ?? error) : error;
  if (thrown instanceof CommandError || !interrupted) return commandFailure(error);
  return new CommandError(exitCodes.interrupted, 'interrupted', 'the update was interrupted', {
    hint: 'The bridge goes on with what it was asked for last.',
  });
}
