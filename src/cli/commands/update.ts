import type { CommandDefinition } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { bridgeConnectionOptions, jsonOption } from '../options.ts';

/** `mup update`: the paper's update server as a NETCONF client. */
export const updateCommand: CommandDefinition = {
  name: 'update',
  summary: "update a device's firmware through a running bridge",
  description:
    'Connects to a running bridge as a NETCONF client, uploads the image unless the bridge has it, asks ' +
    'the device for its token, signs the manifest as update server, has the bridge send the image, and ' +
    'waits until the device reports the new version. On the machine of the bridge neither address nor ' +
    'login is needed: both come from the state directory. With --json it prints one object per step and ' +
    'a final one with "result".',
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
      description: "update server's private key (default: keys/update-server.pem of the state directory)",
    },
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
