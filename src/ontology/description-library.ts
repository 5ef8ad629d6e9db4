import type { Digest } from '../base/ids.ts';

/** Descriptions that nobody has sent yet, of which a device need not send more than the digest. */
export interface DescriptionLibrary {
  /** JSON-LD whose digest this is (`DescriptionTemplate.digest`), or undefined. */
  find(digest: Digest): Promise<Uint8Array | undefined>;
}
