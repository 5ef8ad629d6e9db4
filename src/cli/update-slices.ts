import type { UpdateConfig } from '../base/config.ts';
import type { Digest } from '../base/ids.ts';
import type { ExtendedManifest, VendorManifest } from '../mup/manifest.ts';
import { SliceChain } from '../mup/slice-chain.ts';
import type { DeviceEntry } from './device-entry.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

/**
 * What a manifest that is signed here says of the slices, for a device that authenticates them (ADR 28); nothing for
 * others. Their size is the one of this command's own configuration: no bridge knows that somebody else signs.
 * @throws CommandError `image-required`
 */
export async function cutFor(
  { uuid, operations }: Pick<DeviceEntry, 'uuid' | 'operations'>,
  { manifest, image }: { readonly manifest: VendorManifest; readonly image: Uint8Array | undefined },
  { sliceSizeBytes }: Pick<UpdateConfig, 'sliceSizeBytes'>,
  sha256: (bytes: Uint8Array) => Digest,
): Promise<Pick<ExtendedManifest, 'slices'>> {
  if (operations.get('manifest')?.leaves.has('sliceHash') !== true) return {};
  if (image === undefined)
    throw new CommandError(
      exitCodes.usage,
      'image-required',
      `device ${uuid} authenticates slices, and their hashes are of the image itself`,
      { hint: 'Give the file of the image, or let the bridge sign: leave out --key.' },
    );
  const { digest, size } = manifest;
  const read = (offset: number, length: number): Uint8Array => image.subarray(offset, offset + length);
  const { head } = await SliceChain.of({ digest, size, read }, sliceSizeBytes, sha256);
  return { slices: head };
}
