import type { Axioms } from './axioms.ts';
import { infer } from './inference.ts';
import { applyMappings, type Mapping, type MappingSource } from './mapping.ts';
import { takeResults } from './mapping-results.ts';
import { type Renaming, renamed } from './namespaces.ts';
import type { Triple } from './rdf.ts';
import type { Report } from './report.ts';

/** What is known of other vocabularies: `ontologies/` and the operator's own folder. */
export interface VocabularyTools {
  readonly renamings: readonly Renaming[];
  readonly axioms: Axioms;
  readonly mappings: readonly Mapping[];
  /** IRIs that mappings name. */
  readonly mappingTerms: ReadonlySet<string>;
  openSource(triples: readonly Triple[]): MappingSource;
  /** IRIs that queries and shapes name. */
  readonly knownTerms: ReadonlySet<string>;
}

export interface Understood {
  readonly triples: readonly Triple[];
  /** IRIs that somebody reads: queries and shapes, or what led to what they read. */
  readonly knownTerms: ReadonlySet<string>;
  /** Those that mappings name: where a description has them, a mapping has read or written them. */
  readonly mappedTerms: ReadonlySet<string>;
}

/**
 * Says a description in the vocabulary of shapes and queries: namespaces by their newest name, what follows
 * from axioms, and what mappings make of other vocabularies. What a mapping could not map goes to the report.
 * @throws DescriptionError `description-too-big`
 */
export async function toOurVocabulary(
  triples: readonly Triple[],
  tools: VocabularyTools,
  report: Report,
): Promise<Understood> {
  const { mappings, mappingTerms, knownTerms, axioms } = tools;
  const asked = (iri: string): boolean => knownTerms.has(iri) || mappingTerms.has(iri);
  const inferred = infer(renamed(triples, tools.renamings), axioms, asked);
  const mapped = await applyMappings(inferred.triples, mappings, (graph) => tools.openSource(graph));
  const graph = takeResults(mapped.triples, report);
  const mappedTerms = new Set(mapped.applied.flatMap(({ terms }) => [...terms]));
  return {
    triples: graph,
    knownTerms: new Set([...knownTerms, ...inferred.understood, ...mappedTerms]),
    mappedTerms,
  };
}
