import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';

/**
 * The folder that `--ontologies` names, absolute, or `undefined`. That of a bridge need not be there; one that
 * somebody has typed was meant.
 * @throws UsageError `no-such-folder`
 */
export function ontologiesFolder(args: CommandArguments, io: CliIo): string | undefined {
  const given = args.text('ontologies');
  if (given === undefined) return undefined;
  const folder = resolve(io.cwd, given);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
  throw new UsageError('no-such-folder', `there is no folder ${given}`, { where: '--ontologies' });
}
