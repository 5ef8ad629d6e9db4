import type { CommandGroup } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { bridgeConnectionOptions, jsonOption } from '../options.ts';

const common = [...bridgeConnectionOptions, jsonOption];
const bridgeExitCodes = [exitCodes.refused, exitCodes.notAuthorised, exitCodes.bridgeUnreachable];

/** `mup description`: descriptions of devices that cannot describe themselves. */
export const descriptionCommand: CommandGroup = {
  name: 'description',
  summary: 'describe devices that cannot describe themselves',
  commands: [
    {
      name: 'add',
      summary: 'register a device with a description that you bring',
      description:
        'Registers a device at a running bridge with a description in a file: one that was never made for ' +
        'this bridge, such as a Tasmota plug, or a virtual one. Its topics need not hold the UUID. Adding a ' +
        'description again changes it. What the device says of itself is not taken from then on. Check the ' +
        'file first with mup describe check.',
      arguments: [{ name: 'FILE', description: 'description, JSON-LD' }],
      options: [
        { name: 'uuid', value: 'UUID', description: 'UUID to register the device under', required: true },
        ...common,
      ],
      examples: [
        {
          line: 'mup description add ontologies/examples/tasmota-plug.td.jsonld --uuid plug-1',
          text: 'Have the bridge on this machine speak to a Tasmota plug',
        },
      ],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/descriptions.ts')).runDescriptionAdd(args, io),
    },
    {
      name: 'list',
      summary: 'list the devices that operators have described',
      description: 'Lists the devices of a running bridge whose descriptions were brought by operators.',
      options: common,
      examples: [{ line: 'mup description list', text: 'List them' }],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/descriptions.ts')).runDescriptionList(args, io),
    },
    {
      name: 'remove',
      summary: 'remove a description, and its device with it',
      description:
        'Removes a description that an operator brought from a running bridge, which forgets its device. A ' +
        'device that describes itself is not touched.',
      arguments: [{ name: 'UUID', description: 'UUID of the device' }],
      options: common,
      examples: [{ line: 'mup description remove plug-1', text: 'Forget the plug' }],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/descriptions.ts')).runDescriptionRemove(args, io),
    },
  ],
};
