import type { CommandOption } from './command.ts';

/** Options that several commands have. Those named after a configuration key override it. */

export const configFileOption: CommandOption = {
  name: 'config',
  value: 'FILE',
  description: 'configuration file, TOML or YAML (default: MUP_CONFIG, else none)',
};

export const stateDirOption: CommandOption = {
  name: 'state-dir',
  value: 'DIR',
  description: 'directory of keys, users and images (default: mup-state)',
};

export const jsonOption: CommandOption = {
  name: 'json',
  description: 'print JSON for programs instead of text for people',
};
