import type { RandomBytes } from '../base/random.ts';
import type { VendorManifest } from '../mup/manifest.ts';

/** An image and what its vendor says of it. */
export interface KitImage {
  readonly bytes: Uint8Array;
  readonly manifest: VendorManifest;
}

/** Where the images come from that the device is to boot. */
export interface ImageSupply {
  /** An image that is newer than what runs, each at most once; `undefined` when there is none left. */
  newerThan(version: number): KitImage | undefined;
}

/** The images of the maker, in the order of their versions. */
export function givenImages(images: readonly KitImage[]): ImageSupply {
  const left = [...images].sort((one, other) => one.manifest.newVersion - other.manifest.newVersion);
  return {
    newerThan(version) {
      const at = left.findIndex(({ manifest }) => manifest.newVersion > version);
      return at < 0 ? undefined : left.splice(at, 1)[0];
    },
  };
}

/**
 * Random octets: for devices that start whatever is signed.
 * @param sign makes the vendor's manifest of them
 */
export function madeImages(
  octets: number,
  random: RandomBytes,
  sign: (bytes: Uint8Array, newVersion: number) => VendorManifest,
): ImageSupply {
  return {
    newerThan(version) {
      const bytes = random(octets);
      return { bytes, manifest: sign(bytes, version + 1) };
    },
  };
}
