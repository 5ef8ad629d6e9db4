import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFile } from '../../base/adapters/package-files.ts';
import { errorCode } from '../../base/errors.ts';
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

/** An operator's folder has what it has: what is not there is empty. */
export async function readVocabularyFiles(directory: string): Promise<VocabularyFiles> {
  const own = await filesOf(directory, '.ttl');
  return {
    ontologies: [
      ...own.filter(({ name }) => !name.endsWith(shapesFile)),
      ...(await filesOf(join(directory, 'mappings'), '.ttl')),
    ],
    mappings: await filesOf(join(directory, 'mappings'), '.rq'),
    contexts: await filesOf(join(directory, 'contexts'), '.jsonld'),
  };
}

async function filesOf(directory: string, ending: string): Promise<OntologyFile[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const wanted = names.filter((name) => name.endsWith(ending) && !name.startsWith('.')).sort();
  return Promise.all(
    wanted.map(async (name) => ({
      name: join(directory, name),
      text: await readFile(join(directory, name), 'utf8'),
    })),
  );
}
