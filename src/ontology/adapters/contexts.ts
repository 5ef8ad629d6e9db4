import { UsageError } from '../../base/errors.ts';
import type { JsonContext } from '../json-context.ts';
import { type OntologyFile, readEach, readVocabularyFiles, type VocabularyFiles } from './ontology-files.ts';

/** A context and the URLs it stands for, which are listed in it as `servedFor`. @throws SyntaxError, UsageError */
function contextOf({ text }: OntologyFile): readonly (readonly [url: string, context: JsonContext])[] {
  const { servedFor, '@context': context }: Readonly<Record<string, unknown>> = Object(JSON.parse(text));
  if (!isTexts(servedFor) || typeof context !== 'object' || context === null)
    throw new UsageError(
      'bad-context',
      'a context is a JSON object with "@context", and with the URLs that it stands for as the list "servedFor"',
    );
  return servedFor.map((url) => [url, { '@context': context as JsonContext['@context'] }] as const);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');
}

/** The contexts of ontology folders, by URL. @param problems gets the faults of files that are left out */
export function contextsOf(
  files: readonly VocabularyFiles[],
  problems: string[],
): ReadonlyMap<string, JsonContext> {
  return new Map(
    readEach(
      files.flatMap(({ contexts }) => contexts),
      contextOf,
      problems,
    ).flat(),
  );
}

/** The contexts of ontology folders, by URL. What cannot be used is left out, as who reads descriptions says. */
export async function readContexts(
  directories: readonly string[],
): Promise<ReadonlyMap<string, JsonContext>> {
  const problems: string[] = [];
  const files = await Promise.all(directories.map((directory) => readVocabularyFiles(directory, problems)));
  return contextsOf(files, problems);
}
