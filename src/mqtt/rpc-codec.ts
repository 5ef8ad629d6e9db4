import { decodeUtf8, utf8 } from '../base/bytes.ts';
import type { Profile } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';

/** A request to a device (mup-protocol §2). */
export interface RpcRequest {
  /** Echoed by the answer: hex or decimal digits, chosen by the bridge. */
  readonly id: string;
  readonly method: string;
  /** In the order of the module, the target UUID left out. */
  readonly inputs: readonly string[];
}

/** A device's answer (mup-protocol §2). */
export interface RpcResponse {
  /** Empty where the answer relies on MQTT 5 Correlation Data alone. */
  readonly id: string;
  readonly state: string;
  readonly outputs: readonly string[];
}

const semicolon = 0x3b;

/**
 * `<request id>;<mqttMethod>[;<input>]…`
 * @throws PeerError `bad-value` for a `;` in a value to a `myno` device, which has no way to write it
 */
export function encodeRequest(request: RpcRequest & { readonly profile: Profile }): Uint8Array {
  return encodeFields([request.id, request.method, ...request.inputs], request.profile);
}

/** @throws PeerError `bad-request` */
export function decodeRequest(payload: Uint8Array, profile: Profile): RpcRequest {
  const [id, method, ...inputs] = decodeFields(payload, profile, 'bad-request');
  if (!id || !method) throw new PeerError('bad-request', 'a request needs an id and a method');
  return { id, method, inputs };
}

/**
 * `<request id>;<state>[;<output>]…` (`mup`). In `myno` the state comes last: `<request id>;<state>`,
 * or `<request id>;<nonce>,<version>;OK`.
 * @throws PeerError `bad-value` for a `;` in a value of a `myno` device
 */
export function encodeResponse(response: RpcResponse & { readonly profile: Profile }): Uint8Array {
  const { id, state, outputs, profile } = response;
  return encodeFields(profile === 'mup' ? [id, state, ...outputs] : [id, ...outputs, state], profile);
}

/** @throws PeerError `bad-response` */
export function decodeResponse(payload: Uint8Array, profile: Profile): RpcResponse {
  const [id = '', ...values] = decodeFields(payload, profile, 'bad-response');
  return { id, ...split(values, profile) };
}

/**
 * The answer to the request `id` where Correlation Data has shown already which request it answers: the
 * id may be there, be empty, or be left out with its semicolon (mup-protocol §2).
 * @throws PeerError `bad-response`
 */
export function decodeCorrelatedResponse(payload: Uint8Array, profile: Profile, id: string): RpcResponse {
  const fields = decodeFields(payload, profile, 'bad-response');
  const echoed = fields.length > 1 && (fields[0] === id || fields[0] === '');
  return { id, ...split(echoed ? fields.slice(1) : fields, profile) };
}

/** The request id that an answer begins with, found without reading the rest; `undefined` if there is none. */
export function responseId(payload: Uint8Array): string | undefined {
  const end = payload.indexOf(semicolon);
  return end > 0 && end <= maxIdBytes ? decodeUtf8(payload.subarray(0, end)) : undefined;
}

const maxIdBytes = 64;

function split(values: readonly string[], profile: Profile): Pick<RpcResponse, 'state' | 'outputs'> {
  const state = profile === 'mup' ? values[0] : values.at(-1);
  if (state === undefined || (profile === 'mup' && state === ''))
    throw new PeerError('bad-response', 'an answer needs a state after the request id');
  return { state, outputs: profile === 'mup' ? values.slice(1) : values.slice(0, -1) };
}

function encodeFields(fields: readonly string[], profile: Profile): Uint8Array {
  return utf8(fields.map(profile === 'mup' ? escapeValue : plainValue).join(';'));
}

/** ASCII that is written as it is. */
const plainText = /^[ -$&-:<-~]*$/;

function escapeValue(value: string): string {
  if (plainText.test(value)) return value;
  // A lone surrogate has no UTF-8 form; it would reach the device as another text than was asked for.
  if (/\p{Cs}/u.test(value)) throw new PeerError('bad-value', 'a value holds an unpaired surrogate');
  return value.replaceAll('%', '%25').replaceAll(';', '%3B');
}

function plainValue(value: string): string {
  if (!value.includes(';') && !/\p{Cs}/u.test(value)) return value;
  throw new PeerError('bad-value', `${JSON.stringify(value.slice(0, 80))} holds a semicolon`, {
    hint: 'Devices of the profile myno take no semicolon in a value.',
  });
}

function decodeFields(payload: Uint8Array, profile: Profile, code: 'bad-request' | 'bad-response'): string[] {
  const text = decodeUtf8(payload);
  if (text === undefined) throw new PeerError(code, 'the message is not UTF-8');
  if (text === '') throw new PeerError(code, 'the message is empty');
  const fields = text.split(';');
  return profile === 'mup' ? fields.map((field) => unescapeValue(field, code)) : fields;
}

function unescapeValue(field: string, code: string): string {
  if (!field.includes('%')) return field;
  return field.replace(/%(.{0,2})/gsu, (found: string, digits: string) => {
    if (digits === '25') return '%';
    if (digits.toUpperCase() === '3B') return ';';
    throw new PeerError(code, `${JSON.stringify(found)} is no escape`, {
      hint: 'In a value, “;” is written %3B and “%” is written %25.',
    });
  });
}
