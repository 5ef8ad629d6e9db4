import type { Operation } from '../base/description.ts';
import type { Digest } from '../base/ids.ts';
import type { DeviceStateName } from '../mup/states.ts';

/** What happens on a device, for its console and for tests. */
export type DeviceEvent =
  /** The bridge took the description. */
  | { readonly kind: 'registered' }
  | { readonly kind: 'registration-refused'; readonly code: string; readonly text: string }
  /** The bridge keeps the description until a user accepts the device. */
  | { readonly kind: 'registration-pending'; readonly text: string }
  /** The update server's key that came with the registration is kept from now on. */
  | { readonly kind: 'server-key-taken'; readonly epoch: number }
  | { readonly kind: 'server-key-refused'; readonly reason: string }
  /** The vendor's next key counts from now on (ADR 27). */
  | { readonly kind: 'vendor-key-taken'; readonly counter: number }
  | { readonly kind: 'vendor-key-refused'; readonly state: DeviceStateName }
  /** A request was answered. */
  | {
      readonly kind: 'request';
      readonly operation: Operation;
      readonly inputs: readonly string[];
      readonly state: string;
    }
  /** A generic operation was carried out with these inputs. */
  | { readonly kind: 'state-changed'; readonly operation: Operation; readonly inputs: readonly string[] }
  | { readonly kind: 'token-issued'; readonly nonce: string; readonly version: number }
  | { readonly kind: 'manifest-accepted'; readonly digest: Digest; readonly newVersion: number }
  | { readonly kind: 'manifest-refused'; readonly state: DeviceStateName }
  /** A slice arrived; `expected` is the offset expected next, whether this one was taken or not. */
  | {
      readonly kind: 'slice';
      readonly offset: number;
      readonly length: number;
      readonly taken: boolean;
      readonly expected: number;
      /** It named the expected offset and was not the expected slice (ADR 28). */
      readonly forged?: boolean;
    }
  | {
      readonly kind: 'image-verified';
      readonly digest: Digest;
      readonly newVersion: number;
      /** Slices that were not the update server's, since this boot; only where slices are authenticated. */
      readonly forged?: number;
    }
  | { readonly kind: 'image-refused'; readonly reason: string }
  /** A transfer ended without FIN: its deadline passed, or the slot could not be written. */
  | { readonly kind: 'transfer-abandoned'; readonly reason: string }
  /** A transfer that a restart interrupted goes on at this offset. */
  | { readonly kind: 'transfer-resumed'; readonly offset: number }
  | { readonly kind: 'restarting'; readonly version: number }
  | { readonly kind: 'restarted'; readonly version: number };

/** Called with each event; must not throw. */
export type DeviceEventListener = (event: DeviceEvent) => void;
