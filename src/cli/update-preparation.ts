import { utf8 } from '../base/bytes.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { VendorManifest } from '../mup/manifest.ts';
import { formatVendorManifest } from '../mup/manifest-json.ts';
import type { XmlElement } from '../xml/element.ts';
import { type DeviceEntry, deviceOf, getDevice, getImage, hasImage } from './device-entry.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import type { UpdateStep } from './update-steps.ts';

/** What an update needs of a NETCONF session; a part of `NetconfClient`. */
export interface UpdateSession {
  /** @throws RpcReplyError, UnavailableError */
  rpc(
    operation: XmlElement,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<XmlElement>;
}

/** What every update begins with. */
export interface UpdatePreparation {
  /** Runs the RPCs of the update, one after the other. */
  readonly session: UpdateSession;
  /** Puts a file into the bridge's image repository (SFTP). */
  putFile(name: string, content: Uint8Array): Promise<void>;
  readonly signal: AbortSignal;
  onStep(step: UpdateStep): void;
}

/** An image that is at hand, with its manifest. */
export interface ImageFiles {
  readonly manifest: VendorManifest;
  readonly image: Uint8Array;
}

/** @throws CommandError `unknown-device`, `device-pending`, and what the session throws */
export async function findDevice(
  uuid: DeviceUuid,
  { session, signal, onStep }: UpdatePreparation,
): Promise<DeviceEntry> {
  const device = deviceOf(await session.rpc(getDevice(uuid), { signal }), uuid);
  if (device === undefined)
    throw new CommandError(
      exitCodes.deviceUnavailable,
      'unknown-device',
      `no device ${uuid} is registered at the bridge`,
      { hint: 'Check the UUID, and that the device has reached the broker.' },
    );
  const { module, presence, firmwareVersion } = device;
  onStep({ step: 'device-found', module, presence, firmwareVersion });
  return device;
}

/**
 * Sees to it that the bridge has the image.
 * @throws CommandError `unknown-image`, and what session and upload throw
 */
export async function provideImage(
  digest: Digest,
  files: ImageFiles | undefined,
  { session, putFile, signal, onStep }: UpdatePreparation,
): Promise<void> {
  if (hasImage(await session.rpc(getImage(digest), { signal }), digest)) {
    onStep({ step: 'image-known', digest });
    return;
  }
  if (files === undefined)
    throw new CommandError(exitCodes.failed, 'unknown-image', `the bridge holds no image ${digest}`, {
      hint: 'Name the image’s file with --image, or add it with mup image add.',
    });
  await putFile(`${digest}.json`, utf8(formatVendorManifest(files.manifest)));
  await putFile(`${digest}.bin`, files.image);
  onStep({ step: 'image-uploaded', digest, size: files.manifest.size });
}
