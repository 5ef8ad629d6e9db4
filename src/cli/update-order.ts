import type { DeviceUuid, Digest } from '../base/ids.ts';
import { RpcReplyError } from '../netconf/client.ts';
import { textOf } from '../xml/element.ts';
import { commandFailure, exitCodeForFailure } from './command-failure.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { getJobs, type JobEntry, jobsOf, orderedJob, updateFirmware } from './job-entry.ts';
import { followJob, type JobFollowing } from './job-follow.ts';
import { isOutOfReach } from './lasting-session.ts';
import {
  findDevice,
  type ImageFiles,
  provideImage,
  type UpdatePreparation,
  type UpdateSession,
} from './update-preparation.ts';

/** An update that the bridge is to run. */
export interface OrderedUpdate {
  readonly uuid: DeviceUuid;
  readonly digest: Digest;
  /** The image with its manifest, where they are at hand; else the bridge has to hold them. */
  readonly files?: ImageFiles;
}

/** A session that outlives restarts of the bridge. */
export interface OrderSession extends UpdateSession {
  /** Asks what must not be asked twice; nothing outlives anything then. */
  once: UpdateSession['rpc'];
}

/**
 * Has the bridge update a device, and follows its job until it ends. The deadlines are the bridge's.
 * @returns the version that the device reports, and the job
 * @throws CommandError with the job's failure, `unknown-device`, `unknown-image`, `update-in-progress`, `interrupted`, and
 * what the session throws
 */
export async function runUpdateJob(
  { uuid, digest, files }: OrderedUpdate,
  deps: UpdatePreparation & JobFollowing & { readonly session: OrderSession },
): Promise<{ readonly firmwareVersion: number | undefined; readonly job: string }> {
  await findDevice(uuid, deps);
  await provideImage(digest, files, deps);
  const job = await order(uuid, digest, deps);
  deps.onStep({ step: 'ordered', job });
  const end = await followJob(job, deps);
  if (end.state === 'succeeded') return { firmwareVersion: end.newVersion, job };
  throw failureOf(end);
}

/**
 * Orders an update once, although the bridge may be lost before it answers: its order stands then, or does not, and its
 * jobs tell.
 * @returns the id of the job
 */
async function order(
  uuid: DeviceUuid,
  digest: Digest,
  { session, signal }: { readonly session: OrderSession; readonly signal: AbortSignal },
): Promise<string> {
  const jobs = async (): Promise<JobEntry[]> =>
    jobsOf(await session.rpc(getJobs(uuid, undefined), { signal })).filter(({ image }) => image === digest);
  const before = new Set((await jobs()).map(({ job }) => job));
  for (let lost = false; ; ) {
    try {
      return orderedJob(await session.once(updateFirmware(uuid, digest), { signal }));
    } catch (error) {
      if (!isOutOfReach(error) && !lost) throw refusal(error);
      const ours = (await jobs().catch(uncertain(uuid))).find(({ job }) => !before.has(job));
      if (ours !== undefined) return ours.job;
      if (!isOutOfReach(error)) throw refusal(error);
      lost = true;
    }
  }
}

/** Throws an error again; of a bridge that stays away with how to find out what came of the order. */
function uncertain(uuid: DeviceUuid): (error: unknown) => never {
  return (error) => {
    if (!isOutOfReach(error)) throw error;
    const { exitCode, code, message } = commandFailure(error);
    throw new CommandError(exitCode, code, message, {
      hint: `Whether the bridge took the order is not known: when it is back, see "mup jobs --device ${uuid}".`,
      cause: error,
    });
  };
}

/** Another update is under way: who reads of it learns how to follow that one. */
function refusal(error: unknown): unknown {
  if (!(error instanceof RpcReplyError) || error.code !== 'update-in-progress') return error;
  const job = error.errors.flatMap(({ info }) => info).find(({ name }) => name === 'job');
  if (job === undefined) return error;
  const id = textOf(job);
  return new CommandError(exitCodes.refused, error.code, error.message, {
    hint: `Follow that one with "mup job ${id}", or end it with "mup job ${id} --cancel".`,
    cause: error,
  });
}

function failureOf({ job, state, failure = state, message = '' }: JobEntry): CommandError {
  if (state === 'cancelled')
    return new CommandError(exitCodeForFailure(failure), failure, `job ${job} was ${message || state}`, {
      hint: '"mup audit" says who cancelled it.',
    });
  return new CommandError(
    exitCodeForFailure(failure),
    failure,
    `job ${job} ${state}: ${failure}${message === '' ? '' : `, ${message}`}`,
    { hint: 'docs/updates.md says what to do about it.' },
  );
}
