import type { UpdateConfig } from '../base/config.ts';
import type { DeviceUuid, Digest, JobId } from '../base/ids.ts';
import type { DeviceToken } from './manifest.ts';
import type { DeviceStateName } from './states.ts';

/** The steps of an update, in their order (mup-protocol §4). */
export const updateSteps = [
  'requesting-token',
  'sending-manifest',
  'transferring',
  'verifying',
  'restarting',
] as const;
export type UpdateStep = (typeof updateSteps)[number];

/** The states in which a job has ended. */
export const endStates = ['succeeded', 'failed', 'cancelled'] as const;
export type EndState = (typeof endStates)[number];

/** The states of an update job (mup-protocol §4). */
export type UpdateState = 'queued' | UpdateStep | 'waiting-for-device' | EndState;

/**
 * An update of one device to one image. Plain JSON, so that it survives a restart of the bridge; times are
 * milliseconds since the epoch.
 */
export interface UpdateJob {
  readonly id: JobId;
  readonly uuid: DeviceUuid;
  /** Digest of the image. */
  readonly digest: Digest;
  /** Octets of the image. */
  readonly size: number;
  /** Version that the device has to report in the end. */
  readonly newVersion: number;
  /**
   * The device says neither that it is there nor which version it runs, and takes an image from its first octet on
   * alone (profile `myno`).
   */
  readonly silent?: true | undefined;
  readonly state: UpdateState;
  /** The step in hand: where a waiting job goes on, where one that has ended got to. */
  readonly step: UpdateStep;
  /** When the state is given up unless something happens; set as long as the job has not ended. */
  readonly deadline?: number | undefined;
  /** When the job is given up whatever happens; jobs of earlier versions have none. */
  readonly endsAt?: number | undefined;
  readonly createdAt: number;
  /** When the state changed last. */
  readonly changedAt: number;
  /** Octets that the device has acknowledged. */
  readonly offset: number;
  /** The token in use, with the version that the device ran before. */
  readonly token?: DeviceToken | undefined;
  /** Counts what was asked of the device: an answer to something older is dropped. */
  readonly attempt: number;
  /** How often the update began at step 1. */
  readonly round: number;
  /** Of a round that has just begun: what ended the one before, as {@link UpdateEnding.code}. */
  readonly reason?: string | undefined;
  /** How often in a row the step's request was repeated: what the pause before the next one grows with. */
  readonly retries?: number | undefined;
  /** The step was taken up again after a loss, and nothing has shown yet that the device still knows of it. */
  readonly interrupted: boolean;
  /** How often in a row the transfer was interrupted before the device took anything. */
  readonly fruitless?: number | undefined;
  /** The transfer of this round was taken up again: what the device kept of the image may have suffered. */
  readonly resumed?: boolean | undefined;
  /** Nothing has come from the device itself since the bridge or its broker was away: it may not be there. */
  readonly unheard?: boolean | undefined;
  /** The device was asked to verify an image: from then on it may run the new version. */
  readonly finished?: boolean | undefined;
  /** The device said of this round's image that it is valid. */
  readonly verified?: boolean | undefined;
  /** What a device that was asked twice to verify said to the second: the answer to the first may have been better. */
  readonly doubt?: DeviceStateName | undefined;
  /** When the device went offline first since the last progress. */
  readonly offlineSince?: number | undefined;
  /** What the device reported while its restart was awaited, unless it was the new version. */
  readonly reportedVersion?: number | undefined;
  /** Why the job failed or where it was cancelled. */
  readonly ending?: UpdateEnding | undefined;
}

/**
 * Whether nothing keeps the device from taking the image any more: one that is silent knows no message but FIN to drop
 * what it has, and takes what has all arrived.
 */
export function isBeyondRecall({ silent, state, offset, size }: UpdateJob): boolean {
  return silent === true && (state === 'verifying' || (state === 'transferring' && offset === size));
}

export interface UpdateEnding {
  /** The device's state (`28_IMAGE-INVALID`), or a kebab-case code of ours. */
  readonly code: string;
  readonly text: string;
}

/**
 * What happens to a job. Events that answer an effect carry its `attempt`; where that is not the job's own
 * any more the event is too late and changes nothing.
 */
export type UpdateEvent =
  /** It is the job's turn at its device, of which this is known. */
  | { readonly type: 'start'; readonly presence: 'online' | 'offline' | 'unknown' }
  | { readonly type: 'token-received'; readonly attempt: number; readonly token: DeviceToken }
  | { readonly type: 'manifest-accepted'; readonly attempt: number }
  | { readonly type: 'verified'; readonly attempt: number }
  /** The device answered with another state than 10_OK. */
  | { readonly type: 'refused'; readonly attempt: number; readonly state: DeviceStateName }
  /** No answer that can be used. `transient`: trying again may help (no answer, connection lost). */
  | {
      readonly type: 'request-failed';
      readonly attempt: number;
      readonly code: string;
      readonly text: string;
      readonly transient: boolean;
    }
  /** Octets acknowledged. */
  | { readonly type: 'transfer-progress'; readonly attempt: number; readonly offset: number }
  | { readonly type: 'transfer-finished'; readonly attempt: number }
  | {
      readonly type: 'transfer-failed';
      readonly attempt: number;
      readonly code: string;
      readonly text: string;
    }
  /**
   * The device said `online;<version>`: after a restart or a reconnect. `retained`: it said so at some time, and the
   * broker has kept it.
   */
  | { readonly type: 'device-online'; readonly version?: number | undefined; readonly retained?: boolean }
  | { readonly type: 'device-offline' }
  /** The broker's connection broke, or the bridge itself has just started: nothing in flight is left. */
  | { readonly type: 'connection-lost' }
  /** `brokerAway`: the bridge itself has no connection, so that nothing is known of the device. */
  | { readonly type: 'deadline'; readonly brokerAway?: boolean }
  /** The job could not be stored until its deadline had passed. */
  | { readonly type: 'store-failed'; readonly text: string }
  /** The wall clock was set forward by so many milliseconds (back: less than 0). */
  | { readonly type: 'clock-stepped'; readonly by: number }
  | { readonly type: 'cancel' };

/**
 * What the owner of a job does next, in this order. A request with `afterMs` waits for between half of that and
 * all of it, at random, and is then left out when its `attempt` is not the job's own any more.
 */
export type UpdateEffect =
  | { readonly type: 'request-token'; readonly attempt: number; readonly afterMs: number }
  | { readonly type: 'send-manifest'; readonly attempt: number; readonly token: DeviceToken }
  /** Starts to send slices; the device names the offset it goes on at, `offset` is where it should be. */
  | { readonly type: 'start-transfer'; readonly attempt: number; readonly offset: number }
  | { readonly type: 'stop-transfer' }
  | { readonly type: 'request-verification'; readonly attempt: number; readonly afterMs: number }
  /** Tells the device to drop the manifest and image it has. The answer is nobody's. */
  | { readonly type: 'cancel-device' };

export type UpdateLimits = Pick<
  UpdateConfig,
  | 'tokenDeadlineMs'
  | 'manifestDeadlineMs'
  | 'stallTimeoutMs'
  | 'verifyDeadlineMs'
  | 'restartDeadlineMs'
  | 'offlineDeadlineMs'
  | 'jobDeadlineMs'
  | 'retryMinMs'
  | 'retryMaxMs'
  | 'maxRounds'
>;

export interface UpdateTransition {
  /** The same object when nothing changed. */
  readonly job: UpdateJob;
  readonly effects: readonly UpdateEffect[];
}

/** Whether a job has ended; nothing changes it any more. */
export function hasEnded(job: UpdateJob): boolean {
  return endStates.some((state) => state === job.state);
}
