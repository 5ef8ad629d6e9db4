import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { CommandArguments, type OptionValue } from '../arguments.ts';
import {
  type CliIo,
  type CommandDefinition,
  type CommandGroup,
  type CommandOption,
  isGroup,
} from '../command.ts';
import { reportError } from '../error-line.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { commandHelpFooter } from '../help.ts';

/** Wide enough for our option texts; fixed, so that help reads the same everywhere. */
const helpWidth = 100;

export interface ProgramDefinition {
  readonly version: string;
  readonly commands: readonly (CommandDefinition | CommandGroup)[];
}

/**
 * Runs one command line (without `node` and the script) to its exit code. Never throws: whatever a
 * command throws becomes one line on stderr.
 */
export async function runProgram(
  definition: ProgramDefinition,
  argv: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const run: ProgramRun = { io, exitCode: exitCodes.ok, failedIn: 'mup' };
  // The clock's timers keep no process alive: a command that waits for one alone would end without a word, with 13.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await buildProgram(definition, run).parseAsync([...argv], { from: 'user' });
    return run.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return commanderExit(error, run);
    reportError(error, io);
    return exitCodeOf(error);
  } finally {
    clearInterval(alive);
  }
}

/** What one run has come to. */
interface ProgramRun {
  readonly io: CliIo;
  exitCode: ExitCode;
  /** Full name of the command whose line was wrong. */
  failedIn: string;
}

function buildProgram(definition: ProgramDefinition, run: ProgramRun): Command {
  const program = newCommand('mup', 'mup', run)
    .description('Bridge between NETCONF clients and MQTT devices, with secure firmware updates')
    .version(definition.version, '-V, --version', 'print the version')
    .addHelpText('after', '\nRun mup COMMAND --help for the options, examples and exit codes of a command.');
  for (const entry of definition.commands)
    program.addCommand(
      isGroup(entry) ? buildGroup(entry, run) : buildCommand(entry, `mup ${entry.name}`, run),
    );
  return program;
}

function buildGroup(group: CommandGroup, run: ProgramRun): Command {
  const command = newCommand(group.name, `mup ${group.name}`, run).description(group.summary);
  for (const entry of group.commands)
    command.addCommand(buildCommand(entry, `mup ${group.name} ${entry.name}`, run));
  return command;
}

function buildCommand(definition: CommandDefinition, fullName: string, run: ProgramRun): Command {
  const command = newCommand(definition.name, fullName, run)
    .summary(definition.summary)
    .description(definition.description)
    .allowExcessArguments(false)
    .addHelpText('after', commandHelpFooter(fullName, definition));
  for (const { name, description, optional } of definition.arguments ?? [])
    command.argument(optional === true ? `[${name}]` : `<${name}>`, description);
  for (const option of definition.options) command.addOption(newOption(option));
  return command.action(async () => {
    run.exitCode = await definition.run(argumentsOf(definition, command), run.io);
  });
}

function newOption({ name, value, description, required, repeatable }: CommandOption): Option {
  const option = new Option(
    value === undefined ? `--${name}` : `--${name} <${value}>`,
    required === true ? `${description} (required)` : description,
  );
  return repeatable === true
    ? option.argParser((text: string, before: readonly string[] = []) => [...before, text])
    : option;
}

/** Commander's result by the definition's names. Required options are checked last, after typos. */
function argumentsOf(definition: CommandDefinition, command: Command): CommandArguments {
  const values = new Map<string, OptionValue>();
  for (const { name } of definition.options) {
    const value: unknown = command.getOptionValue(new Option(`--${name}`).attributeName());
    if (typeof value === 'string' || value === true || Array.isArray(value)) values.set(name, value);
  }
  const positional = new Map<string, string>();
  for (const [index, { name }] of (definition.arguments ?? []).entries()) {
    const value = command.args[index];
    if (value !== undefined) positional.set(name, value);
  }
  const args = new CommandArguments(positional, values);
  for (const { name, required } of definition.options) if (required === true) args.required(name);
  return args;
}

function newCommand(name: string, fullName: string, run: ProgramRun): Command {
  const { io } = run;
  return new Command(name)
    .exitOverride((error) => {
      run.failedIn = fullName;
      throw error;
    })
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/** Commander ends by throwing: after help and version all is well, otherwise the line was wrong. */
function commanderExit(error: CommanderError, run: ProgramRun): ExitCode {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return exitCodes.ok;
  if (error.code !== 'commander.help') reportError(usageErrorOf(error, run.failedIn), run.io);
  return exitCodes.usage;
}

function usageErrorOf(error: CommanderError, command: string): UsageError {
  const [what = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const help = `See ${command} --help.`;
  const hint = suggestion === undefined ? help : `${suggestion.replace(/^\((.*)\)$/, '$1')} ${help}`;
  return new UsageError('bad-command-line', what, { hint });
}
