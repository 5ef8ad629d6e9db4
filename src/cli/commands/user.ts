import type { CommandGroup } from '../command.ts';
import { configFileOption, jsonOption, stateDirOption } from '../options.ts';

const common = [stateDirOption, configFileOption, jsonOption];

/** `mup user`: who may log in over SSH. */
export const userCommand: CommandGroup = {
  name: 'user',
  summary: 'add, list and remove the users who may log in over SSH',
  commands: [
    {
      name: 'add',
      summary: 'add a user, or a password or key to a user',
      description:
        'Adds a user to the state directory, or to an existing user a key or a new password. Passwords are ' +
        'kept hashed with scrypt. Works with or without a running bridge, which notices at the next login.',
      arguments: [{ name: 'NAME', description: "user's name" }],
      options: [
        { name: 'password-stdin', description: 'read the password from stdin, one line' },
        {
          name: 'authorized-key',
          value: 'FILE',
          description: 'public key of SSH, as ssh-keygen writes it to FILE.pub',
        },
        ...common,
      ],
      examples: [
        { line: 'mup user add anna --authorized-key ~/.ssh/id_ed25519.pub', text: 'Let Anna in by key' },
        { line: 'mup user add anna --password-stdin < password.txt', text: 'Let Anna in by password' },
      ],
      run: async (args, io) => (await import('../adapters/users.ts')).runUserAdd(args, io),
    },
    {
      name: 'list',
      summary: 'list the users',
      description: 'Lists users and how they may log in. Works with or without a running bridge.',
      options: common,
      examples: [{ line: 'mup user list', text: 'List the users of mup-state' }],
      run: async (args, io) => (await import('../adapters/users.ts')).runUserList(args, io),
    },
    {
      name: 'remove',
      summary: 'remove a user',
      description:
        'Removes a user. Works with or without a running bridge: nobody can log in by that name any more, ' +
        'sessions that are open stay open.',
      arguments: [{ name: 'NAME', description: "user's name" }],
      options: common,
      examples: [{ line: 'mup user remove anna', text: 'Remove Anna' }],
      run: async (args, io) => (await import('../adapters/users.ts')).runUserRemove(args, io),
    },
  ],
};
