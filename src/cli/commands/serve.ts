import type { CommandDefinition } from '../command.ts';
import { bridgeOptions } from '../options.ts';

/** `mup serve`: the bridge itself. */
export const serveCommand: CommandDefinition = {
  name: 'serve',
  summary: 'run the bridge',
  description:
    'Runs the bridge until SIGINT or SIGTERM: devices register over MQTT, NETCONF clients use them over SSH. ' +
    'Without a broker (--mqtt-url) an embedded one is started. The first start makes keys and a user admin ' +
    'in the state directory and prints the generated password once.',
  options: [
    ...bridgeOptions,
    {
      name: 'passphrase-file',
      value: 'FILE',
      description: 'passphrase of the encrypted keys of the update server, one line',
    },
    {
      name: 'ready-json',
      description: 'when it serves, print one line of JSON on stdout: ports, host keys, version',
    },
    {
      name: 'print-config',
      description: 'print the configuration in force as TOML, secrets masked, and end',
    },
  ],
  examples: [
    {
      line: 'mup serve --netconf-port 8300',
      text: 'Serve on a port that needs no privileges, embedded broker',
    },
    {
      line: 'mup serve --mqtt-url mqtt://127.0.0.1:1883 --state-dir /var/lib/mup',
      text: 'Serve the devices of a broker that is there',
    },
    { line: 'mup serve --config mup.toml --print-config', text: 'See what a configuration file amounts to' },
  ],
  run: async (args, io) => (await import('../adapters/serve.ts')).runServe(args, io),
};
