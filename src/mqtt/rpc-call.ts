import type { Answered, Profile } from '../base/description.ts';
import type { DeviceUuid } from '../base/ids.ts';
import type { MessageCodec } from './message-codec.ts';
import type { Qos } from './transport.ts';

/** A request to a device; topics are complete and checked. */
export interface RpcCall {
  readonly uuid: DeviceUuid;
  readonly topic: string;
  /** The only topic on which an answer is believed. */
  readonly answerTopic: string;
  readonly method: string;
  /** In wire order, the target UUID left out. */
  readonly inputs: readonly string[];
  readonly profile: Profile;
  /** How the messages are written; as mup-protocol §2 says unless given. */
  readonly codec?: MessageCodec | undefined;
  /** How the call ends; with `response` unless given. */
  readonly answered?: Answered | undefined;
  /** 1 unless given. */
  readonly qos?: Qos | undefined;
  readonly retain?: boolean | undefined;
  /** Milliseconds; the configured `timeoutMs` unless given. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What became of requests and answers since the start. */
export interface RpcStatistics {
  readonly inFlight: number;
  /** Handed to the connection. */
  readonly sent: number;
  readonly answered: number;
  readonly timedOut: number;
  /** Ended without an answer for another reason: connection, bounds, cancelled, answer unreadable. */
  readonly failed: number;
  /** Dropped: the request was over already. */
  readonly late: number;
  /** Dropped: no request ever had that id, as far as is remembered. */
  readonly unknown: number;
  /** Dropped: on another topic than the request's device answers on. */
  readonly foreign: number;
}
