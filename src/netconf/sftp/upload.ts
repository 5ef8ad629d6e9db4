import { PeerError } from '../../base/errors.ts';

/** Octets that all uploads together may take; shared by the channels of a server. */
export class UploadBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Octets that can still be taken. */
  get left(): number {
    return this.#left;
  }

  /** @throws PeerError `uploads-full` */
  take(bytes: number): void {
    if (bytes > this.#left)
      throw new PeerError('uploads-full', 'too many uploads are under way; try again when they have ended');
    this.#left -= bytes;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

const smallestBuffer = 64 * 1024;

/** A file that is being written, in any order, within a bound. What was never written is zero. */
export class Upload {
  readonly name: string;
  readonly #maxBytes: number;
  readonly #budget: UploadBudget;
  #buffer = new Uint8Array();
  #size = 0;
  #failure: PeerError | undefined;

  constructor(name: string, maxBytes: number, budget: UploadBudget) {
    this.name = name;
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  /** Octets up to the last one that was written. */
  get size(): number {
    return this.#size;
  }

  /** Why a write was refused; a file with a hole in it is of no use. */
  get failure(): PeerError | undefined {
    return this.#failure;
  }

  /** @throws PeerError `file-too-big`, `uploads-full`; from then on always, with the memory given back */
  write(offset: bigint, bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#put(offset, bytes);
    } catch (error) {
      if (error instanceof PeerError) this.#failure = error;
      this.release();
      throw error;
    }
  }

  #put(offset: bigint, bytes: Uint8Array): void {
    const end = offset + BigInt(bytes.length);
    if (end > BigInt(this.#maxBytes))
      throw new PeerError('file-too-big', `${this.name} may have ${this.#maxBytes} octets at most`);
    if (bytes.length === 0) return;
    this.#grow(Number(end));
    this.#buffer.set(bytes, Number(offset));
    this.#size = Math.max(this.#size, Number(end));
  }

  /** What was written. The upload must still be released. */
  content(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Gives the memory back. */
  release(): void {
    this.#budget.give(this.#buffer.length);
    this.#buffer = new Uint8Array();
    this.#size = 0;
  }

  #grow(needed: number): void {
    const { length } = this.#buffer;
    if (needed <= length) return;
    const grown = Math.min(this.#maxBytes, Math.max(needed, 2 * length, smallestBuffer));
    this.#budget.take(grown - length);
    const buffer = new Uint8Array(grown);
    buffer.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = buffer;
  }
}
