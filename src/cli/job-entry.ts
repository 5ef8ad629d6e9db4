import { PeerError } from '../base/errors.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import { endStates, updateSteps } from '../mup/update-job-types.ts';
import { bridgeNamespace } from '../netconf/namespaces.ts';
import { childElements, type XmlElement } from '../xml/element.ts';
import { bridgeElement, entriesOf, getBridgeData, leafNumber, leafText } from './bridge-xml.ts';
import type { Progress } from './progress-bar.ts';

/** The states of a job, as `--state` takes them. */
export const jobStates: readonly string[] = ['queued', ...updateSteps, 'waiting-for-device', ...endStates];

/** An update job as `update-jobs/job` of the module `mup-bridge` shows it; `--json` prints it so. */
export interface JobEntry extends Progress {
  readonly job: string;
  readonly device: string;
  /** Digest of the image. */
  readonly image: string | undefined;
  /** Digest of the vendor's manifest. */
  readonly manifest: string | undefined;
  readonly newVersion: number | undefined;
  /** Who ordered it. */
  readonly user: string | undefined;
  readonly sourceHost: string | undefined;
  readonly state: string;
  readonly step: string | undefined;
  readonly round: number | undefined;
  /** Of a round that has just begun, where the history of the job was asked for: what ended the one before. */
  readonly reason: string | undefined;
  readonly attempt: number | undefined;
  readonly failure: string | undefined;
  readonly message: string | undefined;
  /** Times of RFC 3339. */
  readonly startedAt: string | undefined;
  readonly changedAt: string | undefined;
  readonly deadline: string | undefined;
  readonly finishedAt: string | undefined;
  /** When the device reported the new version, where that was after the job had failed or was cancelled. */
  readonly reportedAt: string | undefined;
}

/** A state that a job entered. */
export type JobChange = Pick<JobEntry, 'state' | 'step' | 'round' | 'reason' | 'changedAt' | 'bytesSent'>;

/** A job with the states that it went through, as far as the bridge keeps them. */
export interface JobWithHistory {
  readonly entry: JobEntry;
  readonly changes: readonly JobChange[];
  /** Changes before those. */
  readonly dropped: number;
}

const leafNames = [
  ...['id', 'device', 'image', 'manifest', 'new-version', 'user', 'source-host', 'state', 'step', 'round'],
  ...['attempt', 'failure', 'message', 'started-at', 'changed-at', 'deadline', 'finished-at', 'bytes-sent'],
  ...['bytes-total', 'rate', 'remaining-time', 'reported-at'],
];

/** `<get>` of one job with its history. */
export function getJob(id: string): XmlElement {
  return getBridgeData(bridgeElement('update-jobs', [bridgeElement('job', [bridgeElement('id', id)])]));
}

/** `<get>` of the jobs of a device, in a state, or of all; without their histories. */
export function getJobs(device: string | undefined, state: string | undefined): XmlElement {
  const wanted = new Map([
    ['device', device],
    ['state', state],
  ]);
  const leaves = leafNames.map((name) => bridgeElement(name, wanted.get(name) ?? ''));
  return getBridgeData(bridgeElement('update-jobs', [bridgeElement('job', leaves)]));
}

/** The job in the reply to {@link getJob}. */
export function jobOf(reply: XmlElement, id: string): JobWithHistory | undefined {
  const job = entriesOf(reply, 'update-jobs', 'job').find((entry) => leafText(entry, 'id') === id);
  if (job === undefined) return undefined;
  const changes = childElements(job)
    .filter(({ name, namespace }) => name === 'transition' && namespace === bridgeNamespace)
    .map(changeOf);
  return { entry: entryOf(job), changes, dropped: leafNumber(job, 'transitions-dropped') ?? 0 };
}

/** The jobs in the reply to {@link getJobs}, oldest first. */
export function jobsOf(reply: XmlElement): JobEntry[] {
  return entriesOf(reply, 'update-jobs', 'job')
    .map(entryOf)
    .sort((a, b) => ((a.startedAt ?? '') < (b.startedAt ?? '') ? -1 : 1));
}

/** The RPC that orders an update. */
export function updateFirmware(device: DeviceUuid, digest: Digest): XmlElement {
  return bridgeElement('update-firmware', [bridgeElement('device', device), bridgeElement('digest', digest)]);
}

/** The id in the reply to {@link updateFirmware}. @throws PeerError `bad-reply` */
export function orderedJob(reply: XmlElement): string {
  const job = leafText(reply, 'job');
  if (job !== undefined) return job;
  throw new PeerError('bad-reply', 'the bridge names no job in its reply to update-firmware');
}

/** The RPC that cancels a job. */
export function cancelUpdate(id: string): XmlElement {
  return bridgeElement('cancel-update', [bridgeElement('job', id)]);
}

/** Whether a job has ended. */
export function jobEnded({ state }: JobEntry): boolean {
  return endStates.some((end) => end === state);
}

function changeOf(transition: XmlElement): JobChange {
  return {
    state: leafText(transition, 'state') ?? '',
    step: leafText(transition, 'step'),
    round: leafNumber(transition, 'round'),
    reason: leafText(transition, 'reason'),
    changedAt: leafText(transition, 'time'),
    bytesSent: leafNumber(transition, 'bytes-sent') ?? 0,
  };
}

function entryOf(job: XmlElement): JobEntry {
  return {
    job: leafText(job, 'id') ?? '',
    device: leafText(job, 'device') ?? '',
    image: leafText(job, 'image'),
    manifest: leafText(job, 'manifest'),
    newVersion: leafNumber(job, 'new-version'),
    user: leafText(job, 'user'),
    sourceHost: leafText(job, 'source-host'),
    state: leafText(job, 'state') ?? '',
    step: leafText(job, 'step'),
    round: leafNumber(job, 'round'),
    reason: undefined,
    attempt: leafNumber(job, 'attempt'),
    failure: leafText(job, 'failure'),
    message: leafText(job, 'message'),
    startedAt: leafText(job, 'started-at'),
    changedAt: leafText(job, 'changed-at'),
    deadline: leafText(job, 'deadline'),
    finishedAt: leafText(job, 'finished-at'),
    reportedAt: leafText(job, 'reported-at'),
    bytesSent: leafNumber(job, 'bytes-sent') ?? 0,
    bytesTotal: leafNumber(job, 'bytes-total') ?? 0,
    rate: leafNumber(job, 'rate'),
    remainingSeconds: leafNumber(job, 'remaining-time'),
  };
}
