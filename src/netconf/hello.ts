import { PeerError } from '../base/errors.ts';
import { childElement, childElements, element, textOf, type XmlElement } from '../xml/element.ts';
import type { Framing } from './framing.ts';
import { baseNamespace } from './namespaces.ts';

/** `:base:1.0` (RFC 4741). */
export const base10 = 'urn:ietf:params:netconf:base:1.0';
/** `:base:1.1` (RFC 6241). */
export const base11 = 'urn:ietf:params:netconf:base:1.1';

const maxSessionId = 4_294_967_295;

/** A `<hello>` of either side (RFC 6241 §8.1). */
export interface Hello {
  readonly capabilities: readonly string[];
  /** Set in a server's hello only. */
  readonly sessionId?: number;
}

/** The element of a hello; without white space around a URI, for clients compare them exactly. */
export function buildHello({ capabilities, sessionId }: Hello): XmlElement {
  return element(baseNamespace, 'hello', [
    element(
      baseNamespace,
      'capabilities',
      capabilities.map((uri) => element(baseNamespace, 'capability', uri)),
    ),
    sessionId === undefined ? undefined : element(baseNamespace, 'session-id', String(sessionId)),
  ]);
}

/**
 * Reads a hello of either side.
 * @throws PeerError `bad-hello`
 */
export function parseHello(root: XmlElement): Hello {
  if (root.name !== 'hello' || root.namespace !== baseNamespace)
    throw badHello(`the first message is <${root.name}> of ${JSON.stringify(root.namespace)}`);
  const list = childElement(root, baseNamespace, 'capabilities');
  if (list === undefined) throw badHello('it has no capabilities');
  const capabilities = childElements(list)
    .filter(({ name, namespace }) => name === 'capability' && namespace === baseNamespace)
    .map((capability) => textOf(capability).trim());
  const sessionId = childElement(root, baseNamespace, 'session-id');
  return sessionId === undefined ? { capabilities } : { capabilities, sessionId: parseSessionId(sessionId) };
}

/**
 * How messages are framed after both hellos (RFC 6241 §8.1, RFC 6242 §4.1): chunked when both sides
 * announce base:1.1.
 * @throws PeerError `bad-hello` when they have no base version in common
 */
export function negotiateFraming(ours: readonly string[], theirs: readonly string[]): Framing {
  if (ours.includes(base11) && theirs.includes(base11)) return 'chunked';
  if (ours.includes(base10) && theirs.includes(base10)) return 'end-of-message';
  throw badHello('the two sides have no base version in common');
}

/** RFC 6241 §8.1: session-id is an integer of 1 or more, of 32 bits. */
function parseSessionId(holder: XmlElement): number {
  const text = textOf(holder).trim();
  const id = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  if (id < 1 || id > maxSessionId) throw badHello('its session-id is not a number of 1 or more');
  return id;
}

function badHello(reason: string): PeerError {
  return new PeerError('bad-hello', `the hello is refused: ${reason}`, {
    hint: 'A session begins with a <hello> that announces a base version (RFC 6241 section 8.1).',
  });
}
