import type { DeviceToken, ExtendedManifest } from '../mup/manifest.ts';

/** What a device said to a manifest, or to the end of an image. */
export interface Verdict {
  readonly accepted: boolean;
  /** Its own word. */
  readonly state: string;
}

/** The steps of an update (mup-protocol §3), where the profiles of devices differ. */
export interface Dialect {
  /** Octets of image in a slice that the device bears. */
  readonly sliceBytes: number;
  /** Steps 1 and 2. @throws CheckFailure when the answer is none, or none comes */
  token(): Promise<DeviceToken>;
  /** Steps 3 and 4. @throws CheckFailure when no answer comes */
  offer(manifest: ExtendedManifest): Promise<Verdict>;
  /**
   * Step 5: the slices of an image that begin from `from` on and before `to`, each acknowledged before the next.
   * @throws CheckFailure when one is not
   */
  send(image: Uint8Array, from?: number, to?: number): Promise<void>;
  /** Step 6. @throws CheckFailure when no answer comes */
  finish(): Promise<Verdict>;
  /** Has the device drop what it holds of an image, whatever that is. */
  drop(): Promise<void>;
  /** Resolves with the version that the device reports once it has restarted. @throws CheckFailure */
  restarted(): Promise<number>;
}
