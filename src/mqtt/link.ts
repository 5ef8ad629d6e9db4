import type { MqttMessage, PublishOptions, Qos } from './transport.ts';

/** What the broker granted with CONNACK (MQTT 5 §3.2.2.3; 3.1.1 has no such limits). */
export interface LinkLimits {
  /** Whether a message says which subscriptions it is for. */
  readonly subscriptionIdentifiers: boolean;
  /** Octets of the largest packet that we and the broker let pass. */
  readonly maximumPacketSize: number;
}

/** Why a connection ended. */
export interface LinkEnd {
  /** For people: the broker's reason or the network's error. */
  readonly reason: string;
  /** The network connection stood, TLS included. */
  readonly reached: boolean;
  /** The broker answered CONNECT with a refusal for another reason than the protocol version. */
  readonly refused: boolean;
}

/** What happens on one connection. */
export interface LinkEvents {
  connected(limits: LinkLimits): void;
  /** `subscriptionIds` is empty where the broker does not tell. */
  message(message: MqttMessage, subscriptionIds: readonly number[]): void;
  /** Once, whatever the reason, {@link Link.close} included. */
  ended(end: LinkEnd): void;
}

/**
 * One connection to a broker, from CONNECT to its end: it does not mend itself. Promises that are open
 * at its end are rejected with UnavailableError `mqtt-lost`.
 */
export interface Link {
  /** @throws PeerError `packet-too-big`, `bad-topic`, `mqtt-refused` */
  publish(topic: string, payload: Uint8Array, options: PublishOptions): Promise<void>;
  /** @throws PeerError `mqtt-refused` */
  subscribe(filter: string, qos: Qos, subscriptionId: number | undefined): Promise<void>;
  unsubscribe(filter: string): Promise<void>;
  /** Sends DISCONNECT; resolves when the connection is gone. */
  close(): Promise<void>;
  /** Breaks the connection; the broker publishes the will. */
  destroy(reason: string): void;
}

/** Begins a connection with the given protocol version. */
export type OpenLink = (protocolVersion: 4 | 5, events: LinkEvents) => Link;
