import { dateAndTime } from '../base/clock.ts';
import { hasEnded } from '../mup/update-job-types.ts';
import type { XmlElement } from '../xml/element.ts';
import { container, leaf } from './bridge-elements.ts';
import { type JobTransition, noHistory } from './job-history.ts';
import type { JobRecord } from './job-record.ts';
import type { TransferProgress } from './transfer-progress.ts';

/** How far an image has got, the grouping `progress` of the module `mup-bridge`. */
export type Progress = Pick<TransferProgress, 'bytesSent' | 'bytesTotal' | 'rate' | 'remainingSeconds'>;

export function progressLeaves(progress: Progress): (XmlElement | undefined)[] {
  return [
    leaf('bytes-sent', progress.bytesSent),
    leaf('bytes-total', progress.bytesTotal),
    leaf('rate', progress.rate),
    leaf('remaining-time', progress.remainingSeconds),
  ];
}

/**
 * An entry of `update-jobs/job` of the module `mup-bridge`.
 * @param transfer how its transfer goes, where one is under way
 * @param hindrance what keeps it from going on, where that is no matter of its device
 */
export function jobEntry(
  record: JobRecord,
  transfer: TransferProgress | undefined,
  hindrance: string | undefined,
): XmlElement {
  const { job, user, sourceHost, manifest, reportedAt, history = noHistory } = record;
  const ended = hasEnded(job);
  return container('job', [
    leaf('id', job.id),
    leaf('device', job.uuid),
    leaf('image', job.digest),
    leaf('manifest', manifest),
    leaf('new-version', job.newVersion),
    leaf('user', user),
    leaf('source-host', sourceHost),
    leaf('state', job.state),
    leaf('step', job.step),
    leaf('round', job.round),
    leaf('attempt', job.attempt),
    leaf('failure', job.ending?.code),
    leaf('message', job.ending?.text ?? hindrance),
    leaf('started-at', dateAndTime(job.createdAt)),
    leaf('changed-at', dateAndTime(job.changedAt)),
    leaf('deadline', job.deadline === undefined ? undefined : dateAndTime(job.deadline)),
    leaf('finished-at', ended ? dateAndTime(job.changedAt) : undefined),
    leaf('reported-at', reportedAt === undefined ? undefined : dateAndTime(reportedAt)),
    ...progressLeaves({
      bytesSent: job.offset,
      bytesTotal: job.size,
      rate: transfer?.rate,
      remainingSeconds: transfer?.remainingSeconds,
    }),
    ...history.transitions.map(transitionEntry),
    leaf('transitions-dropped', history.dropped),
  ]);
}

function transitionEntry({ time, state, step, round, reason, offset }: JobTransition): XmlElement {
  return container('transition', [
    leaf('time', dateAndTime(time)),
    leaf('state', state),
    leaf('step', step),
    leaf('round', round),
    leaf('reason', reason),
    leaf('bytes-sent', offset),
  ]);
}
