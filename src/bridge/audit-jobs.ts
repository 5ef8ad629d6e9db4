import type { AuditFacts } from './audit-entry.ts';
import type { JobRecord } from './job-record.ts';

/** What an update job is about, for the audit log. */
export function jobSubject({
  job,
  manifest,
}: JobRecord): Pick<AuditFacts, 'job' | 'device' | 'image' | 'manifest'> {
  return { job: job.id, device: job.uuid, image: job.digest, manifest };
}

/** The end of an update job, in the name of who ordered it. */
export function jobEnd(record: JobRecord): AuditFacts {
  const { state, ending } = record.job;
  return {
    user: record.user,
    from: record.sourceHost ?? 'unknown',
    operation: 'update-ended',
    outcome: state === 'succeeded' || state === 'cancelled' ? state : 'failed',
    code: ending?.code,
    ...jobSubject(record),
  };
}
