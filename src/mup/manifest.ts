import type { Digest } from '../base/ids.ts';
import type { SliceChainHead } from './authenticated-slices.ts';

/**
 * The vendor manifest (paper Table 1): what an image is, signed by its vendor. Versions, size and link
 * offset are unsigned 32-bit integers.
 */
export interface VendorManifest {
  /** Code of the suite of both signatures (`suites`), which is that of both keys. */
  readonly suite: string;
  /** `[A-Za-z0-9._-]{1,32}` */
  readonly appId: string;
  readonly linkOffset: number;
  /** SHA-256 of the image as sent. */
  readonly digest: Digest;
  /** Octets of the image. */
  readonly size: number;
  readonly newVersion: number;
  /** 0, or the version the image is a difference to. */
  readonly oldVersion: number;
  /** Vendor's signature, 64 octets. */
  readonly innerSignature: Uint8Array;
}

/** A vendor manifest before it is signed. */
export type UnsignedManifest = Omit<VendorManifest, 'innerSignature'>;

/** What a device hands out before an update (paper Table 2). */
export interface DeviceToken {
  readonly uuid: string;
  /** `mup`: 16 octets as 32 hex digits; `myno`: a decimal. */
  readonly nonce: string;
  /** Version of the firmware that runs. */
  readonly version: number;
}

/** The manifest as it goes to one device, doubly signed (paper Table 1). */
export interface ExtendedManifest extends VendorManifest {
  readonly uuid: string;
  readonly nonce: string;
  /** Where the device takes authenticated slices: how the image is cut, and what the first one has to be. */
  readonly slices?: SliceChainHead;
  /** Update server's signature, 64 octets. */
  readonly outerSignature: Uint8Array;
}
