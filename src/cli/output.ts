import { printable } from '../base/printable.ts';
import type { CommandArguments } from './arguments.ts';
import type { CliIo } from './command.ts';

/** A result for programs: one JSON value on one line, in which nothing moves a cursor or turns a text's direction. */
export function printJson(io: CliIo, value: unknown): void {
  io.stdout.write(`${printable(JSON.stringify(value))}\n`);
}

/** A result as JSON where `--json` was given, else as lines for people. */
export function printResult(
  args: CommandArguments,
  io: CliIo,
  value: unknown,
  lines: readonly string[],
): void {
  if (args.flag('json')) printJson(io, value);
  else for (const line of lines) io.stdout.write(`${printable(line)}\n`);
}

/** Lines of a table whose columns are as wide as they need; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) =>
    rows.reduce((widest, row) => Math.max(widest, row[i]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
