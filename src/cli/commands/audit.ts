import type { CommandDefinition } from '../command.ts';
import { configFileOption, jsonOption, stateDirOption } from '../options.ts';

/** `mup audit`: who did what. */
export const auditCommand: CommandDefinition = {
  name: 'audit',
  summary: 'show who did what: the audit log of a bridge',
  description:
    'Prints the audit log of the state directory, oldest entry first: logins and failed logins, updates with ' +
    'the digests of image and manifest and how they ended, changes of devices, images, users and of the ' +
    'configuration, and what access control denied. Works with or without a running bridge. With --json it ' +
    'prints one object a line.',
  options: [
    {
      name: 'since',
      value: 'TIME',
      description: 'entries from then on: a date or time of RFC 3339, or 30m, 12h, 7d before now',
    },
    { name: 'device', value: 'UUID', description: 'entries about this device only' },
    { name: 'user', value: 'NAME', description: 'entries of this user only' },
    stateDirOption,
    configFileOption,
    jsonOption,
  ],
  examples: [
    { line: 'mup audit --since 12h', text: 'What was done last night' },
    { line: 'mup audit --device 3F2504E0-4F89-11D3-9A0C-0305E82C3301 --json', text: 'All about one device' },
  ],
  run: async (args, io) => (await import('../adapters/audit.ts')).runAudit(args, io),
};
