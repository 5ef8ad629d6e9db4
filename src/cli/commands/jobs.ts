import type { CommandDefinition } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { bridgeConnectionOptions, jsonOption } from '../options.ts';

const bridgeExitCodes: readonly ExitCode[] = [
  exitCodes.refused,
  exitCodes.notAuthorised,
  exitCodes.bridgeUnreachable,
];

/** `mup jobs`: the updates that a bridge runs and has run. */
export const jobsCommand: CommandDefinition = {
  name: 'jobs',
  summary: 'list the firmware updates that a bridge runs and has run',
  description:
    'Lists the update jobs of a running bridge, oldest first: those under way and the last ones that ended. ' +
    'docs/updates.md says what the states and outcomes mean.',
  options: [
    { name: 'device', value: 'UUID', description: 'jobs of this device only' },
    { name: 'state', value: 'STATE', description: 'jobs in this state only, such as failed' },
    ...bridgeConnectionOptions,
    jsonOption,
  ],
  examples: [
    { line: 'mup jobs', text: 'List the jobs of the bridge on this machine' },
    { line: 'mup jobs --state failed --json', text: 'The failed ones, for a program' },
  ],
  exitCodes: bridgeExitCodes,
  run: async (args, io) => (await import('../adapters/jobs.ts')).runJobs(args, io),
};

/** `mup job`: one update, as it goes. */
export const jobCommand: CommandDefinition = {
  name: 'job',
  summary: 'follow a firmware update until it ends, or cancel it',
  description:
    'Shows what an update job went through and follows it until it ends: on a terminal with a progress bar, ' +
    'else with a line for each change. Exit code 0: the device runs the new version; 1: the update failed or ' +
    'was cancelled. Ctrl-C leaves the job running, and a bridge that restarts is waited for. With --cancel it ends the job, and exit code 0 says that ' +
    'it is cancelled. With --json it prints one object for each change, the last of which is the end.',
  arguments: [{ name: 'ID', description: 'id of the job, as mup update and mup jobs print it' }],
  options: [
    { name: 'cancel', description: 'end the job; the device keeps the firmware that it runs' },
    ...bridgeConnectionOptions,
    jsonOption,
  ],
  examples: [
    { line: 'mup job 00112233445566aa', text: 'Follow an update' },
    { line: 'mup job 00112233445566aa --cancel', text: 'Cancel it' },
  ],
  exitCodes: [...bridgeExitCodes, exitCodes.deviceUnavailable, exitCodes.interrupted],
  run: async (args, io) => (await import('../adapters/jobs.ts')).runJob(args, io),
};
