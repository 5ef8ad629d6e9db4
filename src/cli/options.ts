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

export const passphraseFileOption: CommandOption = {
  name: 'passphrase-file',
  value: 'FILE',
  description: 'passphrase of encrypted private keys, one line; - is stdin (or set MUP_PASSPHRASE)',
};

/** Options of the commands that talk to a running bridge as NETCONF clients. */
export const bridgeConnectionOptions: readonly CommandOption[] = [
  { name: 'host', value: 'HOST', description: 'bridge (default: the one of the state directory)' },
  { name: 'port', value: 'PORT', description: 'NETCONF port of the bridge (default: 830)' },
  {
    name: 'host-key',
    value: 'SHA256:…',
    description: 'fingerprint of the bridge’s host key; needed with --host',
  },
  { name: 'user', value: 'NAME', description: 'user (default: local)' },
  { name: 'identity', value: 'FILE', description: 'private key of SSH to log in with' },
  {
    name: 'password-stdin',
    description: 'read the password from stdin, one line (or set MUP_PASSWORD)',
  },
  stateDirOption,
  configFileOption,
];

export const ontologiesOption: CommandOption = {
  name: 'ontologies',
  value: 'DIR',
  description: 'further ontologies, mappings and contexts; those of a bridge are in its STATE-DIR/ontologies',
};

/** Options of the commands that run a bridge. */
export const bridgeOptions: readonly CommandOption[] = [
  stateDirOption,
  configFileOption,
  { name: 'netconf-host', value: 'HOST', description: 'address to serve NETCONF on (default: 127.0.0.1)' },
  { name: 'netconf-port', value: 'PORT', description: 'port to serve NETCONF on; 0 takes a free one' },
  { name: 'mqtt-url', value: 'URL', description: 'broker, mqtt:// or mqtts:// (default: an embedded one)' },
  {
    name: 'mqtt-embedded-port',
    value: 'PORT',
    description: 'port of the embedded broker; 0 takes a free one (default: 1883)',
  },
  {
    name: 'log-level',
    value: 'LEVEL',
    description: 'error, warn, info, debug, trace or silent (default: info)',
  },
  { name: 'log-format', value: 'FORMAT', description: 'pretty or json (default: pretty)' },
];
