import type { CommandDefinition } from '../command.ts';
import { configFileOption, jsonOption, passphraseFileOption } from '../options.ts';
import { profileOption } from '../profile-option.ts';

/** `mup inspect`: what a file is, and whether its signatures hold. */
export const inspectCommand: CommandDefinition = {
  name: 'inspect',
  summary: 'say what a file is, and whether its signatures hold',
  description:
    'Says of FILE whether it is a vendor manifest, an endorsement, a signed vendor key, a private or public key, ' +
    'a description or a firmware image, and what stands in it; never a private key. With --vendor-key it checks ' +
    'the vendor’s signature, with --uuid that of a description, which is of one device; an image is compared with ' +
    'the manifest beside it. Ends with 0 when all that was ' +
    'checked holds, with 1 when a signature or digest does not, with 2 when a file cannot be read. Needs no ' +
    'running bridge.',
  arguments: [{ name: 'FILE', description: 'file to look at' }],
  options: [
    { name: 'vendor-key', value: 'FILE', description: "vendor's public key, PEM, to check signatures with" },
    {
      name: 'manifest',
      value: 'FILE',
      description: 'vendor manifest of an image (default: the image with the ending .json)',
    },
    { name: 'uuid', value: 'UUID', description: 'device that a signed description is of' },
    profileOption,
    passphraseFileOption,
    configFileOption,
    jsonOption,
  ],
  examples: [
    { line: 'mup inspect vendor.pem', text: 'The suite and the public half of a key' },
    {
      line: 'mup inspect firmware.bin --vendor-key vendor.pub.pem',
      text: 'Whether an image is the one that its manifest is of, and the vendor signed it',
    },
    {
      line: 'mup inspect heater.jsonld.signed --uuid HEATER-17 --vendor-key vendor.pub.pem',
      text: 'Whether a description is signed by the vendor for this device',
    },
    { line: 'mup inspect mup-state/keys/endorsement.json --json', text: 'An endorsement, for a program' },
  ],
  run: async (args, io) => (await import('../adapters/inspect.ts')).runInspect(args, io),
};
