import type { CommandGroup } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { configFileOption, jsonOption, stateDirOption } from '../options.ts';

const common = [stateDirOption, configFileOption, jsonOption];
const bridgeExitCodes = [exitCodes.refused, exitCodes.notAuthorised, exitCodes.bridgeUnreachable];

/** `mup user`: who may log in over SSH. */
export const userCommand: CommandGroup = {
  name: 'user',
  summary: 'add, list and remove the users who may log in over SSH',
  commands: [
    {
      name: 'add',
      summary: 'add a user, or a password, key or group to a user',
      description:
        'Adds a user to the configuration, or to an existing user a key, a new password or groups. Passwords ' +
        'are kept hashed with scrypt. Works with a running bridge, whose running and startup configuration ' +
        'are changed, and without one, on the startup configuration in the state directory. A user of no ' +
        'group may read and call operations, but not change the configuration.',
      arguments: [{ name: 'NAME', description: "user's name" }],
      options: [
        { name: 'password-stdin', description: 'read the password from stdin, one line' },
        {
          name: 'authorized-key',
          value: 'FILE',
          description: 'public key of SSH, as ssh-keygen writes it to FILE.pub',
        },
        {
          name: 'group',
          value: 'GROUP',
          description: 'group of access control to put the user into; may be given several times',
          repeatable: true,
        },
        ...common,
      ],
      examples: [
        { line: 'mup user add anna --authorized-key ~/.ssh/id_ed25519.pub', text: 'Let Anna in by key' },
        { line: 'mup user add anna --password-stdin < password.txt', text: 'Let Anna in by password' },
        { line: 'mup user add anna --group admin', text: 'Let Anna, who is a user, do everything' },
      ],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/users.ts')).runUserAdd(args, io),
    },
    {
      name: 'list',
      summary: 'list the users',
      description:
        'Lists users, their groups and how they may log in. Works with or without a running bridge.',
      options: common,
      examples: [{ line: 'mup user list', text: 'List the users of mup-state' }],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/users.ts')).runUserList(args, io),
    },
    {
      name: 'remove',
      summary: 'remove a user',
      description:
        'Removes a user, also from every group. Works with or without a running bridge: nobody can log in by ' +
        'that name any more, and sessions that are open end.',
      arguments: [{ name: 'NAME', description: "user's name" }],
      options: common,
      examples: [{ line: 'mup user remove anna', text: 'Remove Anna' }],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/users.ts')).runUserRemove(args, io),
    },
  ],
};
