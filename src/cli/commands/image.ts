import type { CommandGroup } from '../command.ts';
import { configFileOption, jsonOption, stateDirOption } from '../options.ts';
import { profileOption } from '../profile-option.ts';

const common = [stateDirOption, configFileOption, jsonOption];

/** `mup image`: the firmware images a bridge can send. */
export const imageCommand: CommandGroup = {
  name: 'image',
  summary: 'add, list and remove firmware images',
  commands: [
    {
      name: 'add',
      summary: 'add a firmware image with its vendor manifest',
      description:
        'Checks an image against its vendor manifest and adds both to the image repository of the state ' +
        'directory. Works with or without a running bridge, which sees the image at once.',
      arguments: [{ name: 'FILE', description: 'firmware image' }],
      options: [
        {
          name: 'manifest',
          value: 'FILE',
          description: 'vendor manifest (default: the image with the ending .json)',
        },
        {
          name: 'vendor-key',
          value: 'FILE',
          description: "vendor's public key; the inner signature is checked with it",
        },
        profileOption,
        ...common,
      ],
      examples: [
        {
          line: 'mup image add firmware.bin --vendor-key vendor.pub.pem',
          text: 'Add firmware.bin and firmware.json',
        },
      ],
      run: async (args, io) => (await import('../adapters/images.ts')).runImageAdd(args, io),
    },
    {
      name: 'list',
      summary: 'list the firmware images',
      description:
        'Lists the images of the state directory, oldest first. Works with or without a running bridge.',
      options: common,
      examples: [{ line: 'mup image list --state-dir mup-state', text: 'List the images of a bridge' }],
      run: async (args, io) => (await import('../adapters/images.ts')).runImageList(args, io),
    },
    {
      name: 'remove',
      summary: 'remove a firmware image',
      description:
        'Removes an image and its manifest. Works with or without a running bridge; an update that is ' +
        'sending the image right then fails.',
      arguments: [
        { name: 'DIGEST', description: "image's SHA-256 as hex, or enough of its start to be the only one" },
      ],
      options: common,
      examples: [{ line: 'mup image remove 17c36f0a', text: 'Remove the image whose digest starts so' }],
      run: async (args, io) => (await import('../adapters/images.ts')).runImageRemove(args, io),
    },
  ],
};
