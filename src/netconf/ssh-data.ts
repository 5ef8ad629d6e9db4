import { concatBytes, decodeUtf8Lossy, uint32ToBytes, utf8 } from '../base/bytes.ts';

/**
 * Reads the data types of SSH (RFC 4251 §5) from the front of some bytes. Every reader returns
 * `undefined` when too few bytes are left, and from then on always.
 */
export class SshReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that were not read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  byte(): number | undefined {
    return this.#take(1)?.[0];
  }

  uint32(): number | undefined {
    const view = this.#view(4);
    return view?.getUint32(0);
  }

  uint64(): bigint | undefined {
    const view = this.#view(8);
    return view?.getBigUint64(0);
  }

  /** A `string`: a length and that many bytes. A view, not a copy. */
  bytes(): Uint8Array | undefined {
    const length = this.uint32();
    return length === undefined ? undefined : this.#take(length);
  }

  /** A `string` as text; what is not UTF-8 becomes U+FFFD. */
  text(): string | undefined {
    const bytes = this.bytes();
    return bytes === undefined ? undefined : decodeUtf8Lossy(bytes);
  }

  #view(length: number): DataView | undefined {
    const bytes = this.#take(length);
    return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #take(length: number): Uint8Array | undefined {
    if (this.remaining < length) {
      this.#offset = this.#bytes.length;
      return undefined;
    }
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }
}

/** A `string` of RFC 4251 §5. */
export function sshString(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? utf8(value) : value;
  return concatBytes([uint32ToBytes(bytes.length), bytes]);
}

/** A `uint64` of RFC 4251 §5. */
export function sshUint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
