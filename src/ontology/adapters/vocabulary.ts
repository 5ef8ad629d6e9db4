import { Axioms } from '../axioms.ts';
import type { JsonContext } from '../json-context.ts';
import { type Mapping, type MappingSource, parseMapping } from '../mapping.ts';
import { renamings } from '../namespaces.ts';
import type { VocabularyTools } from '../our-vocabulary.ts';
import type { Triple } from '../rdf.ts';
import { TripleIndex } from '../sparql/triple-index.ts';
import { PreparedConstruct } from './comunica.ts';
import { contextsOf } from './contexts.ts';
import { addTriples, storeOf, type TripleStore, turtleTriples } from './n3.ts';
import { readEach, readVocabularyFiles } from './ontology-files.ts';

export interface Vocabulary extends Omit<VocabularyTools, 'knownTerms'> {
  readonly contexts: ReadonlyMap<string, JsonContext>;
  /** Files that cannot be used, for the operator. */
  readonly problems: readonly string[];
}

/** What folders know of other vocabularies. A file with a fault is left out, and the rest works without it. */
export async function readVocabulary(directories: readonly string[]): Promise<Vocabulary> {
  const problems: string[] = [];
  const files = await Promise.all(directories.map((directory) => readVocabularyFiles(directory, problems)));
  const ontologies = readEach(
    files.flatMap((one) => one.ontologies),
    ({ text }) => turtleTriples(text),
    problems,
  ).flat();
  const mappings = readEach(
    files.flatMap((one) => one.mappings),
    ({ name, text }) => ({ mapping: parseMapping(name, text), query: new PreparedConstruct(text) }),
    problems,
  );
  const queries = new Map(mappings.map(({ mapping, query }) => [mapping, query]));
  return {
    renamings: renamings(ontologies),
    axioms: new Axioms(ontologies),
    mappings: [...queries.keys()],
    mappingTerms: new Set([...queries.keys()].flatMap(({ terms }) => [...terms])),
    openSource: (triples) => openSource(triples, queries),
    contexts: contextsOf(files, problems),
    problems,
  };
}

function openSource(
  triples: readonly Triple[],
  queries: ReadonlyMap<Mapping, PreparedConstruct>,
): MappingSource {
  const graph = new TripleIndex(triples);
  let store: TripleStore | undefined;
  const loaded = (): TripleStore => {
    store ??= storeOf(graph.candidates());
    return store;
  };
  let runs = 0;
  return {
    async construct(mapping) {
      runs += 1;
      return (await queries.get(mapping)?.triples(graph, loaded, `mapped${runs}-`)) ?? [];
    },
    add(more) {
      graph.add(more);
      if (store !== undefined) addTriples(store, more);
    },
  };
}
