import { type Lookup, type Lookups, type QueryName, querySubjects } from './queries.ts';
import { compareTexts, rdfNamespace, show, type Term, type Triple, termKey } from './rdf.ts';
import type { Facts } from './reading.ts';
import type { Report } from './report.ts';

const owl = 'http://www.w3.org/2002/07/owl#';
const rdfs = 'http://www.w3.org/2000/01/rdf-schema#';
const type = `${rdfNamespace}type`;
const namedIndividual = `${owl}NamedIndividual`;
const hasCommand = 'http://www.onem2m.org/ontology/Base_Ontology/base_ontology#hasCommand';

/** What relates terms and ontologies to each other, and says nothing of the device itself. */
const axioms: ReadonlySet<string> = new Set([
  ...['subClassOf', 'subPropertyOf'].map((name) => rdfs + name),
  ...['equivalentClass', 'equivalentProperty', 'sameAs', 'imports'].map((name) => owl + name),
]);

/** What a description says, and what of it anybody can read. */
export interface Said {
  readonly triples: readonly Triple[];
  /** IRIs that queries and shapes name. */
  readonly knownTerms: ReadonlySet<string>;
  readonly lookups: Lookups;
}

/**
 * Tells an author what a description says in vain: individuals that the device does not lead to, properties
 * and classes that nobody knows, and known properties where nobody asks for them (the unit of a service).
 * Known is what queries, shapes and mappings name; asked for is what the assembly took from the facts.
 */
export function remarkUnused({ triples, knownTerms, lookups }: Said, facts: Facts, report: Report): void {
  const nodes = nodesOf(triples);
  const reached = reachable(facts.device.subjects('uuid').map(termKey), nodes);
  remarkUnreached(nodes, reached, report);
  const askers = askersOf(lookups, facts);
  for (const triple of triples) {
    const { subject, predicate, object } = triple;
    const id = termKey(subject);
    if (!reached.has(id) || nodes.get(id)?.isDeclaration === true || axioms.has(predicate.value)) continue;
    if (predicate.value === type) remarkClass(subject, object, knownTerms, report);
    else if (!knownTerms.has(predicate.value))
      report.remark(`${show(subject)} ${show(predicate)}: this property is not read.`);
    else if (askers.get(predicate.value)?.every((wasAsked) => !wasAsked(triple)) === true)
      report.remark(`${show(subject)} ${show(predicate)}: this property means nothing here.`);
  }
}

interface Node {
  readonly term: Term;
  readonly leadsTo: string[];
  /** A class, a property or an ontology, or axioms about one. */
  isDeclaration: boolean;
}

function nodesOf(triples: readonly Triple[]): ReadonlyMap<string, Node> {
  const nodes = new Map<string, Node>();
  const nodeOf = (term: Term): Node => {
    const id = termKey(term);
    const node = nodes.get(id) ?? { term, leadsTo: [], isDeclaration: true };
    nodes.set(id, node);
    return node;
  };
  const classes = new Set<Node>();
  for (const { subject, predicate, object } of triples) {
    const node = nodeOf(subject);
    if (predicate.value === type) {
      if (object.value === namedIndividual || !isSchema(object.value)) node.isDeclaration = false;
      else classes.add(node);
      continue;
    }
    if (!isSchema(predicate.value)) node.isDeclaration = false;
    if (object.termType !== 'Literal') node.leadsTo.push(termKey(object));
    // A functionality is found by its command.
    if (predicate.value === hasCommand) nodeOf(object).leadsTo.push(termKey(subject));
  }
  for (const node of classes) node.isDeclaration = true;
  return nodes;
}

function isSchema(iri: string): boolean {
  return iri.startsWith(owl) || iri.startsWith(rdfs);
}

function reachable(from: readonly string[], nodes: ReadonlyMap<string, Node>): Set<string> {
  const reached = new Set(from);
  const waiting = [...from];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop())
    for (const next of nodes.get(at)?.leadsTo ?? [])
      if (!reached.has(next)) {
        reached.add(next);
        waiting.push(next);
      }
  return reached;
}

/** Of individuals that lead to each other and that the device does not lead to, the first is named. */
function remarkUnreached(
  nodes: ReadonlyMap<string, Node>,
  reached: ReadonlySet<string>,
  report: Report,
): void {
  const lost = [...nodes]
    .filter(([id, { isDeclaration }]) => !isDeclaration && !reached.has(id))
    .sort(([a], [b]) => compareTexts(a, b));
  const ledTo = new Set(lost.flatMap(([id, { leadsTo }]) => leadsTo.filter((next) => next !== id)));
  const named = new Set<string>();
  for (const [id, { term }] of [...lost.filter(([id]) => !ledTo.has(id)), ...lost]) {
    if (named.has(id) || term.termType !== 'NamedNode') continue;
    report.remark(`${show(term)}: nothing refers to this individual.`);
    for (const other of reachable([id], nodes)) named.add(other);
  }
}

function remarkClass(
  subject: Term,
  { value, termType }: Term,
  knownTerms: ReadonlySet<string>,
  report: Report,
): void {
  if (termType !== 'NamedNode' || isSchema(value) || knownTerms.has(value)) return;
  report.remark(
    `${show(subject)} rdf:type ${show({ termType, value })}: this class says nothing to the bridge.`,
  );
}

type Asker = (triple: Triple) => boolean;

/** By predicate, who may have asked for its values; what only shapes and mappings know has no askers. */
function askersOf(lookups: Lookups, facts: Facts): ReadonlyMap<string, readonly Asker[]> {
  const asker = ({ subject, object }: Lookup): Asker => {
    for (const [name, variable] of Object.entries(querySubjects)) {
      const answers = facts[name as QueryName];
      if (variable === subject) return (triple) => answers.wasAsked(triple.subject, object);
      if (variable === object) return (triple) => answers.wasAsked(triple.object, subject);
    }
    return () => true;
  };
  return new Map([...lookups].map(([predicate, found]) => [predicate, found.map(asker)]));
}
