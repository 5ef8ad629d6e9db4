import { decodeUtf8 } from '../base/bytes.ts';
import { errorMessage } from '../base/errors.ts';
import { DescriptionError } from './description-error.ts';
import { unescapePercent } from './description-template.ts';
import { checkContext, idAliases, type JsonContext } from './json-context.ts';

export interface DocumentLimits {
  /** Nesting of the JSON document. */
  readonly maxDepth: number;
  /** JSON values in the document. */
  readonly maxNodes: number;
}

/** A JSON-LD document that is safe to hand to a JSON-LD processor. */
export type JsonDocument = Readonly<Record<string, unknown>> | readonly unknown[];

/**
 * Values that one property may have. A JSON-LD processor compares each with all others (0.17 MB of them
 * keep it busy for seconds), so this is far below what the size of a description allows.
 */
const maxArrayLength = 1024;
/** Node objects with one `@id`, which a JSON-LD processor merges by comparing all with all. */
const maxMentions = 64;
const keywords = new Set(['@id', '@type', '@value', '@language', '@list', '@set']);
const poison = new Set(['__proto__', 'constructor', 'prototype']);

interface Visit {
  readonly value: unknown;
  readonly where: string;
  readonly depth: number;
}

/**
 * Parses a description and refuses what could make a JSON-LD processor fetch, loop or explode: contexts
 * anywhere but once at the top, keywords that descriptions have no use for, keys that reach into
 * prototypes, and anything over the limits. The walk keeps its own stack, so depth cannot exhaust ours.
 * @param contexts those that a description may name, by URL
 * @throws DescriptionError `description-malformed`, `description-too-big`
 */
export function parseDocument(
  bytes: Uint8Array,
  limits: DocumentLimits,
  contexts: ReadonlyMap<string, JsonContext> = new Map(),
): JsonDocument {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw malformed('', 'bytes that are not UTF-8', 'UTF-8', 'A description is UTF-8.');
  // A byte order mark, which editors write, is no part of JSON, and may be passed over (RFC 8259 §8.1).
  const root = parseJson(unescapePercent(text.replace(/^\uFEFF/, '')));
  if (typeof root !== 'object' || root === null)
    throw malformed('', JSON.stringify(root), 'an object', 'A description is a JSON object or array.');
  walk(root, limits, contexts);
  return root as JsonDocument;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed('', errorMessage(error), 'JSON', 'A description is JSON.');
  }
}

function walk(root: object, limits: DocumentLimits, contexts: ReadonlyMap<string, JsonContext>): void {
  const context = Array.isArray(root) ? undefined : (root as Record<string, unknown>)['@context'];
  if (context !== undefined) checkContext(context, contexts);
  const census = new Census(idAliases(context, contexts));
  const stack: Visit[] = [{ value: root, where: '', depth: 1 }];
  for (let visit = stack.pop(), nodes = 1; visit !== undefined; visit = stack.pop(), nodes += 1) {
    if (nodes > limits.maxNodes) throw tooBig(`more than ${limits.maxNodes} JSON values`);
    if (visit.depth > limits.maxDepth) throw tooBig(`nesting deeper than ${limits.maxDepth}`);
    if (Array.isArray(visit.value)) pushItems(visit, visit.value, stack);
    else if (typeof visit.value === 'object' && visit.value !== null) {
      census.count(visit.value);
      pushMembers(visit, visit.value, stack);
    }
  }
}

function pushItems({ where, depth }: Visit, items: readonly unknown[], stack: Visit[]): void {
  if (items.length > maxArrayLength && where !== '' && where !== '/@graph')
    throw tooBig(`${items.length} values in the array at ${where}, at most ${maxArrayLength} are allowed`);
  items.forEach((value, i) => {
    stack.push({ value, where: `${where}/${i}`, depth: depth + 1 });
  });
}

function pushMembers({ where, depth }: Visit, members: object, stack: Visit[]): void {
  for (const [key, value] of Object.entries(members)) {
    const at = `${where}/${key.slice(0, 60)}`;
    if (poison.has(key)) throw malformed(at, key, 'another name', `The name ${key} is not allowed.`);
    if (where === '' && key === '@context') continue;
    if (key === '@context')
      throw malformed(at, 'a @context inside the document', 'one @context at the top', contextRule);
    if (key.startsWith('@') && !keywords.has(key) && !(where === '' && key === '@graph'))
      throw malformed(at, key, [...keywords].join(', '), `Descriptions do not use ${key} here.`);
    if (where === '' && '@graph' in members && key !== '@graph')
      throw malformed(at, key, '@context and @graph alone', 'Beside @graph stands nothing but @context.');
    stack.push({ value, where: at, depth: depth + 1 });
  }
}

const contextRule = 'Contexts inside the document are not allowed; put all terms into the one at the top.';

/** Counts the node objects of each `@id`. */
class Census {
  readonly #aliases: readonly string[];
  readonly #mentions = new Map<string, number>();

  constructor(aliases: readonly string[]) {
    this.#aliases = aliases;
  }

  count(members: object): void {
    const record = members as Record<string, unknown>;
    for (const alias of this.#aliases) {
      const id = Object.hasOwn(record, alias) ? record[alias] : undefined;
      if (typeof id !== 'string' || Object.keys(record).length === 1) continue;
      const count = (this.#mentions.get(id) ?? 0) + 1;
      if (count > maxMentions)
        throw tooBig(`more than ${maxMentions} objects with the @id ${id.slice(0, 80)}`);
      this.#mentions.set(id, count);
    }
  }
}

const documentExample = '{ "@context": { … }, "@graph": [ { "@id": "myno:myDevice", … }, … ] }';

function malformed(node: string, found: string, expected: string, message: string): DescriptionError {
  return new DescriptionError('description-malformed', 'the description cannot be read', [
    {
      node: node === '' ? 'the document' : node,
      path: '',
      found,
      expected,
      message,
      example: documentExample,
    },
  ]);
}

function tooBig(what: string): DescriptionError {
  return new DescriptionError('description-too-big', `the description holds ${what}`);
}
