import type { DeviceDescription } from '../base/description.ts';
import type { Refusal } from './description-error.ts';
import type { ReadingLimits } from './reading.ts';

/** What the worker that reads descriptions is started with. */
export interface WorkerSettings {
  readonly ontologiesDir: string;
  /** The operator's own ontologies, mappings and contexts; the folder need not be there. */
  readonly operatorDir?: string;
  readonly limits: ReadingLimits;
}

/** A description, unpacked, its UUID abstracted. */
export interface WorkerRequest {
  readonly bytes: Uint8Array;
}

/** `ready` once after the start, then one answer a request. */
export type WorkerAnswer =
  | {
      readonly kind: 'ready';
      /** Files of ontologies that cannot be used. */
      readonly problems: readonly string[];
    }
  | { readonly kind: 'description'; readonly description: DeviceDescription }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** A bug of ours, or of a package. */
  | { readonly kind: 'failed'; readonly reason: string };
