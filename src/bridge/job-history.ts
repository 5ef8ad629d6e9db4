import type { UpdateJob } from '../mup/update-job-types.ts';

/** One state that a job entered; times are milliseconds since the epoch. */
export interface JobTransition extends Pick<UpdateJob, 'state' | 'step' | 'round' | 'offset'> {
  readonly time: number;
  /** Why it was entered once more, in a new round: what ended the round before. */
  readonly reason?: string;
}

/** What a job went through, oldest first. Plain JSON, kept with the job. */
export interface JobHistory {
  readonly transitions: readonly JobTransition[];
  /** Older ones that made room. */
  readonly dropped: number;
}

/** What is known of a job that was stored without one. */
export const noHistory: JobHistory = { transitions: [], dropped: 0 };

/**
 * The history with the state that the job is in now; the same one if that is there already.
 * @param most transitions that are kept; the oldest ones make room
 */
export function withState(history: JobHistory, job: UpdateJob, most: number): JobHistory {
  const last = history.transitions.at(-1);
  if (last?.state === job.state && last.round === job.round) return history;
  const { state, step, round, offset, reason, changedAt: time } = job;
  const because = state === step && reason !== undefined ? { reason } : {};
  const all = [...history.transitions, { time, state, step, round, offset, ...because }];
  const transitions = all.slice(-most);
  return { transitions, dropped: history.dropped + all.length - transitions.length };
}
