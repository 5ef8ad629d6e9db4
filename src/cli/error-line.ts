import { errorMessage, MupError } from '../base/errors.ts';
import { printable } from '../base/printable.ts';
import type { CliIo } from './command.ts';

/** An error as one line for people: `mup: what (where). hint` */
export function errorLine(error: unknown): string {
  const what = errorMessage(error);
  const where = error instanceof MupError && error.where !== undefined ? ` (${error.where})` : '';
  const hint = error instanceof MupError && error.hint !== undefined ? ` ${error.hint}` : '';
  return `mup: ${printable(`${what.replace(/\.$/, '')}${where}.${hint}`)}`;
}

/** Writes an error to stderr; its stack only where the operator asked for it by `MUP_LOG_LEVEL`. */
export function reportError(error: unknown, io: CliIo): void {
  io.stderr.write(`${errorLine(error)}\n`);
  if (!['debug', 'trace'].includes(io.env['MUP_LOG_LEVEL'] ?? '')) return;
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    for (const line of (cause.stack ?? '').split('\n')) io.stderr.write(`${printable(line)}\n`);
}
