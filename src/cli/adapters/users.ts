import { join } from 'node:path';
import { decodeUtf8Lossy } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { addUser, listUsers, removeUser, type UserSummary } from '../../netconf/adapters/user-file.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printResult, table } from '../output.ts';
import { commandConfig } from './command-config.ts';
import { readInput, readSecretLine } from './files.ts';

/** More than any public key of SSH has. */
const maxKeyBytes = 64 * 1024;

/** `mup user add` */
export async function runUserAdd(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const name = args.argument('NAME');
  const keyFile = args.text('authorized-key');
  if (keyFile === undefined && !args.flag('password-stdin'))
    throw new UsageError('bad-command-line', 'a user needs a way to log in', {
      hint: 'Give --password-stdin or --authorized-key FILE.',
    });
  const path = usersFile(args, io);
  const authorizedKey =
    keyFile === undefined ? undefined : decodeUtf8Lossy(await readInput(io, keyFile, maxKeyBytes)).trim();
  const password = args.flag('password-stdin') ? await readSecretLine(io) : undefined;
  await addUser(path, name, {
    ...(authorizedKey === undefined ? {} : { authorizedKey }),
    ...(password === undefined ? {} : { password }),
  });
  const user = (await listUsers(path)).find((one) => one.name === name);
  printResult(args, io, user ?? { name }, [`user ${name} may log in`]);
  return exitCodes.ok;
}

/** `mup user list` */
export async function runUserList(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const users = await listUsers(usersFile(args, io));
  const lines = users.length === 0 ? ['no users'] : table([['NAME', 'LOGIN'], ...users.map(row)]);
  printResult(args, io, users, lines);
  return exitCodes.ok;
}

/** `mup user remove` */
export async function runUserRemove(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const name = args.argument('NAME');
  await removeUser(usersFile(args, io), name);
  printResult(args, io, { removed: name }, [`user ${name} removed`]);
  return exitCodes.ok;
}

function usersFile(args: CommandArguments, io: CliIo): string {
  return join(commandConfig(args, io).stateDir, 'users.json');
}

function row({ name, hasPassword, authorizedKeys }: UserSummary): string[] {
  const keys = authorizedKeys.map(({ type, sha256, comment }) => `${type} ${sha256} ${comment}`.trim());
  return [name, [...(hasPassword ? ['password'] : []), ...keys].join(', ')];
}
