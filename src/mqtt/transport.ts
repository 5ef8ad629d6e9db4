import type { UnavailableError } from '../base/errors.ts';

export type Qos = 0 | 1 | 2;

/** A message as it arrives. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly dup: boolean;
  /** MQTT 5 only. */
  readonly responseTopic?: string | undefined;
  /** MQTT 5 only. */
  readonly correlationData?: Uint8Array | undefined;
}

export interface PublishOptions {
  /** 1 unless said otherwise. */
  readonly qos?: Qos;
  readonly retain?: boolean;
  /** Sent over MQTT 5, left out over 3.1.1. */
  readonly responseTopic?: string;
  /** Sent over MQTT 5, left out over 3.1.1. */
  readonly correlationData?: Uint8Array;
  /** Everything else goes first, and it goes no faster than the broker takes it. QoS 0 only. */
  readonly bulk?: boolean;
}

export type TransportState = 'connecting' | 'online' | 'offline' | 'closed';

/** Ends a subscription or a listener. The broker is told when the last handler of a filter has left. */
export type Unsubscribe = () => Promise<void>;

/**
 * A connection to a broker that mends itself: after a reconnect all subscriptions stand again. The
 * contract of `adapters/mqtt-js.ts` and of the scripted transport of the tests.
 */
export interface MqttTransport {
  readonly state: TransportState;
  /** 5 or 4 (3.1.1), as agreed with the broker; the last one agreed while offline. */
  readonly protocolVersion: 4 | 5;
  /** Octets of the largest packet that we and the broker let pass; while offline, what held last. */
  readonly maximumPacketSize: number;
  /**
   * Resolves when the packet was handed to the network (QoS 0) or acknowledged by the broker (QoS 1, 2).
   * Waits while more than `maxUnsentBytes` are pending; with `bulk`, see `BulkCredit`.
   * @throws UnavailableError `mqtt-offline` at once when there is no connection (nothing is queued for
   *   later), `mqtt-lost` when the connection broke before the acknowledgement.
   * @throws PeerError `packet-too-big` for more than we or the broker let pass, `bad-topic`,
   *   `mqtt-refused` when the broker refuses it (MQTT 5 only)
   */
  publish(topic: string, payload: Uint8Array, options?: PublishOptions): Promise<void>;
  /**
   * Resolves when the broker has granted the subscription; when offline, when it is granted after the
   * next connect. Overlapping filters call each handler once a message.
   * @throws PeerError `mqtt-refused` when the broker refuses it, `bad-topic` when it is no filter
   */
  subscribe(filter: string, qos: Qos, handler: (message: MqttMessage) => void): Promise<Unsubscribe>;
  /** Calls the listener on every change of `state`, with the reason when it went offline. */
  onState(listener: (state: TransportState, reason?: UnavailableError) => void): () => void;
  /** Sends DISCONNECT and frees everything. The will is not published. */
  close(): Promise<void>;
}
