import { UsageError } from '../base/errors.ts';
import { es256Suite, type SuiteCode, suiteCodes, suiteNames, suites } from '../mup/suites.ts';
import type { CommandArguments } from './arguments.ts';
import type { CommandOption } from './command.ts';

/** `--suite`, of commands that make keys; all others take the suite of the key that they are given. */
export const suiteOption: CommandOption = {
  name: 'suite',
  value: 'SUITE',
  description: `signature suite of the key: ${suiteNames()}, by code or name (default: ${es256Suite})`,
};

/**
 * The suite that the command line names by its code or its name, in either case.
 * @throws UsageError `bad-option`
 */
export function suiteArgument(args: CommandArguments): SuiteCode {
  const given = args.text('suite') ?? es256Suite;
  const named = suiteCodes.find((code) =>
    [code, suites[code].name.toLowerCase()].includes(given.toLowerCase()),
  );
  if (named !== undefined) return named;
  throw new UsageError('bad-option', `${JSON.stringify(given.slice(0, 80))} is no signature suite`, {
    where: '--suite',
    hint: `Give ${suiteNames()}.`,
  });
}
