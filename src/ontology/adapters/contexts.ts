import type { JsonContext } from '../json-context.ts';
import { type OntologyFile, readVocabularyFiles } from './ontology-files.ts';

/** A context and the URLs it stands for, which are listed in it as `servedFor`. */
export function contextOf({ text }: OntologyFile): readonly (readonly [url: string, context: JsonContext])[] {
  const document = JSON.parse(text) as JsonContext & { readonly servedFor?: readonly string[] };
  const context: JsonContext = { '@context': document['@context'] };
  return (document.servedFor ?? []).map((url) => [url, context] as const);
}

/** The contexts of ontology folders, by URL. @throws SyntaxError where one is no JSON */
export async function readContexts(
  directories: readonly string[],
): Promise<ReadonlyMap<string, JsonContext>> {
  const files = await Promise.all(directories.map((directory) => readVocabularyFiles(directory)));
  return new Map(files.flatMap(({ contexts }) => contexts.flatMap(contextOf)));
}
