/** Keeps count of a broker's retained messages, so that it can refuse the one too many. */
export class RetainedBudget {
  readonly #limits: { readonly maxMessages: number; readonly maxBytes: number };
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(limits: { readonly maxMessages: number; readonly maxBytes: number }) {
    this.#limits = limits;
  }

  /**
   * Whether a retained message may be kept; if so it is counted, in the place of the topic's earlier
   * one. An empty one removes the topic's (MQTT 3.1.1 §3.3.1.3).
   */
  admit(topic: string, payloadBytes: number): boolean {
    const earlier = this.#sizes.get(topic);
    const bytes = this.#bytes - (earlier ?? 0) + topic.length + payloadBytes;
    if (payloadBytes > 0) {
      if (earlier === undefined && this.#sizes.size >= this.#limits.maxMessages) return false;
      if (bytes > this.#limits.maxBytes) return false;
      this.#sizes.set(topic, topic.length + payloadBytes);
      this.#bytes = bytes;
    } else if (this.#sizes.delete(topic)) this.#bytes -= earlier ?? 0;
    return true;
  }
}
