import { DescriptionError } from './description-error.ts';

/** What a description's `@context` may say: terms and prefixes, and nothing that fetches or nests. */

const contextKeywords = new Set(['@vocab', '@base', '@version', '@language']);
const definitionKeywords = new Set(['@id', '@type', '@container', '@language', '@protected', '@prefix']);
const containers = new Set(['@list', '@set']);
const aliasable = new Set(['@id', '@type']);
const maxTerms = 256;

/** A document with a context of its own, which stands in `ontologies/contexts` for one of the web. */
export interface JsonContext {
  readonly '@context': Readonly<Record<string, unknown>>;
}

const noContexts: ReadonlyMap<string, JsonContext> = new Map();
const maxContexts = 8;

/**
 * Refuses remote, imported and nested contexts (JSON-LD 1.1 §3.1, §4.1): nothing is ever fetched. A URL stands
 * for a context that is at hand; such URLs and one's own terms may be listed.
 * @param known contexts that are at hand, by URL
 * @throws DescriptionError `description-malformed`
 */
export function checkContext(context: unknown, known = noContexts): void {
  if (!Array.isArray(context)) checkOne(context, known);
  else if (context.length > maxContexts)
    throw fault('', `${context.length} contexts`, `A @context lists at most ${maxContexts}.`);
  else for (const one of context) checkOne(one, known);
}

function checkOne(context: unknown, known: ReadonlyMap<string, JsonContext>): void {
  if (typeof context === 'string') {
    if (known.has(context)) return;
    throw fault(
      '',
      JSON.stringify(context),
      'Contexts are never fetched; write its terms into the description.',
      [...known.keys()].map((url) => `"${url}"`),
    );
  }
  if (typeof context !== 'object' || context === null || Array.isArray(context))
    throw fault('', Array.isArray(context) ? 'an array' : String(context), 'The @context is one object.');
  const entries = Object.entries(context);
  if (entries.length > maxTerms)
    throw fault('', `${entries.length} terms`, `A @context has at most ${maxTerms} terms.`);
  for (const [term, value] of entries) checkTerm(term, value);
}

/** The keys that mean `@id` in a document with this context: a term may be another name of another term. */
export function idAliases(context: unknown, known = noContexts): readonly string[] {
  const contexts: readonly unknown[] = Array.isArray(context) ? context : [context];
  const terms = contexts.flatMap((one) =>
    Object.entries((typeof one === 'string' ? known.get(one)?.['@context'] : one) ?? {}),
  );
  const aliases = new Set(['@id']);
  for (let before = 0; before < aliases.size; ) {
    before = aliases.size;
    for (const [term, value] of terms) if (aliases.has(meant(value))) aliases.add(term);
  }
  return [...aliases];
}

/** What a term is defined as; empty for what is no text. */
function meant(value: unknown): string {
  const target = typeof value === 'object' && value !== null && '@id' in value ? value['@id'] : value;
  return typeof target === 'string' ? target : '';
}

function checkTerm(term: string, value: unknown): void {
  if (term.startsWith('@') && !contextKeywords.has(term))
    throw fault(term, term, `The @context of a description may not use ${term.slice(0, 40)}.`);
  if (['__proto__', 'constructor', 'prototype'].includes(term))
    throw fault(term, term, `A term may not be called ${term}.`);
  if (typeof value === 'string') checkAlias(term, value);
  else if (typeof value === 'object' && value !== null) checkDefinition(term, value);
}

function checkAlias(term: string, value: string): void {
  if (value.startsWith('@') && !aliasable.has(value))
    throw fault(term, value, 'Of the keywords only @id and @type may get other names.');
}

function checkDefinition(term: string, definition: object): void {
  for (const [key, value] of Object.entries(definition)) {
    if (!definitionKeywords.has(key))
      throw fault(term, key, `The definition of a term may not use ${key.slice(0, 40)}.`);
    if (key === '@id' && typeof value === 'string') checkAlias(term, value);
    if (key === '@type' && (value === '@json' || value === '@none'))
      throw fault(term, String(value), 'The @type of a term is @id, @vocab or a data type.');
    if (key === '@container' && ![value].flat().every((one) => containers.has(String(one))))
      throw fault(term, JSON.stringify(value), 'The @container of a term is @list or @set.');
  }
}

function fault(
  term: string,
  found: string,
  message: string,
  known: readonly string[] = [],
): DescriptionError {
  return new DescriptionError('description-malformed', 'the @context of the description is not allowed', [
    {
      node: term === '' ? '/@context' : `/@context/${term}`,
      path: '',
      found,
      expected: ['an object of terms and prefixes', ...known].join(' or '),
      message,
      example: '"@context": { "myno": "https://www.cs.uni-potsdam.de/bs/research/myno#" }',
    },
  ]);
}
