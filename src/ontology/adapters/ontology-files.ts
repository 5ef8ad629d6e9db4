import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type QueryName, querySubjects } from '../queries.ts';

/** `ontologies/` of this package; the same place seen from `dist` and from `src`. */
export const defaultOntologiesDir = fileURLToPath(new URL('../../../ontologies', import.meta.url));

/** Shapes and queries, as text. */
export interface OntologyFiles {
  readonly shapes: string;
  readonly queries: Readonly<Record<QueryName, string>>;
}

export async function readOntologyFiles(directory: string): Promise<OntologyFiles> {
  const queries = {} as Record<QueryName, string>;
  for (const name of Object.keys(querySubjects) as QueryName[])
    queries[name] = await readFile(join(directory, 'queries', `${name}.rq`), 'utf8');
  return { shapes: await readFile(join(directory, 'shapes.ttl'), 'utf8'), queries };
}
