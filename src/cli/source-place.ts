import { errorCode, errorMessage } from '../base/errors.ts';
import { readJson } from '../base/json-reader.ts';
import { authorsPrefixes } from '../ontology/prefixes.ts';
import { localName } from '../ontology/rdf.ts';

/** Where something stands in a text, both from 1. */
export interface SourcePlace {
  readonly line: number;
  readonly column: number;
}

/**
 * Where an individual is described in the text of a JSON-LD document: where its `@id` is followed by more,
 * else where it is mentioned first.
 * @param node as findings name it: `myno:opHeat`, or an IRI
 */
export function placeOfNode(text: string, node: string): SourcePlace | undefined {
  const name = localName(node).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  if (name === '' || /[\s"]/.test(node) || node.startsWith('/')) return undefined;
  const id = `"@?id"\\s*:\\s*"(?:[^"\\\\]*[#:/])?${name}"`;
  const at = text.search(new RegExp(`${id}\\s*,`));
  return placeAt(text, at >= 0 ? at : text.search(new RegExp(id)));
}

/** An IRI as the author of a JSON-LD document writes it, with a prefix of the document's own. */
export function authorsName(iri: string, text: string): string {
  if (!iri.includes('//')) return iri;
  try {
    const document: unknown = JSON.parse(text);
    const context = typeof document === 'object' && document !== null && '@context' in document;
    const prefixes = context ? authorsPrefixes(document['@context']) : [];
    const known = prefixes.find(([, namespace]) => iri.startsWith(namespace));
    return known === undefined ? iri : `${known[0]}:${iri.slice(known[1].length)}`;
  } catch {
    return iri;
  }
}

/** Why a text is no JSON, and where. */
export interface JsonFault extends SourcePlace {
  readonly what: string;
}

/** Deeper than any description may be. */
const maxJsonDepth = 256;

/** What is wrong with a text as JSON; `undefined` where nothing is. `JSON.parse` does not say where. */
export function jsonFault(text: string): JsonFault | undefined {
  try {
    readJson(text, maxJsonDepth);
    return undefined;
  } catch (error) {
    if (errorCode(error) !== 'bad-json') throw error;
    const [, what = '', character = '1'] = /: (.*) at character (\d+)$/.exec(errorMessage(error)) ?? [];
    const place = placeAt(text, Number(character) - 1);
    return place === undefined ? undefined : { what, ...place };
  }
}

function placeAt(text: string, index: number): SourcePlace | undefined {
  if (index < 0) return undefined;
  const before = text.slice(0, index).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
