import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageFile } from '../../base/adapters/package-files.ts';
import { errorCode, errorMessage } from '../../base/errors.ts';
import { type QueryName, querySubjects } from '../queries.ts';

/** `ontologies/` of this package. */
export const defaultOntologiesDir = packageFile('ontologies');

/** A file of an ontology folder. */
export interface OntologyFile {
  /** Path, for messages. */
  readonly name: string;
  readonly text: string;
}

/** What a folder knows of other vocabularies: axioms, mappings, contexts. */
export interface VocabularyFiles {
  /** Turtle: `*.ttl` of the folder itself and of `mappings/`, shapes left out. */
  readonly ontologies: readonly OntologyFile[];
  /** SPARQL CONSTRUCT: `mappings/*.rq`, in the order of their names. */
  readonly mappings: readonly OntologyFile[];
  /** JSON-LD contexts: `contexts/*.jsonld`. */
  readonly contexts: readonly OntologyFile[];
}

/** Shapes and queries, as text. */
export interface OntologyFiles {
  readonly shapes: string;
  readonly queries: Readonly<Record<QueryName, string>>;
}

const shapesFile = 'shapes.ttl';

export async function readOntologyFiles(directory: string): Promise<OntologyFiles> {
  const queries = {} as Record<QueryName, string>;
  for (const name of Object.keys(querySubjects) as QueryName[])
    queries[name] = await readFile(join(directory, 'queries', `${name}.rq`), 'utf8');
  return { shapes: await readFile(join(directory, shapesFile), 'utf8'), queries };
}

/**
 * An operator's folder has what it has: what is not there is empty.
 * @param problems gets what cannot be read; the rest works without it
 */
export async function readVocabularyFiles(directory: string, problems: string[]): Promise<VocabularyFiles> {
  const own = await filesOf(directory, '.ttl', problems);
  const mappings = join(directory, 'mappings');
  return {
    ontologies: [
      ...own.filter(({ name }) => basename(name) !== shapesFile),
      ...(await filesOf(mappings, '.ttl', problems)),
    ],
    mappings: await filesOf(mappings, '.rq', problems),
    contexts: await filesOf(join(directory, 'contexts'), '.jsonld', problems),
  };
}

/**
 * What files hold. One with a fault is left out, and the rest works without it.
 * @param problems gets the faults, for the operator
 */
export function readEach<T>(
  files: readonly OntologyFile[],
  read: (file: OntologyFile) => T,
  problems: string[],
): readonly T[] {
  return files.flatMap((file) => {
    try {
      return [read(file)];
    } catch (error) {
      problems.push(`${file.name}: ${errorMessage(error)}`);
      return [];
    }
  });
}

async function filesOf(directory: string, ending: string, problems: string[]): Promise<OntologyFile[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') problems.push(`${directory}: ${errorMessage(error)}`);
    return [];
  });
  const wanted = names.filter((name) => name.endsWith(ending) && !name.startsWith('.')).sort();
  const files = wanted.map(async (file) => {
    const name = join(directory, file);
    try {
      return [{ name, text: await readFile(name, 'utf8') }];
    } catch (error) {
      problems.push(`${name}: ${errorMessage(error)}`);
      return [];
    }
  });
  return (await Promise.all(files)).flat();
}
