import type { CommandDefinition } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { bridgeConnectionOptions, jsonOption, passphraseFileOption } from '../options.ts';

/** `mup update`: an update from the command line. */
export const updateCommand: CommandDefinition = {
  name: 'update',
  summary: "update a device's firmware through a running bridge",
  description:
    'Connects to a running bridge as a NETCONF client, uploads the image unless the bridge has it, orders ' +
    'the update, and follows the job until the device reports the new version. Ctrl-C leaves the job ' +
    'running: mup job shows how it goes on. A bridge that restarts is waited for. With --key it is the update server of the paper by itself: it ' +
    'asks the device for its token, signs the manifest, has the bridge send the image, and an interrupted ' +
    'update has no job that goes on. On the machine of the bridge neither address nor login is needed: both ' +
    'come from the state directory. With --json it prints one object per step, those of mup job among ' +
    'them, and a final one with "result".',
  options: [
    { name: 'device', value: 'UUID', description: 'device to update', required: true },
    {
      name: 'image',
      value: 'FILE|DIGEST',
      description: 'firmware image, or the SHA-256 of one in the repository',
      required: true,
    },
    {
      name: 'manifest',
      value: 'FILE',
      description: 'vendor manifest (default: the image with the ending .json, or that of the repository)',
    },
    {
      name: 'key',
      value: 'FILE',
      description: "update server's private key, to sign here instead of at the bridge",
    },
    passphraseFileOption,
    ...bridgeConnectionOptions,
    jsonOption,
  ],
  examples: [
    {
      line: 'mup update --device 3F2504E0-4F89-11D3-9A0C-0305E82C3301 --image firmware.bin',
      text: 'Update a device of the bridge on this machine',
    },
    {
      line: 'mup update --device 3F2504E0-4F89-11D3-9A0C-0305E82C3301 --image firmware.bin --key server.pem --host bridge.example --host-key SHA256:Fp… --user anna --identity ~/.ssh/id_ed25519',
      text: 'Update a device of another bridge',
    },
  ],
  exitCodes: [
    exitCodes.refused,
    exitCodes.deviceUnavailable,
    exitCodes.notAuthorised,
    exitCodes.bridgeUnreachable,
    exitCodes.interrupted,
  ],
  run: async (args, io) => (await import('../adapters/update.ts')).runUpdate(args, io),
};
