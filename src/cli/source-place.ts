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

/** The place that an error of `JSON.parse` names by its position. */
export function placeInMessage(text: string, message: string): SourcePlace | undefined {
  if (/end of JSON input/.test(message)) return placeAt(text, text.length);
  const position = / at position (\d+)/.exec(message)?.[1];
  return position === undefined ? undefined : placeAt(text, Number(position));
}

function placeAt(text: string, index: number): SourcePlace | undefined {
  if (index < 0) return undefined;
  const before = text.slice(0, index).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
