import { systemClock } from '../../base/adapters/node-runtime.ts';
import { UsageError } from '../../base/errors.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { cancelUpdate, getJobs, jobStates, jobsOf } from '../job-entry.ts';
import { followJob } from '../job-follow.ts';
import { jobHeading, jobRow } from '../job-lines.ts';
import { printResult, table } from '../output.ts';
import { UpdateReport } from '../update-report.ts';
import { overRestarts, withBridge } from './bridge-connection.ts';

/** `mup jobs` */
export async function runJobs(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const state = args.text('state');
  if (state !== undefined && !jobStates.includes(state))
    throw new UsageError('bad-option', `${JSON.stringify(state.slice(0, 80))} is no state of a job`, {
      where: '--state',
      hint: `There are: ${jobStates.join(', ')}.`,
    });
  const reply = await withBridge(args, io, ({ client }) => client.rpc(getJobs(args.text('device'), state)));
  const jobs = jobsOf(reply);
  printResult(args, io, jobs, jobs.length === 0 ? ['no jobs'] : table([jobHeading, ...jobs.map(jobRow)]));
  return exitCodes.ok;
}

/** `mup job` */
export async function runJob(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const id = args.argument('ID');
  const report = new UpdateReport(io, args.flag('json'));
  try {
    const end = await withBridge(args, io, async (bridge) => {
      if (args.flag('cancel')) await bridge.client.rpc(cancelUpdate(id), { signal: io.signal });
      return overRestarts(bridge, io.signal, report, (session) =>
        followJob(id, {
          session,
          clock: systemClock,
          signal: io.signal,
          onChange: (entry) => report.job(entry),
        }),
      );
    });
    const wanted = args.flag('cancel') ? 'cancelled' : 'succeeded';
    return end.state === wanted ? exitCodes.ok : exitCodes.failed;
  } finally {
    report.end();
  }
}
