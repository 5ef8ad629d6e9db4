import { utf8Length } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { DeviceDescription, Operation } from '../base/description.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import { decodeAcknowledgement } from '../mup/slices.ts';
import { CheckFailure, CheckSkipped } from './check.ts';
import type { Cuts } from './cuts.ts';
import { Inbox } from './inbox.ts';
import type { KitLimits } from './limits.ts';

/** How often a slice is sent before its acknowledgement counts as missing: slices are QoS 0 and may be lost. */
const attempts = 3;

/** Largest fixed header, topic length field, MQTT 5 property length (mup-protocol §3, Slices). */
const packetOverhead = 5 + 2 + 1;

/** Slices of the profile `mup` and their acknowledgements (mup-protocol §3, Slices). */
export class MupSlices {
  readonly topic: string;
  /** Octets of image in the largest slice that the description allows. */
  readonly maxBytes: number;
  /** Slices that may be in flight. */
  readonly window: number;
  readonly cuts: Cuts;
  readonly #transport: MqttTransport;
  readonly #inbox: Inbox;
  readonly #waitMs: number;

  private constructor(topic: string, maxBytes: number, window: number, deps: Deps, inbox: Inbox) {
    this.topic = topic;
    this.maxBytes = maxBytes;
    this.window = window;
    this.cuts = deps.cuts;
    this.#transport = deps.transport;
    this.#waitMs = deps.limits.maxTimeoutMs;
    this.#inbox = inbox;
  }

  /**
   * Resolves when acknowledgements are heard.
   * @throws CheckSkipped when the operation names no topics for slices
   */
  static async open(operation: Operation, description: DeviceDescription, deps: Deps): Promise<MupSlices> {
    const { inputTopic, acknowledgementTopic } = operation;
    if (inputTopic === undefined || acknowledgementTopic === undefined)
      throw new CheckSkipped(`${operation.name} of the device names no topics for slices`);
    const packet = Math.min(
      deps.transport.maximumPacketSize,
      description.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    );
    const room = packet - packetOverhead - deps.cuts.headerBytes - utf8Length(inputTopic);
    const wanted = description.maxSliceSize ?? deps.limits.sliceSizeBytes;
    const inbox = await Inbox.open(deps.transport, acknowledgementTopic, 0, deps.clock);
    return new MupSlices(
      inputTopic,
      Math.max(1, Math.min(wanted, room)),
      description.window ?? 1,
      deps,
      inbox,
    );
  }

  close(): Promise<void> {
    return this.#inbox.close();
  }

  /** Puts a payload on the slice topic and waits for nothing. */
  async put(payload: Uint8Array, retain = false): Promise<void> {
    await this.#transport.publish(this.topic, payload, { qos: retain ? 1 : 0, retain });
  }

  /**
   * Sends a slice until the device has acknowledged exactly what stands behind it.
   * @throws CheckFailure when it does not, or expects an offset beyond it
   */
  async advance(image: Uint8Array, from: number, to: number): Promise<void> {
    await this.expectAfter(this.cuts.payload(image, from, to), to);
  }

  /**
   * Sends a payload until the device answers that it expects `offset` next; earlier offsets may come before.
   * @throws CheckFailure when it does not, or expects a later one
   */
  async expectAfter(payload: Uint8Array, offset: number): Promise<void> {
    let last: number | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      await this.put(payload);
      const reached = await this.#inbox.take((message) => {
        last = decodeAcknowledgement(message.payload) ?? last;
        return last !== undefined && last >= offset ? last : undefined;
      }, this.#waitMs);
      if (reached === offset) return;
      if (reached !== undefined) break;
    }
    const seen = last === undefined ? `no acknowledgement, ${attempts} times` : `it expects ${last}`;
    throw new CheckFailure(`that the device expects offset ${offset} next`, seen);
  }

  /** The offset that the device says next, or `undefined` when it says nothing in time. */
  acknowledgement(timeoutMs = this.#waitMs): Promise<number | undefined> {
    return this.#inbox.take(({ payload }) => decodeAcknowledgement(payload), timeoutMs);
  }

  /** Forgets the acknowledgements that have come. */
  forget(): void {
    this.#inbox.clear();
  }
}

interface Deps {
  readonly transport: MqttTransport;
  readonly clock: Clock;
  readonly cuts: Cuts;
  readonly limits: Pick<KitLimits, 'maxTimeoutMs' | 'sliceSizeBytes'>;
}
