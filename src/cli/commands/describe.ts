import type { CommandArgument, CommandGroup, CommandOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { configFileOption, jsonOption, ontologiesOption, passphraseFileOption } from '../options.ts';

const file: CommandArgument = {
  name: 'FILE',
  description: 'description: JSON-LD, or JSON-LD packed with zlib, signed or not',
};

const reading: readonly CommandOption[] = [
  {
    name: 'uuid',
    value: 'UUID',
    description: "device's UUID, where the description holds it in place of %s, or is signed",
  },
  ontologiesOption,
  configFileOption,
];

const pieceBytes: CommandOption = {
  name: 'piece-bytes',
  value: 'N',
  description: 'octets of description that the device sends in one piece (default: 4096)',
};

/** `mup describe`: the kit of those who write descriptions. */
export const describeCommand: CommandGroup = {
  name: 'describe',
  summary: 'check a description, see its YANG, compare two, pack or sign one',
  commands: [
    {
      name: 'check',
      summary: 'say what is wrong with a description, and what it costs',
      description:
        'Reads a description as the bridge does and says all that is wrong with it: the individual, the ' +
        'property, what was found, what is expected, and what would be right. Where the bridge would take it, ' +
        'also what nobody reads, what a constrained device may not cope with, the topics, and its size in ' +
        'every form. Needs no running bridge; topics of other devices are not known to it.',
      arguments: [file],
      options: [
        { name: 'strict', description: 'remarks and warnings are faults too' },
        pieceBytes,
        ...reading,
        jsonOption,
      ],
      examples: [
        { line: 'mup describe check heater.jsonld', text: 'Check a description' },
        { line: 'mup describe check heater.jsonld --strict --json', text: 'The same, in a build' },
      ],
      exitCodes: [exitCodes.faults],
      run: async (args, io) => (await import('../adapters/describe-check.ts')).runDescribeCheck(args, io),
    },
    {
      name: 'yang',
      summary: 'print the YANG module of a description',
      description:
        'Prints the module that the first device with this description brings, or writes it as ' +
        'NAME@REVISION.yang. Needs no running bridge.',
      arguments: [file],
      options: [
        { name: 'out-dir', value: 'DIR', description: 'write the module to this directory' },
        ...reading,
        jsonOption,
      ],
      examples: [
        { line: 'mup describe yang heater.jsonld', text: 'Read the module' },
        { line: 'mup describe yang heater.jsonld --out-dir yang', text: 'Keep it for a NETCONF client' },
      ],
      exitCodes: [exitCodes.faults],
      run: async (args, io) => (await import('../adapters/describe-yang.ts')).runDescribeYang(args, io),
    },
    {
      name: 'tree',
      summary: 'draw the RPCs and data of a description as a tree',
      description:
        'Draws the module of a description as pyang -f tree does (RFC 8340): -x is an RPC, -w what a client ' +
        'sends, ro what it reads, ? what may be left out. Needs no running bridge.',
      arguments: [file],
      options: reading,
      examples: [{ line: 'mup describe tree heater.jsonld', text: 'See what NETCONF clients see' }],
      exitCodes: [exitCodes.faults],
      run: async (args, io) => (await import('../adapters/describe-yang.ts')).runDescribeTree(args, io),
    },
    {
      name: 'diff',
      summary: 'say what clients see change between two descriptions',
      description:
        'Compares the modules of two descriptions of one kind of device by the rules for new revisions ' +
        '(RFC 7950 section 11), and says what the bridge does when a device comes with the new one: the same ' +
        'module, a new revision of it, or a variant with a name of its own. Needs no running bridge.',
      arguments: [
        { name: 'OLD', description: 'description that devices have' },
        { name: 'NEW', description: 'description that they are going to have' },
      ],
      options: [...reading, jsonOption],
      examples: [
        {
          line: 'mup describe diff heater-1.jsonld heater-2.jsonld',
          text: 'Ends with 7 where clients break',
        },
      ],
      exitCodes: [exitCodes.faults],
      run: async (args, io) => (await import('../adapters/describe-diff.ts')).runDescribeDiff(args, io),
    },
    {
      name: 'pack',
      summary: 'pack a description for firmware',
      description:
        'Compacts a description and packs it with zlib, as devices may send it, and reads the result once ' +
        'more: it says the same. Prints a C header with the octets and with the digest that a device may ' +
        'announce instead, or writes NAME.json, NAME.zlib and NAME.h. The UUID stays %s. Needs no running ' +
        'bridge.',
      arguments: [file],
      options: [
        { name: 'out-dir', value: 'DIR', description: 'write the files to this directory' },
        ...reading,
        jsonOption,
      ],
      examples: [
        { line: 'mup describe pack heater.jsonld > description.h', text: 'Make a C header' },
        { line: 'mup describe pack heater.jsonld --out-dir build', text: 'Write all three files' },
      ],
      exitCodes: [exitCodes.faults],
      run: async (args, io) => (await import('../adapters/describe-pack.ts')).runDescribePack(args, io),
    },
    {
      name: 'sign',
      summary: 'sign a description of one device as its vendor',
      description:
        'Signs a description for one device, so that a bridge which trusts the key (registration.vendorKeys) ' +
        'takes it, and from then on nobody else’s. The octets are signed as they are, packed or not: the device ' +
        'sends the file that is written. What it says is not checked; mup describe check does that.',
      arguments: [file],
      options: [
        { name: 'uuid', value: 'UUID', description: "device's UUID", required: true },
        {
          name: 'counter',
          value: 'N',
          description: 'number of the description, growing with every new one of the device',
          required: true,
        },
        { name: 'vendor-key', value: 'FILE', description: "vendor's private key, PEM", required: true },
        passphraseFileOption,
        { name: 'out', value: 'FILE', description: 'signed description (default: FILE.signed)' },
        configFileOption,
        jsonOption,
      ],
      examples: [
        {
          line: 'mup describe sign build/heater.zlib --uuid HEATER-17 --counter 1 --vendor-key vendor.pem',
          text: 'Sign the packed description of one heater',
        },
      ],
      run: async (args, io) => (await import('../adapters/describe-sign.ts')).runDescribeSign(args, io),
    },
  ],
};
