import { decodeUtf8Lossy } from '../../base/bytes.ts';
import { UsageError } from '../../base/errors.ts';
import { fingerprintOf } from '../../netconf/adapters/host-key-files.ts';
import { hashPassword } from '../../netconf/adapters/passwords.ts';
import type { ConfigTree } from '../../netconf/datastore/config-view.ts';
import { parseAuthorizedKey } from '../../netconf/users/authorized-key.ts';
import { groupsOf, usersOf } from '../../netconf/users/user-config.ts';
import { type UserAddition, userAdditions, userRemoval } from '../../netconf/users/user-edits.ts';
import { checkUserName, type UserRecord } from '../../netconf/users/users.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import type { ConfigAccess } from '../config-access.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printResult, table } from '../output.ts';
import { withConfig } from './config-access.ts';
import { readInput, readSecretLine } from './files.ts';

/** More than any public key of SSH has. */
const maxKeyBytes = 64 * 1024;

/** A user as people may see it. */
interface UserSummary {
  readonly name: string;
  readonly hasPassword: boolean;
  readonly authorizedKeys: readonly {
    readonly type: string;
    readonly sha256: string;
    readonly comment: string;
  }[];
  /** Groups of access control that the user is in. */
  readonly groups: readonly string[];
}

/** `mup user add` */
export async function runUserAdd(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const addition = await additionOf(args, io);
  const { name } = addition;
  const after = await withConfig(args, io, (access) =>
    access.change((config) => {
      checkAddition(addition, config);
      return userAdditions(config, [addition]);
    }),
  );
  printResult(args, io, summaries(after).find((user) => user.name === name) ?? { name }, [
    `user ${name} may log in`,
  ]);
  return exitCodes.ok;
}

/** `mup user list` */
export async function runUserList(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const users = summaries(await withConfig(args, io, readUsers));
  const lines = users.length === 0 ? ['no users'] : table([['NAME', 'GROUPS', 'LOGIN'], ...users.map(row)]);
  printResult(args, io, users, lines);
  return exitCodes.ok;
}

/** `mup user remove` */
export async function runUserRemove(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const name = args.argument('NAME');
  await withConfig(args, io, async (access) => {
    const config = await readUsers(access);
    const names = [...usersOf(config).keys()];
    if (!names.includes(name))
      throw new UsageError('no-such-user', `there is no user ${JSON.stringify(name.slice(0, 80))}`, {
        hint: `There are: ${names.join(', ') || 'none'}.`,
      });
    await access.change((before) => userRemoval(before, name));
  });
  printResult(args, io, { removed: name }, [`user ${name} removed`]);
  return exitCodes.ok;
}

/** What the command line asks for. Passwords are hashed here: none goes over a wire, or into its trace. */
async function additionOf(args: CommandArguments, io: CliIo): Promise<UserAddition> {
  const name = checkUserName(args.argument('NAME'));
  const keyFile = args.text('authorized-key');
  const groups = args.texts('group');
  if (keyFile === undefined && !args.flag('password-stdin') && groups.length === 0)
    throw new UsageError('bad-command-line', 'a user needs a way to log in', {
      hint: 'Give --password-stdin or --authorized-key FILE.',
    });
  const authorizedKey =
    keyFile === undefined ? undefined : decodeUtf8Lossy(await readInput(io, keyFile, maxKeyBytes)).trim();
  if (authorizedKey !== undefined) parseAuthorizedKey(authorizedKey);
  const password = args.flag('password-stdin') ? await hashPassword(await readSecretLine(io)) : undefined;
  return {
    name,
    groups,
    ...(authorizedKey === undefined ? {} : { authorizedKey }),
    ...(password === undefined ? {} : { password }),
  };
}

function checkAddition(
  { name, password, authorizedKey, groups = [] }: UserAddition,
  config: ConfigTree,
): void {
  if (password === undefined && authorizedKey === undefined && !usersOf(config).has(name))
    throw new UsageError(
      'no-such-user',
      `there is no user ${name} yet, and a new one needs a way to log in`,
      {
        hint: 'Give --password-stdin or --authorized-key FILE.',
      },
    );
  const known = groupsOf(config);
  const unknown = groups.find((group) => !known.has(group));
  if (unknown !== undefined)
    throw new UsageError('no-such-group', `there is no group ${JSON.stringify(unknown.slice(0, 80))}`, {
      where: '--group',
      hint: `There are: ${[...known.keys()].join(', ') || 'none'}. More are made over NETCONF, with their rules.`,
    });
}

/** The configuration in force: where a bridge runs, `running`. */
function readUsers(access: ConfigAccess): Promise<ConfigTree> {
  return access.read('running');
}

function summaries(config: ConfigTree): UserSummary[] {
  const groups = [...groupsOf(config)];
  return [...usersOf(config).values()]
    .map((user) => ({
      ...loginOf(user),
      groups: groups.filter(([, members]) => members.includes(user.name)).map(([group]) => group),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function loginOf({ name, password, authorizedKeys }: UserRecord): Omit<UserSummary, 'groups'> {
  return {
    name,
    hasPassword: password !== undefined,
    authorizedKeys: authorizedKeys.map((line) => {
      const { type, blob, comment } = parseAuthorizedKey(line);
      return { type, sha256: fingerprintOf(blob), comment };
    }),
  };
}

function row({ name, hasPassword, authorizedKeys, groups }: UserSummary): string[] {
  const keys = authorizedKeys.map(({ type, sha256, comment }) => `${type} ${sha256} ${comment}`.trim());
  return [name, groups.join(', ') || '-', [...(hasPassword ? ['password'] : []), ...keys].join(', ')];
}
