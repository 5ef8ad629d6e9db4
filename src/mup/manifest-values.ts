import { toHex } from '../base/bytes.ts';
import type { FieldRole } from '../base/description.ts';
import type { ExtendedManifest } from './manifest.ts';

/** The values of a manifest as they go over the wire, by what they mean (mup-protocol §3, step 3). */
export function manifestValues(manifest: ExtendedManifest): Partial<Record<FieldRole, string>> {
  return {
    suite: manifest.suite,
    appId: manifest.appId,
    linkOffset: String(manifest.linkOffset),
    imageDigest: manifest.digest,
    imageSize: String(manifest.size),
    newVersion: String(manifest.newVersion),
    oldVersion: String(manifest.oldVersion),
    innerSignature: toHex(manifest.innerSignature),
    deviceUuid: manifest.uuid,
    nonce: manifest.nonce,
    ...(manifest.slices && {
      sliceSize: String(manifest.slices.sliceSize),
      sliceHash: manifest.slices.hash,
    }),
    outerSignature: toHex(manifest.outerSignature),
  };
}
