/** A source of cryptographically strong random bytes, injected so that tests can repeat a run. */
export type RandomBytes = (length: number) => Uint8Array;
