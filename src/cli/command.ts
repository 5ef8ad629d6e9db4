import type { CommandArguments } from './arguments.ts';
import type { ExitCode } from './exit-codes.ts';

/** Where a command writes. `write` never blocks; a terminal says how wide it is. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** All that a command sees of the process; injected, so that tests run commands without one. */
export interface CliIo {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths on the command line start here. */
  readonly cwd: string;
  /** Whether stderr is a terminal with a person before it (progress bars go there). */
  readonly isTTY: boolean;
  /** Aborted by SIGINT or SIGTERM, which end a command that has never asked for it. */
  readonly signal: AbortSignal;
}

/** One option, `--name VALUE`; without `value` it is a flag. */
export interface CommandOption {
  /** Without the dashes, kebab-case. */
  readonly name: string;
  /** What stands for the value in the help, e.g. `FILE`. */
  readonly value?: string;
  readonly description: string;
  readonly required?: boolean;
  /** May be given several times. */
  readonly repeatable?: boolean;
}

/** One positional argument. */
export interface CommandArgument {
  /** As the help shows it, upper case. */
  readonly name: string;
  readonly description: string;
  readonly optional?: boolean;
}

/** A line that can be pasted, and what it does. */
export interface CommandExample {
  readonly line: string;
  readonly text: string;
}

/** A command of the program. Definitions are light: `run` imports what it needs when it is called. */
export interface CommandDefinition {
  readonly name: string;
  /** One line, in the list of commands. */
  readonly summary: string;
  /** What it does, and whether it works on a running bridge, without one, or both. */
  readonly description: string;
  readonly arguments?: readonly CommandArgument[];
  readonly options: readonly CommandOption[];
  readonly examples: readonly CommandExample[];
  /** Exit codes of this command besides ok, failed and usage. */
  readonly exitCodes?: readonly ExitCode[];
  /** @throws MupError printed as one line; its exit code is {@link exitCodeOf} */
  run(args: CommandArguments, io: CliIo): Promise<ExitCode>;
}

/** A command that only holds others: `mup image add`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandDefinition[];
}

/** Whether an entry of the program is a group. */
export function isGroup(entry: CommandDefinition | CommandGroup): entry is CommandGroup {
  return 'commands' in entry;
}
