import type { Clock } from '../base/clock.ts';
import { commandFailure } from './command-failure.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { getJob, type JobChange, type JobEntry, type JobWithHistory, jobEnded, jobOf } from './job-entry.ts';
import { sleep } from './sleep.ts';
import type { UpdateSession } from './update-preparation.ts';

export interface JobFollowing {
  readonly session: UpdateSession;
  readonly clock: Clock;
  /** Ends the following, not the job. */
  readonly signal: AbortSignal;
  /** Called with every state of the job, from its first on, and with its progress in between. */
  readonly onChange: (entry: JobEntry) => void;
}

/** How often the job is looked at. */
const pollMs = 250;

/**
 * Looks at a job until it has ended. Deadlines are the job's own, and states that came and went between
 * two looks are told all the same.
 * @returns the job as it ended
 * @throws CommandError `unknown-job`, `interrupted`, that the bridge is out of reach; and what the session throws
 */
export async function followJob(id: string, following: JobFollowing): Promise<JobEntry> {
  const { session, clock, signal, onChange } = following;
  let told = 0;
  let last: JobEntry | undefined;
  for (;;) {
    if (signal.aborted) throw leftAlone(id);
    const job = await look(id, session, signal);
    const { entry } = job;
    const changes = entriesSince(job, told);
    for (const change of changes) onChange(change);
    if (changes.length === 0 && (last === undefined || progressed(last, entry))) onChange(entry);
    told = job.dropped + job.changes.length;
    last = entry;
    if (jobEnded(entry)) return entry;
    await sleep(pollMs, clock, signal);
  }
}

/** Somebody has stopped looking; the job goes on. */
function leftAlone(id: string): CommandError {
  return new CommandError(exitCodes.interrupted, 'interrupted', `job ${id} goes on at the bridge`, {
    hint: `See how it goes with "mup job ${id}", end it with "mup job ${id} --cancel".`,
  });
}

/** The bridge cannot be asked any more. Its jobs stand on its disk. */
function outOfSight(id: string, error: unknown): unknown {
  const failure = commandFailure(error);
  if (failure.exitCode !== exitCodes.bridgeUnreachable) return error;
  return new CommandError(failure.exitCode, failure.code, failure.message, {
    hint: `Job ${id} goes on as soon as the bridge does: see "mup job ${id}".`,
    cause: error,
  });
}

async function look(id: string, session: UpdateSession, signal: AbortSignal): Promise<JobWithHistory> {
  let job: JobWithHistory | undefined;
  try {
    job = jobOf(await session.rpc(getJob(id), { signal }), id);
  } catch (error) {
    throw signal.aborted ? leftAlone(id) : outOfSight(id, error);
  }
  if (job !== undefined) return job;
  throw new CommandError(
    exitCodes.failed,
    'unknown-job',
    `the bridge knows no update job ${JSON.stringify(id.slice(0, 80))}`,
    { hint: 'See mup jobs. Of jobs that have ended, the bridge remembers update.maxFinishedJobs.' },
  );
}

/** The job at each change that was not told yet; at the last one, as it is now. */
function entriesSince({ entry, changes, dropped }: JobWithHistory, told: number): JobEntry[] {
  const fresh = changes.slice(Math.max(0, told - dropped));
  return fresh.map((change, i) =>
    i === fresh.length - 1 ? { ...entry, reason: change.reason } : asItWas(entry, change),
  );
}

function asItWas(
  { job, device, image, manifest, newVersion, user, sourceHost, startedAt, bytesTotal }: JobEntry,
  change: JobChange,
): JobEntry {
  const unknown = { attempt: undefined, failure: undefined, message: undefined, deadline: undefined };
  return {
    ...{ job, device, image, manifest, newVersion, user, sourceHost, startedAt, bytesTotal },
    ...unknown,
    finishedAt: undefined,
    reportedAt: undefined,
    ...change,
  };
}

function progressed(before: JobEntry, now: JobEntry): boolean {
  const same = before.bytesSent === now.bytesSent && before.attempt === now.attempt;
  return !same || before.state !== now.state || before.message !== now.message;
}
