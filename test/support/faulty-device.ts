import { utf8 } from '../../src/base/bytes.ts';
import type { Clock } from '../../src/base/clock.ts';
import { decodeRequest, decodeResponse, encodeResponse } from '../../src/mqtt/rpc-codec.ts';
import type {
  MqttMessage,
  MqttTransport,
  PublishOptions,
  Qos,
  TransportState,
  Unsubscribe,
} from '../../src/mqtt/transport.ts';

/** What is wrong with a device, as it shows on the wire. */
export interface DeviceFaults {
  /** Slices from this one on do not arrive. */
  readonly stopAfterSlices?: number;
  /** Every n-th slice does not arrive. */
  readonly dropEveryNthSlice?: number;
  /** Every n-th acknowledgement does not leave. */
  readonly dropEveryNthAck?: number;
  /** Acknowledgements leave so much later, milliseconds. */
  readonly ackDelayMs?: number;
  /** Requests with this method do not arrive. */
  readonly silentOnMethod?: string;
  /** Answers go to this topic. */
  readonly answerOn?: string;
  /** Answers carry this request id. */
  readonly answerId?: string;
  /** Handed out instead of the nonce. */
  readonly wrongNonce?: string;
  /** Announces itself with this version, whatever runs. */
  readonly claimedVersion?: number;
}

/** Where the faults take hold. */
export interface FaultyTopics {
  readonly image: string;
  readonly ack: string;
  readonly answers: string;
  readonly status: string;
}

/**
 * A device agent's connection with faults: the agent itself is the product's, unchanged. `faults` may be
 * replaced while it runs.
 */
export class FaultyTransport implements MqttTransport {
  faults: DeviceFaults;
  readonly #inner: MqttTransport;
  readonly #topics: FaultyTopics;
  readonly #clock: Clock;
  #slices = 0;
  #acks = 0;

  constructor(inner: MqttTransport, topics: FaultyTopics, clock: Clock, faults: DeviceFaults) {
    this.#inner = inner;
    this.#topics = topics;
    this.#clock = clock;
    this.faults = faults;
  }

  get state(): TransportState {
    return this.#inner.state;
  }

  get protocolVersion(): 4 | 5 {
    return this.#inner.protocolVersion;
  }

  get maximumPacketSize(): number {
    return this.#inner.maximumPacketSize;
  }

  onState(...[listener]: Parameters<MqttTransport['onState']>): () => void {
    return this.#inner.onState(listener);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  subscribe(filter: string, qos: Qos, handler: (message: MqttMessage) => void): Promise<Unsubscribe> {
    return this.#inner.subscribe(filter, qos, (message) => {
      if (this.#arrives(message)) handler(message);
    });
  }

  async publish(topic: string, payload: Uint8Array, options?: PublishOptions): Promise<void> {
    const { ack, answers, status } = this.#topics;
    if (topic === ack) return this.#acknowledge(payload, options);
    if (topic === answers) return this.#answer(payload, options);
    const { claimedVersion } = this.faults;
    if (topic === status && claimedVersion !== undefined && payload.length > utf8('offline').length)
      return this.#inner.publish(topic, utf8(`online;${claimedVersion}`), options);
    return this.#inner.publish(topic, payload, options);
  }

  #arrives({ topic, payload }: MqttMessage): boolean {
    const { stopAfterSlices, dropEveryNthSlice, silentOnMethod } = this.faults;
    if (topic === this.#topics.image) {
      this.#slices += 1;
      const stopped = stopAfterSlices !== undefined && this.#slices > stopAfterSlices;
      return !stopped && !(dropEveryNthSlice !== undefined && this.#slices % dropEveryNthSlice === 0);
    }
    return silentOnMethod === undefined || methodOf(payload) !== silentOnMethod;
  }

  async #acknowledge(payload: Uint8Array, options?: PublishOptions): Promise<void> {
    const { dropEveryNthAck, ackDelayMs } = this.faults;
    this.#acks += 1;
    if (dropEveryNthAck !== undefined && this.#acks % dropEveryNthAck === 0) return;
    if (ackDelayMs !== undefined)
      await new Promise<void>((resolve) => void this.#clock.schedule(ackDelayMs, resolve));
    await this.#inner.publish(this.#topics.ack, payload, options);
  }

  async #answer(payload: Uint8Array, options?: PublishOptions): Promise<void> {
    const { answerOn, answerId, wrongNonce } = this.faults;
    const { id, state, outputs } = decodeResponse(payload, 'mup');
    const changed = {
      id: answerId ?? id,
      state,
      outputs: outputs.map((output) => (/^[0-9a-f]{32}$/.test(output) ? (wrongNonce ?? output) : output)),
    };
    const bytes = encodeResponse({ ...changed, profile: 'mup' });
    await this.#inner.publish(answerOn ?? this.#topics.answers, bytes, options);
  }
}

function methodOf(payload: Uint8Array): string | undefined {
  try {
    return decodeRequest(payload, 'mup').method;
  } catch {
    return undefined;
  }
}
