import { namedTerms } from '../queries.ts';
import type { RdfTools } from '../reading.ts';
import { PreparedQueries } from './comunica.ts';
import { toTriples } from './jsonld.ts';
import { parseTurtle, storeOf } from './n3.ts';
import { readOntologyFiles } from './ontology-files.ts';
import { createShapeCheck, examplesOf } from './shacl.ts';
import { readVocabulary } from './vocabulary.ts';

/** What the worker reads with, and what it could not use of the ontologies. */
export interface LoadedTools extends RdfTools {
  readonly problems: readonly string[];
}

/**
 * The RDF packages with the shapes and queries of a directory. Heavy (Comunica): for the worker only.
 * @param operatorDir a further folder of ontologies, mappings and contexts; it need not be there
 */
export async function createRdfTools(ontologiesDir: string, operatorDir?: string): Promise<LoadedTools> {
  const folders = [ontologiesDir, ...(operatorDir === undefined ? [] : [operatorDir])];
  const vocabulary = await readVocabulary(folders);
  const { shapes, queries } = await readOntologyFiles(ontologiesDir);
  const shapeStore = parseTurtle(shapes);
  const check = createShapeCheck(shapeStore);
  const examples = examplesOf(shapeStore);
  const prepared = new PreparedQueries(Object.values(queries));
  const texts = [shapes, ...Object.values(queries)];
  return {
    ...vocabulary,
    toTriples: (document, remark) => toTriples(document, vocabulary.contexts, remark),
    load(triples) {
      const store = storeOf(triples);
      const predicates = new Set(triples.map(({ predicate }) => predicate.value));
      return {
        validate: () => check(store, predicates),
        solve: () => prepared.solve(triples, () => store, predicates),
      };
    },
    lookups: prepared.lookups,
    exampleOf: (path) => examples.get(path) ?? '',
    knownTerms: new Set(texts.flatMap((text) => [...namedTerms(text)])),
  };
}
