import type { Profile } from '../base/description.ts';
import { errorMessage, PeerError, UnavailableError } from '../base/errors.ts';
import type { DeviceUuid } from '../base/ids.ts';

/** What became of a description. */
export type RegistrationOutcome =
  | { readonly kind: 'registered' }
  /** It was taken, and the device waits until a user accepts it. */
  | { readonly kind: 'pending' }
  /** `code` and `text` are for the device's maker: nothing of our own insides. */
  | { readonly kind: 'refused'; readonly code: string; readonly text: string };

/** A way on which devices describe themselves (mup-protocol §1). */
export interface RegistrationSource {
  /** Profiles of the devices that may describe themselves so. */
  readonly profiles: readonly Profile[];
  /** Tells the device. */
  answer(uuid: DeviceUuid, outcome: RegistrationOutcome): void;
}

/** A refusal, and what the log says of it. */
export interface Refusal {
  readonly code: string;
  readonly text: string;
  readonly level: 'warn' | 'error';
  readonly reason: string;
}

/** What a device is told: what it or its bridge's operator can mend, and nothing of our own insides. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof PeerError || error instanceof UnavailableError))
    return {
      code: 'internal',
      text: 'the bridge could not process the description',
      level: 'error',
      reason: errorMessage(error),
    };
  const { code, message, where, hint } = error;
  const place = where === undefined ? '' : ` (${where})`;
  const text = hint === undefined ? `${message}${place}` : `${message.replace(/\.$/, '')}${place}. ${hint}`;
  // `busy` is what devices try again after (mup-protocol §1).
  return { code: code === 'reader-busy' ? 'busy' : code, text, level: 'warn', reason: text };
}
