import type { CommandDefinition } from '../command.ts';
import { configFileOption, jsonOption, passphraseFileOption } from '../options.ts';

/** `mup endorse`: the vendor's word for an update server's key. */
export const endorseCommand: CommandDefinition = {
  name: 'endorse',
  summary: "endorse an update server's key as the vendor",
  description:
    'As the vendor: signs the key of an update server, so that devices which hold the vendor’s public key ' +
    'accept it. Both keys are of one suite. A device takes a key only when its epoch is not lower than that of the key it holds: give ' +
    'every new key a higher one. The file belongs to the bridge as keys/endorsement.json (Ed25519: ' +
    'keys/endorsement-ed25519.json) of its state directory; it reads it at its start.',
  options: [
    { name: 'server-key', value: 'FILE', description: "update server's public key, PEM", required: true },
    { name: 'vendor-key', value: 'FILE', description: "vendor's private key, PEM", required: true },
    passphraseFileOption,
    {
      name: 'epoch',
      value: 'N',
      description: 'number of the key, growing with every new one',
      required: true,
    },
    {
      name: 'out',
      value: 'FILE',
      description: 'endorsement file (default: as above, beside the server key)',
    },
    configFileOption,
    jsonOption,
  ],
  examples: [
    {
      line: 'mup endorse --server-key mup-state/keys/update-server.pub.pem --vendor-key vendor.pem --epoch 1',
      text: "Endorse the first key of a bridge, in the bridge's own state directory",
    },
  ],
  run: async (args, io) => (await import('../adapters/endorse.ts')).runEndorse(args, io),
};
