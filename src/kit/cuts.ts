import type { Digest } from '../base/ids.ts';
import {
  authenticatedHeaderBytes,
  chainEnd,
  encodeAuthenticatedSlice,
  type SliceChainHead,
  sliceHash,
  sliceHashBytes,
  sliceHashOctets,
} from '../mup/authenticated-slices.ts';
import { encodeSlice, sliceHeaderBytes } from '../mup/slices.ts';

/** An image that is cut into authenticated slices. */
interface Cut {
  readonly head: SliceChainHead;
  /** Payloads, by the offset of the slice. */
  readonly payloads: ReadonlyMap<number, Uint8Array>;
}

/** How the images of a run are cut into slices: anyhow or, where the device takes authenticated ones, in one way (ADR 28). */
export class Cuts {
  /** Whether the device takes authenticated slices. */
  readonly authenticated: boolean;
  /** Octets in front of those of the image. */
  readonly headerBytes: number;
  readonly #sha256: (bytes: Uint8Array) => Digest;
  readonly #cuts = new WeakMap<Uint8Array, Cut>();

  constructor(authenticated: boolean, sha256: (bytes: Uint8Array) => Digest) {
    this.authenticated = authenticated;
    this.headerBytes = authenticated ? authenticatedHeaderBytes : sliceHeaderBytes;
    this.#sha256 = sha256;
  }

  /** What the manifest of an image says of its slices. */
  inManifest(image: Uint8Array, sliceSize: number): { readonly slices?: SliceChainHead } {
    if (!this.authenticated) return {};
    const cut = this.#cuts.get(image) ?? this.#cut(image, sliceSize);
    this.#cuts.set(image, cut);
    return { slices: cut.head };
  }

  /** The payload of a slice; one that no manifest has announced is forged. */
  payload(image: Uint8Array, from: number, to: number): Uint8Array {
    return this.#cuts.get(image)?.payloads.get(from) ?? this.forged(from, image.subarray(from, to));
  }

  /** A slice as somebody makes it who knows its form and no more. */
  forged(offset: number, bytes: Uint8Array): Uint8Array {
    if (!this.authenticated) return encodeSlice(offset, bytes);
    return encodeAuthenticatedSlice(offset, new Uint8Array(sliceHashBytes), bytes);
  }

  /** From the last slice to the first, each with the hash of the one after it. */
  #cut(image: Uint8Array, sliceSize: number): Cut {
    const payloads = new Map<number, Uint8Array>();
    let hash = chainEnd(this.#sha256(image));
    for (let n = Math.ceil(image.length / sliceSize) - 1; n >= 0; n -= 1) {
      const bytes = image.subarray(n * sliceSize, (n + 1) * sliceSize);
      const payload = encodeAuthenticatedSlice(n * sliceSize, sliceHashOctets(hash), bytes);
      payloads.set(n * sliceSize, payload);
      hash = sliceHash(payload, this.#sha256);
    }
    return { head: { sliceSize, hash }, payloads };
  }
}
