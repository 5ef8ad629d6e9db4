import { assertNever } from '../base/errors.ts';
import { deviceStateText } from './states.ts';
import type { UpdateEnding, UpdateJob, UpdateLimits, UpdateStep } from './update-job-types.ts';

/** How long a job may be in a step, milliseconds. */
export function allowedMs(step: UpdateStep, limits: UpdateLimits): number {
  switch (step) {
    case 'requesting-token':
      return limits.tokenDeadlineMs;
    case 'sending-manifest':
      return limits.manifestDeadlineMs;
    case 'transferring':
      // The sender of the slices notices a stall by itself; this is for one that does not.
      return 2 * limits.stallTimeoutMs;
    case 'verifying':
      // A request that is not answered in the time for one is repeated once.
      return 2 * limits.verifyDeadlineMs;
    case 'restarting':
      return limits.restartDeadlineMs;
    default:
      return assertNever(step);
  }
}

/** The longest pause before something is tried again that failed so often in a row (0: once), milliseconds. */
export function retryDelayMs(
  failures: number,
  { retryMinMs, retryMaxMs }: Pick<UpdateLimits, 'retryMinMs' | 'retryMaxMs'>,
): number {
  return Math.min(retryMaxMs, retryMinMs * 2 ** failures);
}

/**
 * What the passing of a job's deadline means.
 * @param brokerAway whether the bridge has no connection to its broker, so that no device could have come back
 */
export function expiry(job: UpdateJob, now: number, brokerAway = false): UpdateEnding {
  const { state, step, endsAt, offset, size } = job;
  if (endsAt !== undefined && now >= endsAt)
    return { code: 'job-timeout', text: `the update took longer than any may (${step})` };
  switch (state) {
    case 'queued':
      return { code: 'queue-timeout', text: 'the job’s turn did not come' };
    case 'waiting-for-device':
      if (brokerAway)
        return { code: 'broker-offline', text: `the bridge had no connection to its broker (${step})` };
      return { code: 'device-offline', text: `the device did not come back (${step})` };
    case 'requesting-token':
      return { code: 'token-timeout', text: 'the device handed out no token' };
    case 'sending-manifest':
      return { code: 'manifest-timeout', text: 'the device did not answer to the manifest' };
    case 'transferring':
      return { code: 'transfer-stalled', text: `the device took no slice after offset ${offset} of ${size}` };
    case 'verifying':
      return { code: 'verify-timeout', text: 'the device did not say whether the image is valid' };
    default:
      return restartExpiry(job);
  }
}

function restartExpiry({ doubt, reportedVersion, newVersion }: UpdateJob): UpdateEnding {
  if (doubt !== undefined) return { code: doubt, text: deviceStateText(doubt) };
  if (reportedVersion === undefined)
    return { code: 'restart-timeout', text: 'the device did not come back from its restart' };
  return {
    code: 'version-not-installed',
    text: `the device reports version ${reportedVersion}, not ${newVersion}`,
  };
}
