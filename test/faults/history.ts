/**
 * What happened in a run, as it was seen from outside: by the operator, on the devices' flash, in the
 * notifications of the bridge. Times are milliseconds since the world began.
 */
export type Happening =
  /** An operator asks for an update. `further`: after all faults, it has to succeed. */
  | {
      readonly kind: 'ordered';
      readonly order: number;
      readonly device: string;
      readonly version: number;
      readonly further: boolean;
    }
  | { readonly kind: 'order-taken'; readonly order: number; readonly job: string }
  /** `holder`: the job that the refusal names. */
  | {
      readonly kind: 'order-refused';
      readonly order: number;
      readonly code: string;
      readonly holder: string | undefined;
    }
  | { readonly kind: 'cancel-taken'; readonly job: string }
  /** A notification of a job's state. */
  | ({ readonly kind: 'job-state' } & JobSeen)
  /** The bridge has started, or the run ends: what `get` shows of the jobs. */
  | { readonly kind: 'jobs-listed'; readonly jobs: readonly JobSeen[] }
  /** The bridge runs, its disk has room, it is not stopped: from now on it keeps its deadlines. */
  | { readonly kind: 'bridge-able' }
  /** A device has booted: what its flash says that it runs. */
  | {
      readonly kind: 'booted';
      readonly device: string;
      readonly version: number;
      /** SHA-256 of the slot that it runs from. */
      readonly digest: string;
    }
  /** The boot loader of a device goes back to the firmware of this version. */
  | { readonly kind: 'rolled-back'; readonly device: string; readonly version: number }
  /** A device has answered a manifest with 10_OK. */
  | { readonly kind: 'manifest-accepted'; readonly device: string; readonly nonce: string }
  /** The flash of a device says that it downloads an image, from the beginning. */
  | {
      readonly kind: 'download-began';
      readonly device: string;
      readonly digest: string;
      readonly version: number;
    }
  /** The flash of a device says that the download is complete, or given up. */
  | { readonly kind: 'download-ended'; readonly device: string }
  /** Nothing is disturbed any more, and everything runs. */
  | { readonly kind: 'faults-over' }
  /** Something that must not happen whatever is disturbed. */
  | { readonly kind: 'broken'; readonly what: string };

export interface JobSeen {
  readonly job: string;
  readonly device: string;
  readonly state: string;
  /** Digest of the image. */
  readonly image: string;
  /** Of a job that failed. */
  readonly code: string | undefined;
}

export type Recorded = Happening & { readonly at: number };
export type History = readonly Recorded[];
