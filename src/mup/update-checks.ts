import { PeerError } from '../base/errors.ts';
import type { Digest } from '../base/ids.ts';
import type { DeviceToken, UnsignedManifest } from './manifest.ts';

/** What an image is, measured. */
export interface ImageFacts {
  /** Octets. */
  readonly size: number;
  readonly digest: Digest;
}

/**
 * What the update server refuses by itself, because the device would (mup-protocol §3; paper §3: only
 * fresh updates travel). Called before anything is sent.
 * @param image what the image at hand is, where there is one
 * @param appId the App ID that the device is known to have, where it is known
 * @throws PeerError `version-not-newer`, `wrong-app-id`, `wrong-old-version`, `image-mismatch`
 */
export function checkUpdate(
  manifest: UnsignedManifest,
  token: Pick<DeviceToken, 'version'>,
  image?: ImageFacts,
  appId?: string,
): void {
  checkVersions(manifest, token.version);
  if (appId !== undefined && manifest.appId !== appId)
    throw new PeerError('wrong-app-id', `the image is for ${manifest.appId}, the device runs ${appId}`, {
      where: 'appId',
      hint: 'Choose an image with the App ID of the device.',
    });
  if (image !== undefined) checkImage(manifest, image);
}

/**
 * Whether an image is the one its manifest describes.
 * @throws PeerError `image-mismatch`
 */
export function checkImage(manifest: Pick<UnsignedManifest, 'size' | 'digest'>, image: ImageFacts): void {
  if (image.size !== manifest.size)
    throw new PeerError(
      'image-mismatch',
      `the image has ${image.size} octets, its manifest says ${manifest.size}`,
      { where: 'size', hint: 'Use the image that was signed, or sign this one.' },
    );
  if (image.digest !== manifest.digest)
    throw new PeerError(
      'image-mismatch',
      `the image’s digest is ${image.digest}, its manifest says ${manifest.digest}`,
      { where: 'digest', hint: 'Use the image that was signed, or sign this one.' },
    );
}

function checkVersions(manifest: UnsignedManifest, running: number): void {
  const { newVersion, oldVersion } = manifest;
  if (newVersion <= running)
    throw new PeerError(
      'version-not-newer',
      `the image has version ${newVersion}, the device runs version ${running}`,
      { where: 'newVersion', hint: 'Only a higher version is installed.' },
    );
  if (oldVersion !== 0 && oldVersion !== running)
    throw new PeerError(
      'wrong-old-version',
      `the image is a difference to version ${oldVersion}, the device runs version ${running}`,
      { where: 'oldVersion', hint: 'Use a difference to the running version, or a whole image.' },
    );
}
