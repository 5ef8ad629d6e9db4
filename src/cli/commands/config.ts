import type { CommandGroup } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { configFileOption, jsonOption, stateDirOption } from '../options.ts';

const common = [stateDirOption, configFileOption, jsonOption];
const bridgeExitCodes = [exitCodes.refused, exitCodes.notAuthorised, exitCodes.bridgeUnreachable];

/** `mup config`: the configuration that NETCONF clients change. */
export const configCommand: CommandGroup = {
  name: 'config',
  summary: 'show and save the configuration that NETCONF clients change',
  commands: [
    {
      name: 'show',
      summary: 'show the configuration',
      description:
        'Prints settings, users with the hashes of their passwords, access rules and clients to call, as XML ' +
        'that an edit-config takes, or with --json as RFC 7951 has it. Works with a running bridge, and ' +
        'without one, when it is the startup configuration. For the settings of the configuration file see ' +
        'mup serve --print-config.',
      options: [
        { name: 'startup', description: 'show what a restart begins with, instead of what is in force' },
        ...common,
      ],
      examples: [
        { line: 'mup config show', text: 'Show the configuration in force' },
        { line: 'mup config show --startup --json', text: 'Show that of the next start, for programs' },
      ],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/show-config.ts')).runConfigShow(args, io),
    },
    {
      name: 'save',
      summary: 'keep the running configuration over a restart',
      description:
        'Copies the running configuration to the startup configuration, as copy-config does. Needs a running ' +
        'bridge.',
      options: common,
      examples: [{ line: 'mup config save', text: 'Save what NETCONF clients have changed' }],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/show-config.ts')).runConfigSave(args, io),
    },
  ],
};
