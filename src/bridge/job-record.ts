import type { Digest } from '../base/ids.ts';
import type { UpdateJob } from '../mup/update-job-types.ts';
import type { JobHistory } from './job-history.ts';

/** Who has ordered an update. */
export interface Orderer {
  readonly user: string;
  /** IP address of the client; jobs of earlier versions have none. */
  readonly sourceHost?: string;
}

/** A job and who ordered it, as the store keeps it. */
export interface JobRecord extends Orderer {
  readonly job: UpdateJob;
  /** Digest of the vendor's manifest, as the bridge keeps it; jobs of earlier versions have none. */
  readonly manifest?: Digest;
  /**
   * When the device reported the new version, or said that it takes the image, where that was after the job had failed or
   * was cancelled; milliseconds since the epoch.
   */
  readonly reportedAt?: number;
  /** What it went through; jobs of earlier versions have none. */
  readonly history?: JobHistory;
}
