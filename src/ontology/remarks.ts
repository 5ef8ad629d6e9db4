import { rdfNamespace, show, type Triple, termKey } from './rdf.ts';
import type { Report } from './report.ts';

const schemaNamespaces = [
  rdfNamespace,
  'http://www.w3.org/2000/01/rdf-schema#',
  'http://www.w3.org/2002/07/owl#',
];
const owlNamespace = 'http://www.w3.org/2002/07/owl#';
const type = `${rdfNamespace}type`;
const hasCommand = 'http://www.onem2m.org/ontology/Base_Ontology/base_ontology#hasCommand';
const device = 'http://www.onem2m.org/ontology/Base_Ontology/base_ontology#Device';

/** Tells an author what a description says in vain: properties nobody reads, individuals nobody names. */
export function remarkUnused(
  triples: readonly Triple[],
  knownTerms: ReadonlySet<string>,
  report: Report,
): void {
  for (const { predicate, subject } of triples)
    if (!knownTerms.has(predicate.value) && !schemaNamespaces.some((one) => predicate.value.startsWith(one)))
      report.remark(`${show(subject)} ${show(predicate)}: this property is not read.`);
  const used = new Set(triples.map(({ object }) => termKey(object)));
  // A functionality is found by its command.
  for (const { subject, predicate } of triples)
    if (predicate.value === hasCommand) used.add(termKey(subject));
  for (const { subject, predicate, object } of triples) {
    if (predicate.value !== type || subject.termType === 'BlankNode' || used.has(subject.value)) continue;
    if (object.value === device || isDeclaration(object.value)) continue;
    report.remark(`${show(subject)}: nothing refers to this individual.`);
  }
}

/** Classes and properties that a description declares once more, and the ontology it names. */
function isDeclaration(iri: string): boolean {
  return iri.startsWith(owlNamespace) || iri.startsWith('http://www.w3.org/2000/01/rdf-schema#');
}
