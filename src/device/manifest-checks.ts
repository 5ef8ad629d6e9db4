import type { ExtendedManifest } from '../mup/manifest.ts';
import { type PublicKey, type SignatureScheme, suiteOf } from '../mup/signature-scheme.ts';
import { verifyInnerSignature, verifyOuterSignature } from '../mup/signing.ts';
import type { DeviceStateName } from '../mup/states.ts';

/** What a device knows when it checks a manifest. */
export interface ManifestFacts {
  /** Nonce of the outstanding token, or `undefined` when there is none. */
  readonly nonce: string | undefined;
  readonly uuid: string;
  readonly appId: string;
  /** Version of the firmware that runs. */
  readonly version: number;
  readonly slotBytes: number;
  readonly slotFree: boolean;
  readonly serverKey: PublicKey | undefined;
  readonly vendorKey: PublicKey | undefined;
  readonly scheme: SignatureScheme;
}

interface ManifestCheck {
  /** The answer when the check fails. */
  readonly state: DeviceStateName;
  holds(manifest: ExtendedManifest, facts: ManifestFacts): boolean;
}

/** The checks of mup-protocol §3 in its order, cheapest first: a battery pays for no more than it must. */
const checks: readonly ManifestCheck[] = [
  { state: '22_INVALID-NONCE', holds: (manifest, { nonce }) => manifest.nonce === nonce },
  { state: '29_WRONG-UUID', holds: (manifest, { uuid }) => manifest.uuid === uuid },
  { state: '21_WRONG-APP-ID', holds: (manifest, { appId }) => manifest.appId === appId },
  { state: '25_INVALID-VERSIONNR', holds: (manifest, { version }) => manifest.newVersion > version },
  {
    state: '25_INVALID-VERSIONNR',
    holds: ({ oldVersion }, { version }) => oldVersion === 0 || oldVersion === version,
  },
  { state: '27_IMAGE-TOO-BIG', holds: (manifest, { slotBytes }) => manifest.size <= slotBytes },
  { state: '26_SAVESLOT-IN-USE', holds: (_, { slotFree }) => slotFree },
  { state: '23_OUTER-SIGN-INVALID', holds: outerSignatureHolds },
  { state: '24_INNER-SIGN-INVALID', holds: innerSignatureHolds },
];

/**
 * Whether a manifest is of the suite of the vendor's key, which is the one that the device can verify. It costs nothing,
 * and is part of the form of a manifest: the nonce is not spent when it fails (ADR 26).
 */
export function isOfOurSuite(
  { suite }: ExtendedManifest,
  { vendorKey }: Pick<ManifestFacts, 'vendorKey'>,
): boolean {
  return vendorKey === undefined || suiteOf(vendorKey) === suite;
}

/**
 * Checks a manifest as mup-protocol §3 says and stops at the first failure.
 * @returns the state of the check that failed, or `undefined` when all hold
 */
export function checkManifest(manifest: ExtendedManifest, facts: ManifestFacts): DeviceStateName | undefined {
  return checks.find((check) => !check.holds(manifest, facts))?.state;
}

/** Without a key nothing can be verified, and what cannot be verified is refused. */
function outerSignatureHolds(manifest: ExtendedManifest, { serverKey, scheme }: ManifestFacts): boolean {
  return serverKey !== undefined && passes(() => verifyOuterSignature(manifest, serverKey, scheme));
}

function innerSignatureHolds(manifest: ExtendedManifest, { vendorKey, scheme }: ManifestFacts): boolean {
  return vendorKey !== undefined && passes(() => verifyInnerSignature(manifest, vendorKey, scheme));
}

/** Any error of a verification is a failed check: the device answers with a state, it never stops. */
function passes(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch {
    return false;
  }
}
