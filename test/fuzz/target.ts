/** A decoder of bytes from outside, as the fuzzer drives it. */
export interface Target {
  readonly name: string;
  /** Valid inputs, and such as are nearly valid: what mutation begins with. */
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Texts that mean something to the decoder, to be put into inputs. */
  readonly words?: readonly string[];
  /** Octets of the longest input; 16 KiB unless given. */
  readonly maxBytes?: number;
  /**
   * Decodes an input and judges what came of it. Returns when the decoder kept its contract; throws whatever is
   * against it.
   */
  readonly run: (input: Uint8Array) => void | Promise<void>;
  /** Ends what the runs have started. */
  readonly close?: () => Promise<void>;
}

/** Texts as inputs. */
export function texts(...all: readonly string[]): () => readonly Uint8Array[] {
  return () => all.map((text) => Buffer.from(text, 'utf8'));
}
