import type { CommandGroup } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { bridgeConnectionOptions, configFileOption, jsonOption, passphraseFileOption } from '../options.ts';
import { suiteOption } from '../suite-option.ts';

const bridgeExitCodes: readonly ExitCode[] = [
  exitCodes.refused,
  exitCodes.notAuthorised,
  exitCodes.bridgeUnreachable,
];

const bridge = [...bridgeConnectionOptions, jsonOption];

/** `mup rotate`: from one key to the next, of the update server and of the vendor (docs/keys.md). */
export const rotateCommand: CommandGroup = {
  name: 'rotate',
  summary: 'move the update server or the vendor, and their devices, to the next key',
  commands: [
    {
      name: 'status',
      summary: 'show the keys of the update server and how many devices have moved',
      description:
        'Shows the keys of a running bridge: prepared ones, which wait for the vendor’s endorsement, and those in ' +
        'use, with the devices that are known to keep each and the ones that are not known to keep another.',
      options: bridge,
      examples: [{ line: 'mup rotate status', text: 'Show the keys of the bridge on this machine' }],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/rotate-server.ts')).runRotateStatus(args, io),
    },
    {
      name: 'prepare',
      summary: 'make the next key of the update server',
      description:
        'Has a running bridge make its next key pair, and writes the public half to a file, for the vendor to ' +
        'endorse with mup endorse and a higher epoch. Devices are not told of it yet.',
      options: [
        suiteOption,
        { name: 'out', value: 'FILE', description: 'file for the public key, PEM', required: true },
        ...bridge,
      ],
      examples: [
        { line: 'mup rotate prepare --out next.pub.pem', text: 'Make the key that the vendor is to endorse' },
      ],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/rotate-server.ts')).runRotatePrepare(args, io),
    },
    {
      name: 'activate',
      summary: 'take a key of the update server into use that the vendor has endorsed',
      description:
        'Hands an endorsement to a running bridge, which tells its devices of the key at once, and each other ' +
        'when it registers. The keys before it stay in use: each device is signed for with the one that it keeps.',
      arguments: [{ name: 'ENDORSEMENT', description: 'file that mup endorse wrote' }],
      options: bridge,
      examples: [{ line: 'mup rotate activate endorsement.json', text: 'Begin to move the devices' }],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/rotate-server.ts')).runRotateActivate(args, io),
    },
    {
      name: 'retire',
      summary: 'take a key of the update server out of use',
      description:
        'Has a running bridge use a key no more. Refused while devices are not known to keep another one, and ' +
        'names them. The key’s file stays in keys/ with the ending .retired, for the operator to remove.',
      arguments: [{ name: 'KEY', description: 'id of the key, as mup rotate status shows it' }],
      options: [{ name: 'force', description: 'retire it whichever devices keep it' }, ...bridge],
      examples: [{ line: 'mup rotate retire 5d1c0f2a9b3e4d67', text: 'Retire the key once all have moved' }],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/rotate-server.ts')).runRotateRetire(args, io),
    },
    {
      name: 'vendor',
      summary: 'sign the vendor’s next key with the one that devices hold',
      description:
        'As the vendor: states with the key that devices hold which key follows it. Needs no bridge, and the ' +
        'private key of the next one stays where it is. A device takes a key only when its counter is higher than ' +
        'that of the key before: the key that devices were made with has 0.',
      options: [
        {
          name: 'vendor-key',
          value: 'FILE',
          description: 'private key of the vendor that devices hold the public half of, PEM',
          required: true,
        },
        passphraseFileOption,
        { name: 'next-key', value: 'FILE', description: 'public key that follows it, PEM', required: true },
        { name: 'counter', value: 'N', description: 'number of the next key, from 1', required: true },
        { name: 'out', value: 'FILE', description: 'file for the statement', required: true },
        configFileOption,
        jsonOption,
      ],
      examples: [
        {
          line: 'mup rotate vendor --vendor-key vendor.pem --next-key vendor-2.pub.pem --counter 1 --out vendor-2.json',
          text: 'Sign the next key',
        },
      ],
      run: async (args, io) => (await import('../adapters/rotate-vendor.ts')).runRotateVendor(args, io),
    },
    {
      name: 'send',
      summary: 'send the vendor’s next key to devices',
      description:
        'Has a running bridge hand the statement that mup rotate vendor wrote to one device, or to all that take ' +
        'one, and prints what each answered. It can be sent again: a device that has the key says 11_NOOP. Exit ' +
        'code 1: at least one device has not taken it.',
      arguments: [{ name: 'STATEMENT', description: 'file that mup rotate vendor wrote' }],
      options: [
        { name: 'device', value: 'UUID', description: 'this device only' },
        { name: 'all', description: 'every device that describes an operation for it' },
        ...bridge,
      ],
      examples: [
        { line: 'mup rotate send vendor-2.json --all', text: 'Send it to every device of the bridge' },
      ],
      exitCodes: bridgeExitCodes,
      run: async (args, io) => (await import('../adapters/rotate-vendor.ts')).runRotateSend(args, io),
    },
  ],
};
