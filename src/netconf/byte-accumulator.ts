/**
 * Bytes that arrive in pieces of any size, made one array in linear time: one-byte pieces cost neither
 * an object each nor a copy of all before them. A single piece is handed on without a copy.
 */
export class ByteAccumulator {
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;
  /** Whether `#bytes` is the caller's piece, which must not be written to. */
  #borrowed = false;

  get length(): number {
    return this.#length;
  }

  append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    if (this.#length === 0) {
      this.#bytes = piece;
      this.#length = piece.length;
      this.#borrowed = true;
      return;
    }
    this.#reserve(this.#length + piece.length);
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
  }

  /** All bytes so far, and starts anew. */
  take(): Uint8Array {
    const whole = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    this.#borrowed = false;
    return whole;
  }

  #reserve(needed: number): void {
    if (!this.#borrowed && needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(256, 2 * needed));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#borrowed = false;
  }
}
