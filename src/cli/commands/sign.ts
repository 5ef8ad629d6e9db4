import type { CommandDefinition } from '../command.ts';
import { configFileOption, jsonOption, passphraseFileOption } from '../options.ts';
import { profileOption } from '../profile-option.ts';

/** `mup sign`: makes and checks vendor manifests. */
export const signCommand: CommandDefinition = {
  name: 'sign',
  summary: 'make or check the vendor manifest of a firmware image',
  description:
    'As the vendor (paper §3.1): reads IMAGE, signs what it is, and writes the vendor manifest as JSON. ' +
    'With --check it verifies a manifest with the vendor’s public key instead and, given --image, that ' +
    'the image is the signed one. Needs no running bridge.',
  arguments: [{ name: 'IMAGE', description: 'firmware image to sign', optional: true }],
  options: [
    { name: 'key', value: 'FILE', description: "vendor's private key, PEM; its suite is the manifest's" },
    passphraseFileOption,
    { name: 'app-id', value: 'ID', description: 'App ID of the firmware: [A-Za-z0-9._-], up to 32' },
    { name: 'new-version', value: 'N', description: 'version of the image; devices take only newer ones' },
    {
      name: 'old-version',
      value: 'N',
      description: 'version the image is a difference to (default: 0, it is complete)',
    },
    { name: 'link-offset', value: 'N', description: 'address the image is linked for (default: 0)' },
    profileOption,
    { name: 'out', value: 'FILE', description: 'manifest file (default: IMAGE with the ending .json)' },
    { name: 'check', value: 'MANIFEST', description: 'verify this manifest instead of making one' },
    { name: 'image', value: 'FILE', description: 'with --check: the image that the manifest is of' },
    { name: 'vendor-key', value: 'FILE', description: "with --check: vendor's public key, PEM" },
    configFileOption,
    jsonOption,
  ],
  examples: [
    {
      line: 'mup sign firmware.bin --key vendor.pem --app-id lamp --new-version 2',
      text: 'Write firmware.json',
    },
    {
      line: 'mup sign firmware.bin --key vendor.pem --app-id APP --new-version 2 --profile myno',
      text: 'The same for devices of the MYNO prototype',
    },
    {
      line: 'mup sign --check firmware.json --image firmware.bin --vendor-key vendor.pub.pem',
      text: 'Check both files',
    },
  ],
  run: async (args, io) => (await import('../adapters/sign.ts')).runSign(args, io),
};
