import type { CommandDefinition } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { bridgeOptions } from '../options.ts';

/** `mup demo`: what `npm start` runs. */
export const demoCommand: CommandDefinition = {
  name: 'demo',
  summary: 'run a bridge with a simulated device, and update its firmware once',
  description:
    'Starts an embedded broker, the bridge and a simulated device, lets the device register itself, and updates ' +
    'its firmware over NETCONF as in Figure 2 of the MUP paper: token, manifest, 87,800 octets in slices, ' +
    'verification, restart. Then it goes on serving until Ctrl-C, for you to try. Each run updates to the next ' +
    'version. Ports that are taken are replaced by free ones.',
  options: [
    ...bridgeOptions,
    { name: 'exit', description: 'end after the update: 0 it succeeded, 1 it did not' },
  ],
  examples: [
    { line: 'mup demo', text: 'See it happen, then try it yourself' },
    { line: 'mup demo --exit', text: 'For scripts' },
  ],
  exitCodes: [exitCodes.interrupted],
  run: async (args, io) => (await import('../adapters/demo.ts')).runDemo(args, io),
};
