/** Octets that may be under way at first, at least, and at most. */
const initialBytes = 128 * 1024;
const minBytes = 64 * 1024;
const maxBytes = 1024 * 1024;

/** How much longer than on an idle connection an answer of the broker may take because of bulk. */
const targetDelayMs = 25;

/**
 * How much bulk (slices of firmware) may be under way to the broker, so that whatever else is published finds
 * no queue: neither here, nor in the network, nor before the broker. MQTT acknowledges nothing at QoS 0, but a
 * broker takes the packets of a connection in their order (MQTT 5 §4.6), so its PINGRESP says that it has taken
 * all before the PINGREQ. As RFC 6817 (LEDBAT) does it, the amount grows while that answer comes about as
 * quickly as it ever did, and shrinks when it takes longer.
 */
export class BulkCredit {
  #limit = initialBytes;
  /** Octets sent so far, and how many of them the broker is known to have taken. */
  #sent = 0;
  #taken = 0;
  /** `#sent` at each PINGREQ that is not answered, and when it went. */
  readonly #pings: { readonly sent: number; readonly at: number }[] = [];
  #pingedAt = 0;
  #quickest = Number.POSITIVE_INFINITY;

  /** Octets that may be under way. */
  get limit(): number {
    return this.#limit;
  }

  /** The next packet may go, whatever its size. */
  get hasRoom(): boolean {
    return this.#sent - this.#taken < this.#limit;
  }

  /** So many octets went. @returns whether the broker is to be pinged now */
  sent(bytes: number): boolean {
    this.#sent += bytes;
    return this.#sent - this.#pingedAt >= this.#limit / 2;
  }

  /** A PINGREQ went, whoever asked for it. @param now monotonic time, milliseconds */
  pinged(now: number): void {
    this.#pingedAt = this.#sent;
    this.#pings.push({ sent: this.#sent, at: now });
  }

  /** A PINGRESP came. */
  answered(now: number): void {
    const ping = this.#pings.shift();
    if (ping === undefined) return;
    const took = now - ping.at;
    const bytes = ping.sent - this.#taken;
    this.#taken = ping.sent;
    this.#quickest = Math.min(this.#quickest, took);
    this.#adapt((targetDelayMs - (took - this.#quickest)) / targetDelayMs, bytes);
  }

  /**
   * @param off how far the delay is from its target: 1 where there is none, negative beyond the target
   * @param bytes that the broker took, which is what a quick answer speaks for
   */
  #adapt(off: number, bytes: number): void {
    const change = off > 0 ? off * bytes : Math.max(off, -1) * (this.#limit / 4);
    this.#limit = Math.min(maxBytes, Math.max(minBytes, this.#limit + change));
  }
}
