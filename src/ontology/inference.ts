import { type Axioms, isAxiomProperty } from './axioms.ts';
import { DescriptionError } from './description-error.ts';
import { compareTexts, type NamedNode, rdfNamespace, type Term, type Triple, termKey } from './rdf.ts';

const type = `${rdfNamespace}type`;

/** More than any description holds; a hierarchy of classes multiplies what it says. */
const maxTriples = 100_000;

/** Axioms that follow from others (a property above `rdfs:subClassOf`) make another round. */
const maxRounds = 8;

export interface Inferred {
  readonly triples: readonly Triple[];
  /** Properties and classes that are understood by what stands above them, or is the same. */
  readonly understood: ReadonlySet<string>;
}

/**
 * Adds what follows from axioms, so that an ontology which specialises ours is understood: types of the
 * classes above, properties above, and one name for what is the same. Forward chaining, as far as it ends in
 * a term that somebody asks for; what nobody asks for would only cost.
 * @param ontologies axioms that hold for every description
 * @param asked whether shapes, queries or mappings name a term
 * @throws DescriptionError `description-too-big`
 */
export function infer(
  triples: readonly Triple[],
  ontologies: Axioms,
  asked: (iri: string) => boolean,
): Inferred {
  const understood = new Set<string>();
  let graph = triples;
  for (let round = 0; round < maxRounds; round += 1) {
    const axioms = ontologies.with(graph.filter(({ predicate }) => isAxiomProperty(predicate.value)));
    const merged = oneName(graph, axioms, asked);
    const more = consequences(merged, axioms, asked, understood);
    graph = more.length === 0 ? merged : [...merged, ...more];
    if (!more.some(({ predicate }) => isAxiomProperty(predicate.value))) break;
  }
  return { triples: graph, understood };
}

/** What follows in any number of steps and is not there yet. */
function consequences(
  triples: readonly Triple[],
  axioms: Axioms,
  asked: (iri: string) => boolean,
  understood: Set<string>,
): readonly Triple[] {
  const more: Triple[] = [];
  let keys: Set<string> | undefined;
  const add = (triple: Triple): boolean => {
    keys ??= new Set(triples.map(keyOf));
    const key = keyOf(triple);
    if (keys.has(key)) return false;
    if (keys.size >= maxTriples) throw tooMuch();
    keys.add(key);
    more.push(triple);
    return true;
  };
  const waiting = [...triples];
  for (let triple = waiting.pop(); triple !== undefined; triple = waiting.pop())
    for (const next of stepsFrom(triple, axioms)) {
      if (!isWanted(next, asked)) continue;
      understood.add(next.predicate === triple.predicate ? triple.object.value : triple.predicate.value);
      if (add(next)) waiting.push(next);
    }
  return more;
}

function* stepsFrom({ subject, predicate, object }: Triple, axioms: Axioms): Iterable<Triple> {
  for (const upper of axioms.propertiesAbove(predicate.value))
    yield { subject, predicate: named(upper), object };
  if (predicate.value === type && object.termType === 'NamedNode')
    for (const upper of axioms.classesAbove(object.value)) yield { subject, predicate, object: named(upper) };
}

function isWanted({ predicate, object }: Triple, asked: (iri: string) => boolean): boolean {
  return predicate.value === type
    ? asked(object.value)
    : asked(predicate.value) || isAxiomProperty(predicate.value);
}

/**
 * What is the same has one name: one that somebody asks for, else the first. Individuals are not doubled by
 * it, as two names of an operation would make two RPCs.
 */
function oneName(
  triples: readonly Triple[],
  { sameGroups }: Axioms,
  asked: (iri: string) => boolean,
): readonly Triple[] {
  const names = new Map<string, NamedNode>();
  for (const group of sameGroups) {
    const ordered = [...group].sort(compareTexts);
    const chosen = named(ordered.find(asked) ?? ordered[0] ?? '');
    for (const member of group) names.set(member, chosen);
  }
  if (names.size === 0) return triples;
  const rename = <T extends Term>(term: T): T | NamedNode =>
    term.termType === 'NamedNode' ? (names.get(term.value) ?? term) : term;
  return triples.map((triple) => ({
    subject: rename(triple.subject),
    predicate: rename(triple.predicate) as NamedNode,
    object: isAxiomProperty(triple.predicate.value) ? triple.object : rename(triple.object),
  }));
}

function named(value: string): NamedNode {
  return { termType: 'NamedNode', value };
}

function keyOf({ subject, predicate, object }: Triple): string {
  return `${termKey(subject)} ${predicate.value} ${termKey(object)}`;
}

function tooMuch(): DescriptionError {
  return new DescriptionError(
    'description-too-big',
    `with what follows from its classes and properties, the description holds more than ${maxTriples} triples`,
  );
}
