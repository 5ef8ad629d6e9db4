import type { DeviceUuid, Digest } from '../base/ids.ts';
import { exitCodeForFailure } from './command-failure.ts';
import { CommandError } from './exit-codes.ts';
import { type JobEntry, orderedJob, updateFirmware } from './job-entry.ts';
import { followJob, type JobFollowing } from './job-follow.ts';
import { findDevice, type ImageFiles, provideImage, type UpdatePreparation } from './update-preparation.ts';

/** An update that the bridge is to run. */
export interface OrderedUpdate {
  readonly uuid: DeviceUuid;
  readonly digest: Digest;
  /** The image with its manifest, where they are at hand; else the bridge has to hold them. */
  readonly files?: ImageFiles;
}

/**
 * Has the bridge update a device, and follows its job until it ends. The deadlines are the bridge's.
 * @returns the version that the device reports, and the job
 * @throws CommandError with the job's failure, `unknown-device`, `unknown-image`, `interrupted`, and what the
 * session throws
 */
export async function runUpdateJob(
  { uuid, digest, files }: OrderedUpdate,
  deps: UpdatePreparation & JobFollowing,
): Promise<{ readonly firmwareVersion: number | undefined; readonly job: string }> {
  const { session, signal, onStep } = deps;
  await findDevice(uuid, deps);
  await provideImage(digest, files, deps);
  const job = orderedJob(await session.rpc(updateFirmware(uuid, digest), { signal }));
  onStep({ step: 'ordered', job });
  const end = await followJob(job, deps);
  if (end.state === 'succeeded') return { firmwareVersion: end.newVersion, job };
  throw failureOf(end);
}

function failureOf({ job, state, failure = state, message = '' }: JobEntry): CommandError {
  return new CommandError(
    exitCodeForFailure(failure),
    failure,
    `job ${job} ${state}: ${failure}${message === '' ? '' : `, ${message}`}`,
    { hint: 'docs/updates.md says what to do about it.' },
  );
}
