import type { Operation, Profile } from '../base/description.ts';
import { decodeBareAnswer, encodeBareRequest, isBareAnswer, isBareRequest } from './bare-messages.ts';
import { decodeCorrelatedResponse, decodeResponse, encodeRequest } from './rpc-codec.ts';

/** What a device answered. */
export interface RpcAnswer {
  /** Empty where the device's messages have no state. */
  readonly state: string;
  readonly outputs: readonly string[];
}

/** How the messages of one call are written. */
export interface MessageCodec {
  /** Whether the request carries its id; else an answer is found by Correlation Data alone. */
  readonly carriesId: boolean;
  /** @throws PeerError `bad-value` */
  encode(id: string): Uint8Array;
  /**
   * @param correlated the request's id, where Correlation Data has shown which request it answers
   * @returns undefined when the message is no answer, but about something else
   * @throws PeerError `bad-response`
   */
  decode(payload: Uint8Array, correlated: string | undefined): RpcAnswer | undefined;
}

/** The messages of mup-protocol §2. */
export function profileCodec(profile: Profile, method: string, inputs: readonly string[]): MessageCodec {
  return {
    carriesId: true,
    encode: (id) => encodeRequest({ id, method, inputs, profile }),
    decode: (payload, correlated) => decodeProfileAnswer(payload, profile, correlated),
  };
}

/** The messages of an operation, as its description says that they are written. */
export function operationCodec(
  profile: Profile,
  operation: Operation,
  inputs: readonly string[],
): MessageCodec {
  const inProfile = profileCodec(profile, operation.mqttMethod, inputs);
  const bare = isBareRequest(profile, operation);
  return {
    carriesId: !bare,
    encode: bare ? () => encodeBareRequest(operation, inputs) : inProfile.encode,
    decode: isBareAnswer(profile, operation)
      ? (payload) => decodeBareAnswer(operation, payload)
      : inProfile.decode,
  };
}

function decodeProfileAnswer(
  payload: Uint8Array,
  profile: Profile,
  correlated: string | undefined,
): RpcAnswer {
  const { state, outputs } =
    correlated === undefined
      ? decodeResponse(payload, profile)
      : decodeCorrelatedResponse(payload, profile, correlated);
  return { state, outputs };
}
