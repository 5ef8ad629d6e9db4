import type { JobEntry } from './job-entry.ts';
import { durationText, percentOf } from './progress-bar.ts';

/** What each state means, for people. */
const stateTexts: Readonly<Record<string, (job: JobEntry) => string>> = {
  queued: ({ device, newVersion, user }) =>
    `update of device ${device} to version ${newVersion ?? '?'}, ordered by ${user ?? '?'}`,
  'requesting-token': () => 'the device is asked for a token',
  'sending-manifest': () => 'the manifest is sent, signed by vendor and update server',
  transferring: ({ bytesSent, bytesTotal }) => `image sent: ${bytesSent} of ${bytesTotal} octets`,
  verifying: () => 'the device verifies the image',
  restarting: () => 'the image is valid; the device restarts',
  'waiting-for-device': ({ step, message = 'the device cannot be reached' }) =>
    `${message}; it goes on with ${step ?? 'the update'}`,
  succeeded: ({ newVersion }) => `the device reports version ${newVersion ?? '?'}`,
  failed: ending,
  // It says when: no need to say what once more.
  cancelled: (job) => `${(job.message ?? '').replace(/^cancelled /, '')}${later(job)}`,
};

/** A state of a job as one line: when, which, what that means. */
export function jobLine(job: JobEntry): string {
  const { state, changedAt, round, reason, failure, message } = job;
  const text = Object.hasOwn(stateTexts, state) ? stateTexts[state]?.(job) : undefined;
  const after = reason === undefined ? '' : ` after ${reason}`;
  const again = round !== undefined && round > 1 ? ` (round ${round}${after})` : '';
  // What keeps a job that is under way.
  const told =
    failure !== undefined || message === undefined || state === 'waiting-for-device' ? '' : `; ${message}`;
  return `${changedAt ?? ''} ${state}${again}${text === undefined ? '' : `: ${text}`}${told}`.trim();
}

/** The heading of {@link jobRow}. */
export const jobHeading = ['JOB', 'DEVICE', 'STATE', 'SENT', 'RATE', 'LEFT', 'USER', 'STARTED', 'OUTCOME'];

/** A job as a row of a table. */
export function jobRow(job: JobEntry): string[] {
  const { rate, remainingSeconds } = job;
  return [
    job.job,
    job.device,
    job.state,
    percentOf(job),
    rate === undefined ? '-' : `${rate} B/s`,
    remainingSeconds === undefined ? '-' : durationText(remainingSeconds),
    job.user ?? '-',
    job.startedAt ?? '-',
    outcomeOf(job),
  ];
}

/** In a word or two. */
function outcomeOf({ state, failure, message, newVersion, reportedAt }: JobEntry): string {
  const version = `version ${newVersion ?? '?'}`;
  if (failure === undefined) return state === 'succeeded' ? version : (message ?? '-');
  return reportedAt === undefined ? failure : `${failure}, then ${version}`;
}

/** Why a job failed. */
function ending(job: JobEntry): string {
  const { failure, message } = job;
  const why =
    message === undefined || failure === message ? (failure ?? '') : `${failure ?? '?'}, ${message}`;
  return `${why}${later(job)}`;
}

/** What came after the end of a job, if anything did. */
function later({ newVersion, reportedAt }: JobEntry): string {
  return reportedAt === undefined
    ? ''
    : `; the device reported version ${newVersion ?? '?'} at ${reportedAt}`;
}
