import type { Digest } from '../base/ids.ts';
import type { ImageRepository } from '../registry/image-repository.ts';

/** The octets of an image, read as they are sent. */
export interface ImageSource {
  readonly digest: Digest;
  readonly size: number;
  /** Octets `[offset, offset + length)`, inside the image. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** An image that came inline in an RPC. */
export function inlineImage(digest: Digest, content: Uint8Array): ImageSource {
  return {
    digest,
    size: content.length,
    read: (offset, length) => Promise.resolve(content.subarray(offset, offset + length)),
  };
}

const blockBytes = 64 * 1024;

/** An image of the repository; memory holds one block of it, whatever its size. */
export function storedImage(images: ImageRepository, digest: Digest, size: number): ImageSource {
  let start = 0;
  let block: Uint8Array = new Uint8Array(0);
  return {
    digest,
    size,
    async read(offset, length) {
      if (offset < start || offset + length > start + block.length) {
        block = await images.read(digest, offset, Math.max(length, blockBytes));
        start = offset;
      }
      return block.subarray(offset - start, offset - start + length);
    },
  };
}
