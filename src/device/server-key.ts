import { equalBytes } from '../base/bytes.ts';
import { errorMessage } from '../base/errors.ts';
import { type Endorsement, verifyEndorsement } from '../mup/endorsement.ts';
import type { PublicKey, SignatureScheme } from '../mup/signature-scheme.ts';

/** The update server's key that a device keeps. */
export interface KeptKey {
  readonly key: PublicKey;
  /** Epoch of the vendor's endorsement; 0 for a key without one. */
  readonly epoch: number;
}

/** By what a device judges a key that comes with its registration (mup-protocol §1). */
export interface KeyTrust {
  readonly kept: KeptKey | undefined;
  readonly vendorKey: PublicKey | undefined;
  /** Whether the maker allows to trust the first key that comes, where there is no vendor key. */
  readonly trustFirstKey: boolean;
  readonly scheme: SignatureScheme;
}

export type KeyDecision =
  | { readonly kind: 'take'; readonly key: KeptKey }
  /** It is the key that is kept. */
  | { readonly kind: 'same' }
  | { readonly kind: 'refuse'; readonly reason: string };

/**
 * Whether to take an update server's key (mup-protocol §1, closing what paper §4.5 leaves open): with a
 * vendor key only with the vendor's endorsement and an epoch that is not lower than the kept one; without
 * a vendor key the first one, once, where the maker allows that.
 */
export function decideServerKey(offered: Endorsement, trust: KeyTrust): KeyDecision {
  const { kept, vendorKey } = trust;
  const sameKey = kept !== undefined && equalBytes(kept.key, offered.serverKey);
  if (sameKey && (offered.signature === undefined || offered.epoch === kept.epoch)) return { kind: 'same' };
  return vendorKey === undefined
    ? decideWithoutVendor(offered, trust)
    : decideEndorsed(offered, vendorKey, trust);
}

function decideEndorsed(
  { serverKey, epoch, signature }: Endorsement,
  vendorKey: PublicKey,
  { kept, scheme }: KeyTrust,
): KeyDecision {
  if (signature === undefined) return refuse('the vendor has not endorsed it');
  if (kept !== undefined && epoch < kept.epoch)
    return refuse(`its epoch ${epoch} is lower than ${kept.epoch}, that of the kept key`);
  try {
    verifyEndorsement({ serverKey, epoch, signature }, vendorKey, scheme);
  } catch (error) {
    return refuse(`its endorsement does not hold: ${errorMessage(error)}`);
  }
  return { kind: 'take', key: { key: serverKey, epoch } };
}

function decideWithoutVendor({ serverKey }: Endorsement, { kept, trustFirstKey }: KeyTrust): KeyDecision {
  if (kept !== undefined) return refuse('another key was trusted first');
  if (!trustFirstKey) return refuse('there is no vendor key to check it with');
  // An epoch that nobody signed counts for nothing: a forged high one would lock out all later keys.
  return { kind: 'take', key: { key: serverKey, epoch: 0 } };
}

function refuse(reason: string): KeyDecision {
  return { kind: 'refuse', reason };
}
