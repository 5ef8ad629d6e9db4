import { decodeUtf8, utf8 } from '../base/bytes.ts';
import type { DataPoint, Encoding, Operation, Profile } from '../base/description.ts';
import { PeerError } from '../base/errors.ts';
import { type JsonValue, writeJson } from '../base/json-value.ts';
import { decodeJson, encodeJson, parsePayload } from './json-codec.ts';

/**
 * Messages of devices that were never made for this bridge, and of operations that say how their payloads are
 * written: nothing but the values travels, neither a request id nor a state of its own.
 */

/** Octets of an answer or a measurement as JSON. */
const maxJsonBytes = 32 * 1024;

/** How the request of an operation is written. */
function requestEncoding({ encoding }: Operation): Encoding {
  return encoding ?? 'fields';
}

/** How its answer is written. */
function answerEncoding({ encoding, answerEncoding }: Operation): Encoding {
  return answerEncoding ?? encoding ?? 'fields';
}

/** Whether a request carries its values alone. */
export function isBareRequest(profile: Profile, operation: Operation): boolean {
  return profile === 'native' || requestEncoding(operation) !== 'fields';
}

/** Whether the answer carries its values alone. */
export function isBareAnswer(profile: Profile, operation: Operation): boolean {
  return profile === 'native' || answerEncoding(operation) !== 'fields' || isUnanswered(operation);
}

function isUnanswered({ answered = 'response' }: Operation): boolean {
  return answered !== 'response';
}

/**
 * The payload of a request.
 * @param inputs in wire order, the target UUID left out
 * @throws PeerError `bad-value`
 */
export function encodeBareRequest(operation: Operation, inputs: readonly string[]): Uint8Array {
  const { constants = [], mqttMethod } = operation;
  switch (requestEncoding(operation)) {
    case 'json':
      return utf8(writeJson(encodeJson(operation.inputs, constants, inputs)));
    case 'raw':
      return utf8(inputs[0] || constants[0]?.value || '');
    default:
      return utf8([...(mqttMethod === '' ? [] : [mqttMethod]), ...inputs].map(withoutSemicolon).join(';'));
  }
}

function withoutSemicolon(value: string): string {
  if (!value.includes(';')) return value;
  throw new PeerError('bad-value', `${JSON.stringify(value.slice(0, 80))} holds a semicolon`, {
    hint: 'This device takes no semicolon in a value.',
  });
}

/** What an answer says; `state` is empty where it has none. */
export interface BareAnswer {
  readonly state: string;
  readonly outputs: readonly string[];
}

/**
 * Reads an answer. One text alone is the output, or the state where the operation has no output; of several,
 * the first is the state where the operation has states.
 * @returns undefined for a JSON message that holds nothing of what the operation answers: it is about
 *   something else
 * @throws PeerError `bad-response`
 */
export function decodeBareAnswer(operation: Operation, payload: Uint8Array): BareAnswer | undefined {
  const text = textOf(payload);
  const { outputs, states } = operation;
  if (answerEncoding(operation) === 'json') {
    const values = decodeJson(outputs, jsonOf(text));
    return values === undefined ? undefined : { state: '', outputs: values };
  }
  if (outputs.length === 0) return { state: text, outputs: [] };
  if (answerEncoding(operation) === 'raw') return { state: '', outputs: [text] };
  const [first = '', ...rest] = text.split(';');
  return states.length > 0 ? { state: first, outputs: rest } : { state: '', outputs: [first, ...rest] };
}

function textOf(payload: Uint8Array): string {
  const text = payload.length > maxJsonBytes ? undefined : decodeUtf8(payload);
  if (text !== undefined) return text;
  throw new PeerError('bad-response', `the message is not UTF-8, or longer than ${maxJsonBytes} octets`);
}

function jsonOf(text: string): JsonValue {
  try {
    return parsePayload(text);
  } catch (error) {
    if (error instanceof PeerError) throw new PeerError('bad-response', error.message);
    throw error;
  }
}

/** Octets of a measurement that is not JSON. */
const maxTextBytes = 4096;

/**
 * Reads a message with measurements, once for all data points of its topic.
 * @returns the values of a data point in wire order; undefined when the message has none of it
 */
export function measurementReader(payload: Uint8Array): (point: DataPoint) => readonly string[] | undefined {
  const text = payload.length > maxJsonBytes ? undefined : decodeUtf8(payload);
  let json: JsonValue | undefined;
  return ({ type, encoding = 'fields', pointer = '' }) => {
    if (text === undefined) return undefined;
    if (encoding === 'json') {
      json ??= jsonOf(text);
      return decodeJson([{ name: 'value', type, mandatory: type.kind !== 'structure', pointer }], json);
    }
    if (payload.length > maxTextBytes) return undefined;
    return encoding === 'fields' && type.kind === 'structure' ? text.split(';') : [text];
  };
}
