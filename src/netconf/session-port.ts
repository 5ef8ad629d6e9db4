/** The transport's end of one session, as the session uses it. Bytes only; no socket is known here. */
export interface SessionPort {
  /**
   * Hands over bytes to send. They are taken in any case; `false` asks to write nothing more until
   * {@link SessionHandle.drained} is called.
   */
  write(bytes: Uint8Array): boolean;
  /** No more bytes follow: flush what was written, then close the channel. */
  end(): void;
  /** Close the channel now; what it has not sent is lost. For clients that take nothing, or were killed. */
  abort(): void;
  /** Read nothing more from the client until `resume`: it asks faster than it is served. */
  pause(): void;
  resume(): void;
}

/** One session, as the transport uses it. No method throws. */
export interface SessionHandle {
  /** session-id (RFC 6241 §8.1); 0 when the session was refused. */
  readonly id: number;
  /** Whether the transport is asked to read nothing (between `port.pause()` and `port.resume()`). */
  readonly paused: boolean;
  /** Bytes from the client, in order, cut anywhere. */
  receive(bytes: Uint8Array): void;
  /** The port takes bytes again after `write` returned `false`. */
  drained(): void;
  /** The channel is gone. Harmless when called again, or after `port.end()` or `port.abort()`. */
  closed(): void;
}
