import { namedTerms } from '../queries.ts';
import type { RdfTools } from '../reading.ts';
import { PreparedQueries } from './comunica.ts';
import { toTriples } from './jsonld.ts';
import { parseTurtle, storeOf } from './n3.ts';
import { readOntologyFiles } from './ontology-files.ts';
import { createShapeCheck, examplesOf } from './shacl.ts';

/** The RDF packages with the shapes and queries of a directory. Heavy (Comunica): for the worker only. */
export async function createRdfTools(ontologiesDir: string): Promise<RdfTools> {
  const { shapes, queries } = await readOntologyFiles(ontologiesDir);
  const shapeStore = parseTurtle(shapes);
  const check = createShapeCheck(shapeStore);
  const examples = examplesOf(shapeStore);
  const prepared = new PreparedQueries(Object.values(queries));
  const texts = [shapes, ...Object.values(queries)];
  return {
    toTriples,
    load(triples) {
      const store = storeOf(triples);
      const predicates = new Set(triples.map(({ predicate }) => predicate.value));
      return { validate: () => check(store), solve: () => prepared.solve(store, predicates) };
    },
    exampleOf: (path) => examples.get(path) ?? '',
    knownTerms: new Set(texts.flatMap((text) => [...namedTerms(text)])),
  };
}
