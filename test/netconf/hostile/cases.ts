import { baseNamespace } from '../../../src/netconf/namespaces.ts';

/**
 * What a session answers: `ok`, an error-tag, `waits` for more, or nothing (`''`). `, ended` follows where
 * the session ends.
 */
export type Outcome = string;

/** One thing that a client may send. */
export interface HostileCase {
  readonly name: string;
  /** Where the session is when it comes: before the hellos are exchanged, or in one of the framings. */
  readonly stage: 'hello' | 'end-of-message' | 'chunked';
  readonly octets: Uint8Array;
  readonly outcome: Outcome;
}

/** Octets of one message that the server of the corpus takes. */
export const maxMessageBytes = 200_000;

export const ended = ', ended';

export function octets(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
}

/** Octets written as Latin-1, for what is no UTF-8. */
export const raw = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export function joined(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(parts.map(octets));
}

export const rpc = (operation: string, attributes = 'message-id="1"'): string =>
  `<rpc xmlns="${baseNamespace}" ${attributes}>${operation}</rpc>`;

/**
 * One message in both framings; what is not well-formed ends a base:1.0 session without a word.
 * @param outcome10 the outcome over base:1.0
 */
export function inBothFramings(
  name: string,
  message: string | Uint8Array,
  outcome: Outcome,
  outcome10 = outcome === 'malformed-message' ? ended : outcome,
): HostileCase[] {
  const content = octets(message);
  const framed = joined(`\n#${content.length}\n`, content, '\n##\n');
  return [
    { name, stage: 'chunked', octets: framed, outcome },
    { name, stage: 'end-of-message', octets: joined(content, ']]>]]>'), outcome: outcome10 },
  ];
}
