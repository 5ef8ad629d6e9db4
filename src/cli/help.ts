import type { CommandDefinition } from './command.ts';
import { type ExitCode, exitCodes, exitCodeTexts } from './exit-codes.ts';

const commonExitCodes: readonly ExitCode[] = [exitCodes.ok, exitCodes.failed, exitCodes.usage];

/** What follows the options in a command's help: examples and exit codes. */
export function commandHelpFooter(fullName: string, definition: CommandDefinition): string {
  const examples = definition.examples.flatMap(({ line, text }) => [`  ${text}:`, `    ${line}`]);
  const codes = [...commonExitCodes, ...(definition.exitCodes ?? [])].map(
    (code) => `  ${String(code).padStart(3)}  ${exitCodeTexts[code]}`,
  );
  return ['', `Examples of ${fullName}:`, ...examples, '', 'Exit codes:', ...codes].join('\n');
}
