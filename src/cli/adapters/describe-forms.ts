import { utf8 } from '../../base/bytes.ts';
import { readContexts } from '../../ontology/adapters/contexts.ts';
import { jsonLdForms } from '../../ontology/adapters/jsonld.ts';
import type { JsonDocument } from '../../ontology/json-document.ts';
import { usedPrefixes } from '../../ontology/prefixes.ts';
import type { ReadDescription } from './describe-reader.ts';

/** A description in the forms in which a device may send it, `%s` for the UUID. */
export interface DescriptionForms {
  readonly written: Uint8Array;
  readonly expanded: Uint8Array;
  /** With the shortest prefixes; as it is written, without white space, where that is shorter. */
  readonly compacted: Uint8Array;
}

/**
 * The forms of a description that was read. Percent signs stay escaped as they are: to JSON-LD they are text.
 * @param folders where contexts that it names are found
 */
export async function descriptionForms(
  { text }: ReadDescription,
  folders: readonly string[],
): Promise<DescriptionForms> {
  const document = JSON.parse(text) as JsonDocument;
  const context = '@context' in document ? document['@context'] : undefined;
  const { expanded, compacted } = await jsonLdForms(document, await readContexts(folders), (terms) =>
    usedPrefixes(terms, context),
  );
  return {
    written: utf8(text),
    expanded: utf8(JSON.stringify(expanded)),
    compacted: utf8(shorter(JSON.stringify(compacted), JSON.stringify(document))),
  };
}

function shorter(a: string, b: string): string {
  return b.length < a.length ? b : a;
}
